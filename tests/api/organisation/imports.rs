//! `/v1/imports`

use sea_orm::DbBackend;
use serde_json::{Value, json};
use thidua::organisation::imports::{self, Step};

use crate::harness::{Answer, Person, TestApp, Unit};

pub const HEADERS: &str = "Họ và tên,Số điện thoại,Đơn vị,Ngày vào\n";

impl TestApp {
    /// What came of a file, once it has been worked on.
    pub async fn import(&self, caller: &Person, kind: &str, dry_run: bool, file: impl AsRef<[u8]>) -> Value {
        let location = self.begin_import(caller, kind, dry_run, file).await;
        self.run_imports().await;
        self.get(location).caller(caller).await.expect(200)
    }

    pub async fn begin_import(&self, caller: &Person, kind: &str, dry_run: bool, file: impl AsRef<[u8]>) -> String {
        let answer = self.send_import(caller, kind, dry_run, file).await;
        let import = answer.expect(202);
        assert_eq!(import["status"], "queued");
        let location = answer.header("location").unwrap().to_owned();
        assert_eq!(location, format!("/v1/imports/{}", import["id"].as_str().unwrap()));
        location
    }

    pub async fn send_import(&self, caller: &Person, kind: &str, dry_run: bool, file: impl AsRef<[u8]>) -> Answer {
        let dry_run = if dry_run { "true" } else { "false" };
        self.post("/v1/imports")
            .caller(caller)
            .multipart(&[("kind", kind), ("dry_run", dry_run)], "danh-sach.csv", file.as_ref())
            .await
    }

    pub async fn member_names(&self, unit: &Unit) -> Vec<String> {
        let list = self.get(format!("/v1/units/{}/members?limit=100", unit.id)).caller(&self.admin).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|one| one["display_name"].as_str().unwrap().to_owned()).collect()
    }
}

/// `[created, changed, unchanged, left out]`.
pub fn counts(import: &Value) -> [i64; 4] {
    ["created", "changed", "unchanged", "conflict_count"].map(|field| import[field].as_i64().unwrap())
}

/// `(row, column, code)` of each conflict.
pub fn reasons(import: &Value) -> Vec<(i64, String, String)> {
    let conflicts = import["conflicts"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    conflicts.map(|one| (one["row"].as_i64().unwrap(), text(&one["column"]), text(&one["code"]))).collect()
}

pub fn reason(row: i64, column: &str, code: &str) -> (i64, String, String) {
    (row, column.to_owned(), code.to_owned())
}

/// A file of that many members, every tenth of them faulty.
pub fn many(count: usize) -> String {
    let rows = (0..count).map(|place| {
        let unit = if place % 10 == 9 { "Chi bộ Không Có" } else { "Chi bộ Một" };
        format!("Người Thứ {place},09{place:08},{unit},01/07/2025\n")
    });
    HEADERS.to_owned() + &rows.collect::<String>()
}

#[actix_web::test]
async fn members_come_in_from_a_file() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let file = format!("{HEADERS}Nguyễn Văn Mẫu,0912 345 678,Chi bộ Một,01/07/2025\nTrần Thị Mẫu,,Chi bộ Một,\n");

    let import = app.import(&app.admin, "members", false, &file).await;

    assert_eq!(import["status"], "done", "{import}");
    assert_eq!(counts(&import), [2, 0, 0, 0]);
    assert_eq!((&import["rows_done"], &import["rows_total"]), (&json!(2), &json!(2)));
    assert_eq!(app.member_names(&unit).await, ["Nguyễn Văn Mẫu", "Trần Thị Mẫu"]);
    let found = app.get(format!("/v1/units/{}", unit.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["member_count"], 2);
}

#[actix_web::test]
async fn a_dry_run_says_what_the_run_does_and_writes_nothing() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    app.unit("Chi bộ Hai").await;
    let before = format!("{HEADERS}Lê Mẫu,0912345001,Chi bộ Một,\nVõ Mẫu,0912345002,Chi bộ Một,\n");
    app.import(&app.admin, "members", false, before).await;
    let file = format!(
        "{HEADERS}Lê Mẫu,0912345001,Chi bộ Một,\nVõ Đổi Tên,0912345002,Chi bộ Hai,\n\
         Mới Mẫu,0912345003,Chi bộ Một,\nHỏng Mẫu,123,Chi bộ Một,\n"
    );

    let rehearsal = app.import(&app.admin, "members", true, &file).await;
    assert_eq!(app.member_names(&unit).await.len(), 2);
    let run = app.import(&app.admin, "members", false, &file).await;

    assert_eq!(counts(&rehearsal), [1, 1, 1, 1]);
    assert_eq!(counts(&run), counts(&rehearsal));
    assert_eq!(run["conflicts"], rehearsal["conflicts"]);
    assert_eq!(app.member_names(&unit).await, ["Lê Mẫu", "Mới Mẫu"]);
}

