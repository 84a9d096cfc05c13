//! `/v1/exports`

use serde_json::{Value, json};

use crate::harness::{TestApp, Unit, text};

#[actix_web::test]
async fn an_export_that_is_imported_again_changes_nothing() {
    let app = TestApp::start().await;
    let province = app.unit("Đảng bộ, \"tỉnh\" Mẫu").await;
    for name in ["Chi bộ 1", "Chi bộ 1", "=Chi bộ 2"] {
        let cell = app.unit_under(&province, name).await;
        app.member_named(&cell, "Nguyễn Thị Mẫu").await;
        app.member_named(&cell, "Nguyễn Thị Mẫu").await;
        app.member_named(&cell, "+Trần \"Văn\" Mẫu").await;
    }
    app.guest().await;
    let new = serde_json::json!({"display_name": "Có Số", "home_unit_id": province.id, "phone": "0912345678"});
    app.post("/v1/members").caller(&app.admin).json(new).await.expect(201);

    for kind in ["units", "members"] {
        let export = app.get(format!("/v1/exports/{kind}.csv")).caller(&app.admin).header("Accept", "text/csv").await;
        export.expect_ok();
        assert!(export.header("content-type").unwrap().starts_with("text/csv"));
        assert!(export.body.starts_with(b"\xEF\xBB\xBFID,"));
        let rows = export.text().lines().count() - 1;

        let sent = app
            .post("/v1/imports")
            .caller(&app.admin)
            .multipart(&[("kind", kind), ("dry_run", "false")], "again.csv", &export.body)
            .await;
        let id = sent.expect(202)["id"].as_str().unwrap().to_owned();
        app.run_imports().await;

        let import = app.get(format!("/v1/imports/{id}")).caller(&app.admin).await.expect(200);
        assert_eq!(import["unchanged"], rows, "{import}");
        assert_eq!(import["conflict_count"], 0, "{import}");
    }
}

#[actix_web::test]
async fn names_that_came_in_any_form_come_out_in_the_one_that_an_import_takes_for_the_same() {
    use unicode_normalization::UnicodeNormalization as _;
    let app = TestApp::start().await;
    let written = [
        "Chi bo\u{323}\u{302}  Một",
        "Chi\u{A0}bộ\u{A0}\u{A0}Hai ",
        "Chi bộ\r\nBa\tBốn",
        "\u{FEFF}Chi\u{200B} bộ Năm\u{202E}",
        "'+Chi bộ",
    ];
    let decomposed: String = "Đảng bộ Trường Cao đẳng".nfd().collect();
    let top = app.unit(&decomposed).await;
    for name in written {
        let unit = json!({"name": name, "short_name": name, "code": name, "kind": "party_cell", "parent_id": top.id});
        let unit = app.post("/v1/units").caller(&app.admin).json(unit).await.expect(201);
        let member = json!({"display_name": name, "home_unit_id": unit["id"]});
        let member = app.post("/v1/members").caller(&app.admin).json(member).await.expect(201);
        assert_eq!(member["display_name"], unit["name"]);
    }

    for kind in ["units", "members"] {
        let export = app.get(format!("/v1/exports/{kind}.csv")).caller(&app.admin).await;
        let rows = export.text().lines().count() - 1;
        assert!(rows > written.len());
        let sent = app.post("/v1/imports").caller(&app.admin);
        let sent = sent.multipart(&[("kind", kind), ("dry_run", "false")], "again.csv", &export.body).await.expect(202);
        app.run_imports().await;

        let import = app.get(format!("/v1/imports/{}", text(&sent["id"]))).caller(&app.admin).await.expect(200);
        assert_eq!((&import["unchanged"], &import["changed"]), (&json!(rows), &json!(0)), "{import}");
        assert_eq!((&import["created"], &import["conflict_count"]), (&json!(0), &json!(0)), "{import}");
    }
}

#[actix_web::test]
async fn a_unit_that_was_renamed_is_exported_with_the_day_it_was_founded() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Cũ").await;
    let name = json!({"name": "Đảng bộ Mới"});
    app.patch(format!("/v1/units/{}", unit.id)).caller(&app.admin).json(name).await.expect(200);

    let export = app.get("/v1/exports/units.csv").caller(&app.admin).await.text();

    let line = export.lines().find(|line| line.contains(&unit.id)).unwrap();
    assert!(line.contains("Đảng bộ Mới") && line.ends_with(",2020-01-01"), "{line}");
}

#[actix_web::test]
async fn an_export_that_is_imported_again_changes_nothing_that_is_planned() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let (cell, moved) = (app.unit_under(&one, "Chi bộ 1").await, app.unit_under(&one, "Chi bộ 2").await);
    for unit in [&one, &two, &cell, &moved] {
        app.member_of(unit).await;
    }
    let change = async |unit: &Unit, verb: &str, body: Value| {
        app.post(format!("/v1/units/{}/{verb}", unit.id)).caller(&app.admin).json(body).await.expect(200);
    };
    change(&moved, "move", json!({"parent_id": two.id, "on": "2026-04-01"})).await;
    change(&cell, "merge", json!({"into_unit_id": two.id, "on": "2026-05-01"})).await;
    let homes = "SELECT id FROM membership WHERE valid_from = '2026-05-01' OR valid_to = '2026-05-01'";
    assert_eq!(app.count(homes), 2);

    for kind in ["units", "members"] {
        let export = app.get(format!("/v1/exports/{kind}.csv")).caller(&app.admin).await;
        let sent = app
            .post("/v1/imports")
            .caller(&app.admin)
            .multipart(&[("kind", kind), ("dry_run", "false")], "again.csv", &export.body)
            .await;
        let id = sent.expect(202)["id"].as_str().unwrap().to_owned();
        app.run_imports().await;

        let import = app.get(format!("/v1/imports/{id}")).caller(&app.admin).await.expect(200);
        assert_eq!(
            (&import["created"], &import["changed"], &import["conflict_count"]),
            (&json!(0), &json!(0), &json!(0)),
            "{import}"
        );
    }
    assert_eq!(app.count(homes), 2);
}

#[actix_web::test]
async fn only_an_admin_takes_personal_data_out_and_that_is_written_down() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Một").await;
    let manager = app.manager_of(&unit).await;

    app.get("/v1/exports/members.csv").caller(&manager).await.is_problem(403, "forbidden");
    app.get("/v1/exports/cats.csv").caller(&app.admin).await.is_problem(404, "not_found");
    app.get("/v1/exports/members.csv").caller(&app.admin).await.expect_ok();

    assert_eq!(app.count("SELECT id FROM audit_row WHERE action = 'export_members'"), 1);
}

#[actix_web::test]
async fn a_cell_that_looks_like_a_formula_comes_out_as_text() {
    let app = TestApp::start().await;
    app.unit("=HYPERLINK(\"http://example.vn\")").await;

    let export = app.get("/v1/exports/units.csv").caller(&app.admin).await;

    assert!(export.text().contains(",\"'=HYPERLINK(\"\"http://example.vn\"\")\","), "{}", export.text());
}
