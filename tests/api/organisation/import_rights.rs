//! Who brings in what by `/v1/imports`.

use serde_json::json;

use super::imports::{HEADERS, counts, reason, reasons};
use crate::harness::TestApp;

#[actix_web::test]
async fn a_manager_brings_in_their_own_units_alone() {
    let app = TestApp::start().await;
    let (own, other) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    app.unit_under(&own, "Chi bộ Trong").await;
    app.unit_under(&other, "Chi bộ Ngoài").await;
    let manager = app.manager_of(&own).await;
    app.import(&app.admin, "members", false, format!("{HEADERS}Người Ngoài,0912345009,Chi bộ Ngoài,\n")).await;

    let members = format!(
        "{HEADERS}A Mẫu,0912345001,Chi bộ Trong,\nB Mẫu,0912345002,Chi bộ Ngoài,\nNgười Ngoài,0912345009,Chi bộ Trong,\n"
    );
    let members = app.import(&manager, "members", false, members).await;
    let units = "Tên đơn vị,Đơn vị cấp trên\nChi bộ Mới,Đảng bộ Một\nChi bộ Lạ,Đảng bộ Hai\nĐảng bộ Ba,\n";
    let units = app.import(&manager, "units", false, units).await;

    assert_eq!(counts(&members), [1, 0, 0, 2], "{members}");
    assert_eq!(reasons(&members), [reason(3, "Đơn vị", "not_permitted"), reason(4, "Số điện thoại", "taken")]);
    app.run_relay().await;
    let ended = app.get("/v1/audit-log?action=end_import").caller(&app.admin).await.expect(200);
    let taken: Vec<_> = ended["items"].as_array().unwrap().iter().map(|row| &row["after"]["phones_taken"]).collect();
    assert_eq!(taken, [0, 1, 0], "how many numbers somebody was told of is written down");
    assert_eq!(
        reasons(&units),
        [reason(3, "Đơn vị cấp trên", "not_permitted"), reason(4, "Đơn vị cấp trên", "not_permitted")]
    );
}

#[actix_web::test]
async fn a_manager_gives_nobody_a_number_who_is_staff_or_has_roles_elsewhere() {
    let app = TestApp::start().await;
    let (own, other) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    let (manager, both) = (app.manager_of(&own).await, app.member_named(&own, "Người Hai Vai").await);
    let grant = json!({"member_id": both.id, "role": "editor", "unit_id": other.id});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
    let guest = app.guest().await;
    let file = format!(
        "ID,Họ và tên,SĐT,Đơn vị\n{},Quản Trị,0912345001,Chi bộ Một\n{},Người Hai Vai,0912345002,Chi bộ Một\n\
         {},Khách,0912345003,Chi bộ Một\n{},Quản Lý Mẫu,0912345004,Chi bộ Một\n",
        app.admin.id, both.id, guest.id, manager.id
    );

    let import = app.import(&manager, "members", false, &file).await;

    assert_eq!(counts(&import), [0, 1, 0, 3], "{import}");
    assert_eq!(
        reasons(&import),
        [reason(2, "ID", "not_permitted"), reason(3, "SĐT", "not_permitted"), reason(4, "ID", "not_permitted")]
    );
    let by_admin = app.import(&app.admin, "members", false, &file).await;
    assert_eq!(counts(&by_admin), [0, 3, 1, 0], "{by_admin}");
}

#[actix_web::test]
async fn nobody_else_brings_anything_in_or_sees_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let (member, editor) = (app.member_of(&unit).await, app.editor_of(&unit).await);
    let (manager, other) = (app.manager_of(&unit).await, app.manager_of(&unit).await);
    let file = format!("{HEADERS}A Mẫu,0912345001,Chi bộ Một,\n");

    for nobody in [&member, &editor] {
        app.send_import(nobody, "members", true, &file).await.is_problem(403, "forbidden");
    }
    let import = app.import(&manager, "members", true, &file).await;
    let url = format!("/v1/imports/{}", import["id"].as_str().unwrap());

    for stranger in [&member, &editor, &other] {
        app.get(&url).caller(stranger).await.is_problem(404, "not_found");
        app.get(format!("{url}/conflicts")).caller(stranger).await.is_problem(404, "not_found");
    }
    let own = app.get("/v1/imports").caller(&manager).await.expect(200);
    let others = app.get("/v1/imports").caller(&other).await.expect(200);
    assert_eq!((own["items"].as_array().unwrap().len(), others["items"].as_array().unwrap().len()), (1, 0));
}

#[actix_web::test]
async fn a_manager_who_lost_the_role_meanwhile_brings_nothing_in() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let manager = app.manager_of(&unit).await;
    let file = format!("{HEADERS}A Mẫu,0912345001,Chi bộ Một,\n");
    let location = app.begin_import(&manager, "members", false, file).await;
    let grants = app.get("/v1/role-grants").caller(&app.admin).await.expect(200);
    let grant = grants["items"].as_array().unwrap().iter().find(|one| one["role"] == "unit_manager").unwrap();
    let grant = format!("/v1/role-grants/{}", grant["id"].as_str().unwrap());
    app.delete(grant).caller(&app.admin).await.expect(204);

    app.run_imports().await;

    let import = app.get(location).caller(&app.admin).await.expect(200);
    assert_eq!((&import["status"], &import["failure"]["code"]), (&json!("failed"), &json!("not_permitted")));
}

#[actix_web::test]
async fn a_manager_does_not_change_the_past_of_members_who_are_there() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ Một").await;
    let cell = app.unit_under(&top, "Chi bộ Trong").await;
    app.unit_under(&top, "Chi bộ Ngoài").await;
    let (manager, member) = (app.manager_of(&top).await, app.member_named(&cell, "Nguyễn Mẫu").await);
    let row =
        |unit: &str, since: &str| format!("ID,Họ và tên,Đơn vị,Ngày vào\n{},Nguyễn Mẫu,{unit},{since}\n", member.id);

    for file in [row("Chi bộ Ngoài", "01/02/2026"), row("Chi bộ Trong", "01/02/2021")] {
        let import = app.import(&manager, "members", false, file).await;
        assert_eq!(reasons(&import), [reason(2, "Ngày vào", "in_past")], "{import}");
    }
    let units = "Tên đơn vị,Đơn vị cấp trên,Ngày thành lập\nChi bộ Mới,Đảng bộ Một,01/02/2026\n";
    let units = app.import(&manager, "units", false, units).await;
    assert_eq!(reasons(&units), [reason(2, "Ngày thành lập", "in_past")]);
    let new = format!("{HEADERS}Người Mới,,Chi bộ Trong,01/02/2026\n");
    assert_eq!(counts(&app.import(&manager, "members", false, new).await), [1, 0, 0, 0]);
    let today = app.import(&manager, "members", false, row("Chi bộ Ngoài", "")).await;
    assert_eq!(counts(&today), [0, 1, 0, 0], "{today}");
}