#[actix_web::test]
async fn the_same_file_again_changes_nothing() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let file = format!("{HEADERS}Nguyễn Mẫu,0912345678,Chi bộ Một,01/07/2025\nKhông Số,,Chi bộ Một,02/07/2025\n");
    app.import(&app.admin, "members", false, &file).await;

    let again = app.import(&app.admin, "members", false, &file).await;

    assert_eq!(counts(&again), [0, 0, 2, 0], "{again}");
}

#[actix_web::test]
async fn every_bad_row_is_named_by_number_and_reason() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let twin = app.unit("Đảng bộ Hai").await;
    for parent in [app.unit("Đảng bộ Ba").await, twin] {
        app.unit_under(&parent, "Chi bộ 1").await;
    }
    let file = "Họ và tên,SĐT,Email,Đơn vị,Ngày vào\n\
        ,0912345001,,Chi bộ Một,\n\
        A Mẫu,12,,Chi bộ Một,\n\
        \n\
        B Mẫu,0912345002,không phải,Chi bộ Một,\n\
        C Mẫu,0912345003,,Chi bộ Không Có,\n\
        D Mẫu,0912345004,,Chi bộ Một,31/02/2025\n\
        E Mẫu,0912345005,,Chi bộ Một,01/01/2099\n\
        F Mẫu,0912345006,,,\n\
        G Mẫu,0912345007,,Chi bộ 1,\n\
        H Mẫu,0912345008,,Chi bộ Một,\n\
        I Mẫu,+84 912 345 008,,Chi bộ Một,\n\
        ,xx,,Chi bộ Một,hôm qua\n";

    let import = app.import(&app.admin, "members", true, file).await;

    assert_eq!(counts(&import), [1, 0, 0, 10], "{import}");
    assert_eq!(
        reasons(&import),
        [
            reason(2, "Họ và tên", "missing"),
            reason(3, "SĐT", "wrong_format"),
            reason(5, "Email", "wrong_format"),
            reason(6, "Đơn vị", "no_such_thing"),
            reason(7, "Ngày vào", "wrong_format"),
            reason(8, "Ngày vào", "in_future"),
            reason(9, "Đơn vị", "missing"),
            reason(10, "Đơn vị", "ambiguous"),
            reason(12, "SĐT", "same_as_row"),
            reason(13, "Họ và tên", "missing"),
            reason(13, "SĐT", "wrong_format"),
            reason(13, "Ngày vào", "wrong_format"),
        ]
    );
    assert!(import["conflicts"][8]["detail"].as_str().unwrap().contains("11"), "{import}");
}

#[actix_web::test]
async fn reasons_are_worded_in_the_language_of_the_reader() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let import = app.import(&app.admin, "members", true, format!("{HEADERS}A,1,Chi bộ Một,\n")).await;
    let url = format!("/v1/imports/{}", import["id"].as_str().unwrap());

    let english = app.get(&url).caller(&app.admin).header("Accept-Language", "en").await.expect(200);

    assert!(english["conflicts"][0]["detail"].as_str().unwrap().starts_with("It is in the wrong format"));
    assert!(import["conflicts"][0]["detail"].as_str().unwrap().starts_with("Sai định dạng"));
    let listed = app.get(format!("{url}/conflicts?limit=1")).caller(&app.admin).await.expect(200);
    assert_eq!(listed["items"], import["conflicts"]);
}

#[actix_web::test]
async fn units_come_in_with_what_stands_above_them_in_any_order() {
    let app = TestApp::start().await;
    let file = "Mã đơn vị,Tên đơn vị,Loại đơn vị,Đơn vị cấp trên\n\
        C1,Chi bộ 1,,B1\n\
        B1,Đảng bộ xã Mẫu,Đảng bộ,Đảng bộ tỉnh Mẫu\n\
        ,Đảng bộ tỉnh Mẫu,Đảng bộ,\n\
        C2,Chi bộ 1,Câu lạc bộ,B1\n\
        C3,Chi bộ 3,,C4\n\
        C4,Chi bộ 4,,C3\n\
        C5,Chi bộ 5,,C2\n";

    let rehearsal = app.import(&app.admin, "units", true, file).await;
    let run = app.import(&app.admin, "units", false, file).await;

    assert_eq!(counts(&run), [3, 0, 0, 4], "{run}");
    assert_eq!(counts(&rehearsal), counts(&run));
    assert_eq!(rehearsal["conflicts"], run["conflicts"]);
    assert_eq!(
        reasons(&run),
        [
            reason(5, "Loại đơn vị", "not_one_of"),
            reason(6, "Đơn vị cấp trên", "cycle"),
            reason(7, "Đơn vị cấp trên", "cycle"),
            reason(8, "Đơn vị cấp trên", "no_such_thing"),
        ]
    );
    let units = app.get("/v1/units?q=chi%20bo%201").caller(&app.admin).await.expect(200);
    assert_eq!(units["items"].as_array().unwrap().len(), 1);
    let cell = &units["items"][0];
    assert_eq!((&cell["code"], &cell["kind"]), (&json!("C1"), &json!("party_cell")));
    let path: Vec<_> = cell["path"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(path, ["Đảng bộ tỉnh Mẫu", "Đảng bộ xã Mẫu"]);
    let again = app.import(&app.admin, "units", false, file).await;
    assert_eq!(counts(&again), [0, 0, 3, 4]);
}

#[actix_web::test]
async fn a_unit_is_renamed_and_coded_but_never_moved() {
    let app = TestApp::start().await;
    let (one, _two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let cell = app.unit_under(&one, "Chi bộ Cũ").await;

    let coded = "Mã đơn vị,Tên đơn vị,Đơn vị cấp trên\nCB-7,Chi bộ Cũ,Đảng bộ Một\n";
    assert_eq!(counts(&app.import(&app.admin, "units", false, coded).await), [0, 1, 0, 0]);
    let renamed = "Mã đơn vị,Tên đơn vị,Tên viết tắt\nCB-7,Chi bộ Mới,CB Mới\n";
    assert_eq!(counts(&app.import(&app.admin, "units", false, renamed).await), [0, 1, 0, 0]);
    let moved = "Mã đơn vị,Tên đơn vị,Đơn vị cấp trên\nCB-7,Chi bộ Mới,Đảng bộ Hai\n";
    let refused = app.import(&app.admin, "units", false, moved).await;

    assert_eq!(reasons(&refused), [reason(2, "Đơn vị cấp trên", "would_move")]);
    let url = format!("/v1/units/{}", cell.id);
    let now = app.get(&url).caller(&app.admin).await.expect(200);
    assert_eq!(
        (&now["name"], &now["short_name"], &now["code"]),
        (&json!("Chi bộ Mới"), &json!("CB Mới"), &json!("CB-7"))
    );
    let before = app.get(format!("{url}?as_of=2025-12-31")).caller(&app.admin).await.expect(200);
    assert_eq!(before["name"], "Chi bộ Cũ");
}

#[actix_web::test]
async fn a_code_or_a_phone_number_says_who_it_is_and_names_and_units_may_change() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    let headers = "Mã đảng viên,Họ và tên,SĐT,Email,Đơn vị,Ngày vào\n";
    let first = format!(
        "{headers}DV1,Nguyễn Mẫu,0912345001,a@example.vn,Chi bộ Một,01/01/2025\n\
         DV2,Trần Mẫu,0912345002,,Chi bộ Một,01/01/2025\n"
    );
    assert_eq!(counts(&app.import(&app.admin, "members", false, first).await), [2, 0, 0, 0]);
    let found = app.get("/v1/members?q=nguyen").caller(&app.admin).await.expect(200);
    let url = format!("/v1/members/{}", found["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.get(url).caller(&app.admin).await.expect(200)["private"]["code"], "DV1");

    // The first has another number and name, and went to the other unit; the second's number turns up under another code.
    let second = format!(
        "{headers}DV1,Nguyễn Đổi Mẫu,0912345009,,Chi bộ Hai,01/02/2026\n\
         DV3,Trần Mẫu,0912345002,,Chi bộ Một,\n\
         DV4,Khác Mẫu,0912345004,A@example.vn,Chi bộ Một,\n\
         ,Nguyễn Đổi Mẫu,0912345009,,Chi bộ Hai,\n"
    );
    let import = app.import(&app.admin, "members", false, second).await;

    assert_eq!(counts(&import), [1, 1, 0, 2], "{import}");
    assert_eq!(reasons(&import), [reason(3, "Mã đảng viên", "other_identity"), reason(5, "SĐT", "same_as_row")]);
    // An e-mail address says nothing of who it is: a family may share one.
    let mut names = app.member_names(&one).await;
    names.sort();
    assert_eq!(names, ["Khác Mẫu", "Trần Mẫu"]);
    assert_eq!(app.member_names(&two).await, ["Nguyễn Đổi Mẫu"]);
}

#[actix_web::test]
async fn whoever_was_erased_between_plan_and_work_stays_erased() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let first = "Mã đảng viên,Họ và tên,SĐT,Đơn vị\nDV1,Nguyễn Mẫu,0912345001,Chi bộ Một\n";
    app.import(&app.admin, "members", false, first).await;
    let list = app.get(format!("/v1/units/{}/members", unit.id)).caller(&app.admin).await.expect(200);
    let member = app.sign_in(list["items"][0]["id"].as_str().unwrap()).await;
    let second = "Mã đảng viên,Họ và tên,SĐT,Đơn vị\nDV1,Nguyễn Đổi Mẫu,0912345002,Chi bộ Một\n";
    let location = app.begin_import(&app.admin, "members", false, second).await;
    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Read(1));
    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Planned(1));
    app.delete("/v1/me").caller(&member).await.expect(204);

    app.run_imports().await;

    let import = app.get(location).caller(&app.admin).await.expect(200);
    assert_eq!(counts(&import), [0, 0, 0, 1], "{import}");
    assert_eq!(reasons(&import), [reason(2, "", "changed_meanwhile"), reason(2, "Họ và tên", "no_such_thing")]);
    assert_eq!(app.count("SELECT id FROM member WHERE display_name = 'Nguyễn Đổi Mẫu'"), 0);
    assert_eq!(app.count("SELECT member_id FROM member_private WHERE phone_hash IS NOT NULL"), 0);
}

#[actix_web::test]
async fn the_same_key_brings_a_file_in_once() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let send = async |file: String| {
        let form = [("kind", "members"), ("dry_run", "false")];
        app.post("/v1/imports")
            .caller(&app.admin)
            .header("Idempotency-Key", "friday")
            .multipart(&form, "a.csv", file.as_bytes())
            .await
    };

    let first = send(many(10)).await;
    let again = send(many(10)).await;
    let other = send(many(11)).await;

    assert_eq!(first.expect(202)["id"], again.expect(202)["id"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    other.is_problem(422, "idempotency_key_reused");
    app.run_imports().await;
    assert_eq!(app.count("SELECT id FROM import"), 1);
}

#[actix_web::test]
async fn an_imported_member_is_found_by_their_phone_number_at_sign_in() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    app.import(&app.admin, "members", false, format!("{HEADERS}A Mẫu,912345678,Chi bộ Một,\n")).await;

    let found =
        thidua::organisation::members::find_by_phone(app.app.db.reads(), &app.app.vault, "84912345678").await.unwrap();

    assert!(found.is_some());
}

impl TestApp {
    async fn merge(&self, unit: &Unit, into: &Unit, on: &str) {
        let body = json!({"into_unit_id": into.id, "on": on});
        self.post(format!("/v1/units/{}/merge", unit.id)).caller(&self.admin).json(body).await.expect(200);
    }
}

#[actix_web::test]
async fn a_home_that_is_planned_is_not_the_present_one_and_stays_planned() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    app.unit("Chi bộ Ba").await;
    let member = app.member_named(&one, "Nguyễn Mẫu").await;
    let planned = json!({"unit_id": two.id, "kind": "home", "valid_from": "2026-04-01"});
    let url = format!("/v1/members/{}/memberships", member.id);
    app.post(&url).caller(&app.admin).json(planned).await.expect(201);
    let before = app.get(&url).caller(&app.admin).await.expect(200);
    let row =
        |unit: &str, since: &str| format!("ID,Họ và tên,Đơn vị,Ngày vào\n{},Nguyễn Mẫu,{unit},{since}\n", member.id);

    let same = app.import(&app.admin, "members", false, row("Chi bộ Một", "01/01/2020")).await;
    assert_eq!(counts(&same), [0, 0, 1, 0], "{same}");
    for (unit, since) in [("Chi bộ Hai", ""), ("Chi bộ Ba", ""), ("Chi bộ Ba", "01/02/2026")] {
        let other = app.import(&app.admin, "members", false, row(unit, since)).await;
        assert_eq!(reasons(&other), [reason(2, "Đơn vị", "change_planned")], "{other}");
    }

    assert_eq!(app.get(&url).caller(&app.admin).await.expect(200), before);
}

#[actix_web::test]
async fn nobody_is_brought_into_a_unit_that_is_going_to_end() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    app.merge(&one, &two, "2026-04-01").await;

    let members = app.import(&app.admin, "members", false, format!("{HEADERS}A Mẫu,,Chi bộ Một,\n")).await;
    let units = app.import(&app.admin, "units", false, "Tên đơn vị,Đơn vị cấp trên\nTổ 1,Chi bộ Một\n").await;

    assert_eq!(reasons(&members), [reason(2, "Đơn vị", "ends_too_soon")]);
    assert_eq!(reasons(&units), [reason(2, "Đơn vị cấp trên", "ends_too_soon")]);
}

#[actix_web::test]
async fn the_code_of_a_unit_that_is_not_there_today_is_taken() {
    let app = TestApp::start().await;
    let (gone, into) = (app.unit("Chi bộ Cũ").await, app.unit("Chi bộ Một").await);
    app.import(&app.admin, "units", false, "Mã đơn vị,Tên đơn vị\nC-1,Chi bộ Cũ\n").await;
    app.merge(&gone, &into, "2026-03-10").await;
    let later = json!({"name": "Chi bộ Mai", "kind": "party_cell", "code": "C-2", "valid_from": "2027-01-01"});
    app.post("/v1/units").caller(&app.admin).json(later).await.expect(201);

    let file = "Mã đơn vị,Tên đơn vị\nC-1,Chi bộ Cũ\nC-2,Chi bộ Một\nC-3,Chi bộ Mới\n";
    let import = app.import(&app.admin, "units", false, file).await;

    assert_eq!(import["status"], "done", "{import}");
    assert_eq!(counts(&import), [1, 0, 0, 2]);
    assert_eq!(reasons(&import), [reason(2, "Mã đơn vị", "taken"), reason(3, "Mã đơn vị", "taken")]);
}

#[actix_web::test]
async fn a_unit_that_has_gone_between_plan_and_work_is_not_made_anew() {
    let app = TestApp::start().await;
    let (cell, into) = (app.unit("Chi bộ Cũ").await, app.unit("Chi bộ Một").await);
    let file = "Mã đơn vị,Tên đơn vị,Mã đơn vị cấp trên\nC-1,Chi bộ Cũ,\nC-2,Tổ Mới,C-1\n";
    let location = app.begin_import(&app.admin, "units", false, file).await;
    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Read(2));
    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Planned(2));
    app.merge(&cell, &into, "2026-03-10").await;

    app.run_imports().await;

    let import = app.get(location).caller(&app.admin).await.expect(200);
    assert_eq!((&import["status"], counts(&import)), (&json!("done"), [0, 0, 0, 2]), "{import}");
    assert_eq!(
        reasons(&import),
        [
            reason(2, "", "changed_meanwhile"),
            reason(2, "Tên đơn vị", "no_such_thing"),
            reason(3, "", "changed_meanwhile"),
            reason(3, "Mã đơn vị cấp trên", "row_left_out"),
        ]
    );
    assert_eq!(app.count("SELECT id FROM unit"), 2);
}

#[actix_web::test]
async fn rows_below_a_unit_that_was_left_out_in_an_earlier_batch_are_left_out_too() {
    let app = TestApp::start().await;
    let (top, into) = (app.unit("Đảng bộ Cũ").await, app.unit("Đảng bộ Một").await);
    let cells = (0..1_000).map(|place| format!(",Chi bộ {place},C-1\n")).collect::<String>();
    let file = format!("Mã đơn vị,Tên đơn vị,Mã đơn vị cấp trên\nC-1,Đảng bộ Cũ,\n{cells}");
    let location = app.begin_import(&app.admin, "units", false, file).await;
    for step in [Step::Read(1_001), Step::Planned(1_000), Step::Planned(1)] {
        assert_eq!(imports::step(&app.app).await.unwrap(), step);
    }
    app.merge(&top, &into, "2026-03-10").await;

    app.run_imports().await;

    let import = app.get(location).caller(&app.admin).await.expect(200);
    assert_eq!((&import["status"], counts(&import)), (&json!("done"), [0, 0, 0, 1_001]));
    assert_eq!(app.count("SELECT id FROM unit"), 2);
}

#[actix_web::test]
async fn a_unit_that_was_renamed_takes_in_what_was_founded_before() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ Cũ").await;
    let name = json!({"name": "Đảng bộ Mới"});
    app.patch(format!("/v1/units/{}", top.id)).caller(&app.admin).json(name).await.expect(200);

    let file = "Tên đơn vị,Đơn vị cấp trên,Ngày thành lập\nChi bộ Một,Đảng bộ Mới,01/01/2021\n";
    let import = app.import(&app.admin, "units", false, file).await;

    assert_eq!(counts(&import), [1, 0, 0, 0], "{import}");
}

#[actix_web::test]
async fn nobody_is_transferred_to_a_unit_before_it_was_there() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let late = json!({"name": "Chi bộ Hai", "kind": "party_cell", "valid_from": "2026-03-01"});
    app.post("/v1/units").caller(&app.admin).json(late).await.expect(201);
    let row = |unit: &str, since: &str| format!("{HEADERS}A Mẫu,0912345678,{unit},{since}\n");
    app.import(&app.admin, "members", false, row("Chi bộ Một", "01/01/2021")).await;

    let early = app.import(&app.admin, "members", false, row("Chi bộ Hai", "01/02/2026")).await;
    let right = app.import(&app.admin, "members", false, row("Chi bộ Hai", "01/03/2026")).await;

    assert_eq!(reasons(&early), [reason(2, "Ngày vào", "overlaps_earlier")]);
    assert_eq!(counts(&right), [0, 1, 0, 0], "{right}");
}

#[actix_web::test]
async fn the_day_of_the_unit_before_transfers_nobody() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    let row = |unit: &str, since: &str| format!("{HEADERS}A Mẫu,0912345678,{unit},{since}\n");
    app.import(&app.admin, "members", false, row("Chi bộ Một", "01/01/2021")).await;

    for since in ["01/01/2021", "31/12/2020"] {
        let import = app.import(&app.admin, "members", false, row("Chi bộ Hai", since)).await;
        assert_eq!(reasons(&import), [reason(2, "Ngày vào", "before_present_unit")], "{since}");
    }
    assert_eq!(app.member_names(&one).await, ["A Mẫu"]);
    let today = app.import(&app.admin, "members", false, row("Chi bộ Hai", "")).await;

    assert_eq!(counts(&today), [0, 1, 0, 0], "{today}");
    assert_eq!(app.member_names(&two).await, ["A Mẫu"]);
}

#[actix_web::test]
async fn whoever_came_without_a_number_is_given_it_later() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    app.unit("Chi bộ Hai").await;
    app.import(&app.admin, "members", false, format!("{HEADERS}Lê Mẫu,,Chi bộ Một,\nVõ Mẫu,,Chi bộ Một,\n")).await;
    let file = "Mã thành viên,Họ và tên,SĐT,Đơn vị\n\
        ,LÊ MẪU,0912345001,Chi bộ Một\nDV2,Võ Mẫu,,Chi bộ Một\n,Lê Mẫu,0912345003,Chi bộ Hai\n";

    let rehearsal = app.import(&app.admin, "members", true, file).await;
    let run = app.import(&app.admin, "members", false, file).await;

    assert_eq!(counts(&rehearsal), [1, 2, 0, 0], "{rehearsal}");
    assert_eq!(counts(&run), counts(&rehearsal), "{run}");
    assert_eq!(app.member_names(&unit).await, ["Võ Mẫu", "LÊ MẪU"]);
    // Each has a number or a code by now; what else there is to find them by comes with it.
    let more = "Mã thành viên,Họ và tên,SĐT,Đơn vị\nDV1,LÊ MẪU,0912345001,Chi bộ Một\n,Võ Mẫu,0912345002,Chi bộ Một\n";
    assert_eq!(counts(&app.import(&app.admin, "members", false, more).await), [0, 2, 0, 0]);
    assert_eq!(counts(&app.import(&app.admin, "members", false, more).await), [0, 0, 2, 0]);
}

#[actix_web::test]
async fn namesakes_with_numbers_of_their_own_are_other_people() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let two = format!("{HEADERS}Lê Mẫu,0912345001,Chi bộ Một,\nLê Mẫu,0912345002,Chi bộ Một,\n");

    let first = app.import(&app.admin, "members", false, &two).await;
    let again = app.import(&app.admin, "members", false, &two).await;
    let third = app.import(&app.admin, "members", false, format!("{HEADERS}Lê Mẫu,0912345003,Chi bộ Một,\n")).await;

    assert_eq!((counts(&first), counts(&again)), ([2, 0, 0, 0], [0, 0, 2, 0]));
    assert_eq!(counts(&third), [1, 0, 0, 0]);
    assert_eq!(app.member_names(&unit).await, ["Lê Mẫu", "Lê Mẫu", "Lê Mẫu"]);
    let nameless = app.import(&app.admin, "members", false, format!("{HEADERS}Lê Mẫu,,Chi bộ Một,\n")).await;
    assert_eq!(reasons(&nameless), [reason(2, "Họ và tên", "ambiguous")]);
}

#[actix_web::test]
async fn one_without_a_number_whom_two_rows_may_mean_stays_without() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    app.import(&app.admin, "members", false, format!("{HEADERS}Lê Mẫu,,Chi bộ Một,\n")).await;
    let private = "SELECT member_id FROM member_private WHERE phone_hash IS NOT NULL";
    let known = app.count(private);
    // The two rows are worked on in different batches.
    let others: String = (0..1_100).map(|number| format!("Người {number},,Chi bộ Một,\n")).collect();
    let file = format!("{HEADERS}Lê Mẫu,0912345001,Chi bộ Một,\n{others}Lê Mẫu,0912345002,Chi bộ Một,\n");

    let rehearsal = app.import(&app.admin, "members", true, &file).await;
    let run = app.import(&app.admin, "members", false, &file).await;

    assert_eq!(counts(&rehearsal), [1_100, 0, 0, 2]);
    assert_eq!(counts(&run), counts(&rehearsal));
    let both = [reason(2, "Họ và tên", "ambiguous"), reason(1_103, "Họ và tên", "ambiguous")];
    assert_eq!((reasons(&rehearsal), reasons(&run)), (both.to_vec(), both.to_vec()));
    assert_eq!(app.count(private), known);
}

#[actix_web::test]
async fn one_whom_a_row_names_surely_is_not_given_the_number_of_another_row() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let headers = "Mã thành viên,Họ và tên,SĐT,Đơn vị\n";
    app.import(&app.admin, "members", false, format!("{headers}DV1,Lê Mẫu,,Chi bộ Một\n")).await;
    let file = format!("{headers},Lê Mẫu,0912345001,Chi bộ Một\nDV1,Lê Mẫu,0912345002,Chi bộ Một\n");

    let import = app.import(&app.admin, "members", false, file).await;

    assert_eq!(counts(&import), [0, 1, 0, 1], "{import}");
    assert_eq!(reasons(&import), [reason(2, "Họ và tên", "ambiguous")]);
    let found = app.get("/v1/members?q=le").caller(&app.admin).await.expect(200);
    let url = format!("/v1/members/{}", found["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.get(url).caller(&app.admin).await.expect(200)["private"]["phone"], "+84912345002");
    let later = app.import(&app.admin, "members", false, format!("{headers},Lê Mẫu,0912345001,Chi bộ Một\n")).await;
    assert_eq!(counts(&later), [1, 0, 0, 0]);
}

#[actix_web::test]
async fn days_that_are_too_early_are_named_for_what_they_are() {
    let app = TestApp::start().await;
    let late = json!({"name": "Đảng bộ Một", "kind": "party_committee", "valid_from": "2026-03-01"});
    app.post("/v1/units").caller(&app.admin).json(late).await.expect(201);
    let members = app.import(&app.admin, "members", true, format!("{HEADERS}A Mẫu,,Đảng bộ Một,31/12/1899\n")).await;
    let file = "Tên đơn vị,Đơn vị cấp trên,Ngày thành lập\n\
        Chi bộ Một,Đảng bộ Một,01/02/2026\nChi bộ Hai,Đảng bộ Một,31/12/1899\n";
    let units = app.import(&app.admin, "units", true, file).await;

    assert_eq!(reasons(&members), [reason(2, "Ngày vào", "out_of_range")]);
    let early = [reason(2, "Ngày thành lập", "before_unit_above"), reason(3, "Ngày thành lập", "out_of_range")];
    assert_eq!(reasons(&units), early);
}

/// On PostgreSQL; SQLite goes by its indexes alone, and keeps no samples of names.
#[actix_web::test]
async fn after_a_large_import_the_database_knows_what_is_in_it() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let rows: String = (0..1_000).map(|number| format!("Người {number},,Chi bộ Một,\n")).collect();
    let is_postgres = app.app.db.backend() == DbBackend::Postgres;
    let is_known = || match is_postgres {
        true => app.count("SELECT 1 FROM pg_stats WHERE tablename = 'member_name_word' AND attname = 'word'") > 0,
        false => app.count("SELECT 1 FROM sqlite_master WHERE name LIKE 'sqlite_stat%'") > 0,
    };
    assert!(!is_known());

    app.import(&app.admin, "members", false, format!("{HEADERS}{rows}")).await;

    assert_eq!(is_known(), is_postgres);
}
