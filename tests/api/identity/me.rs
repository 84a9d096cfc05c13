//! `/v1/me`

use std::io::{Cursor, Read as _};

use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::harness::{Answer, Person, TestApp};

fn picture(colour: u8, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(300, 200, image::Rgb([colour, 90, 40]));
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn put_up(app: &TestApp, member: &Person, bytes: Vec<u8>) -> Answer {
    app.put("/v1/me/avatar").caller(member).bytes("image/jpeg", bytes).await
}

fn files_in(app: &TestApp) -> usize {
    std::fs::read_dir(app.files.path().join("media/avatars")).map_or(0, Iterator::count)
}

/// The files of an export, by name.
pub fn unpack(zip: &[u8]) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip.to_vec())).unwrap();
    let count = archive.len();
    let read = |place| {
        let mut file = archive.by_index(place).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

#[actix_web::test]
async fn one_sees_and_changes_ones_own_profile_and_loses_no_race() {
    let app = TestApp::start().await;
    let member = app.member_named(&app.unit("Chi bộ 1").await, "Nguyễn Văn Cũ").await;
    let answer = app.get("/v1/me").caller(&member).await;
    assert_eq!(answer.json()["private"], json!({"phone": null, "email": null, "code": null}));
    let tag = answer.header("etag").unwrap().to_owned();
    let patch = || {
        let body = json!({"display_name": "Nguyễn Văn Mới", "email": "moi@example.vn"});
        app.patch("/v1/me").caller(&member).header("If-Match", &tag).json(body)
    };

    let changed = patch().await.expect(200);

    assert_eq!(
        (&changed["display_name"], &changed["private"]["email"]),
        (&json!("Nguyễn Văn Mới"), &json!("moi@example.vn"))
    );
    patch().await.is_problem(412, "precondition_failed");
    let cleared = app.patch("/v1/me").caller(&member).json(json!({"email": null})).await.expect(200);
    assert_eq!((&cleared["private"]["email"], &cleared["display_name"]), (&json!(null), &json!("Nguyễn Văn Mới")));
    // A phone number of one's own making could link somebody else's sign-in.
    app.patch("/v1/me")
        .caller(&member)
        .json(json!({"phone": "0912345678", "email": "x"}))
        .await
        .has_faults(&[("/phone", "unknown_field"), ("/email", "too_short")]);
}

#[actix_web::test]
async fn a_picture_is_served_in_two_sizes_until_it_is_replaced_or_taken_down() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;

    let first = put_up(&app, &member, picture(200, ImageFormat::Png)).await.expect(200);

    let url = first["avatar_url"].as_str().unwrap().to_owned();
    let small = url.replace("/384", "/96");
    for (url, side) in [(&url, 384), (&small, 96)] {
        let answer = app.get(url).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
        assert!(answer.header("cache-control").unwrap().contains("immutable"));
        let shown = image::load_from_memory(&answer.body).unwrap();
        assert_eq!((shown.width(), shown.height()), (side, side));
        let tag = answer.header("etag").unwrap().to_owned();
        assert_eq!(app.get(url).header("If-None-Match", &tag).await.status, 304);
    }
    app.get(url.replace("/384", "/500")).await.is_problem(404, "not_found");

    put_up(&app, &member, picture(10, ImageFormat::WebP)).await.expect(200);
    app.get(&url).await.is_problem(404, "not_found");
    assert_eq!(files_in(&app), 2);

    app.delete("/v1/me/avatar").caller(&member).await.expect(204);
    assert_eq!(files_in(&app), 0);
    assert_eq!(app.get("/v1/me").caller(&member).await.expect(200)["avatar_url"], json!(null));
}

#[actix_web::test]
async fn a_picture_that_two_have_stays_while_one_has_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (app.member_of(&unit).await, app.member_of(&unit).await);
    let shown = put_up(&app, &one, picture(77, ImageFormat::Jpeg)).await.expect(200);
    put_up(&app, &two, picture(77, ImageFormat::Jpeg)).await.expect(200);

    app.delete("/v1/me/avatar").caller(&one).await.expect(204);
    assert_eq!(app.get(shown["avatar_url"].as_str().unwrap()).await.status, 200);
    app.delete("/v1/me").caller(&two).await.expect(204);

    assert_eq!(app.get(shown["avatar_url"].as_str().unwrap()).await.status, 404);
}

#[actix_web::test]
async fn what_is_no_picture_or_too_large_a_one_is_refused() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;

    put_up(&app, &member, b"<script>alert(1)</script>".to_vec()).await.is_problem(415, "unsupported_media_type");
    put_up(&app, &member, vec![0; 5 * 1024 * 1024 + 1]).await.is_problem(413, "body_too_large");
    let mut torn = picture(1, ImageFormat::Png);
    torn.truncate(60);
    put_up(&app, &member, torn).await.is_problem(422, "unreadable_picture");
    let wide = RgbImage::new(10_001, 1);
    let mut bomb = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(wide).write_to(&mut bomb, ImageFormat::Png).unwrap();
    put_up(&app, &member, bomb.into_inner()).await.is_problem(422, "picture_too_large");

    assert_eq!(files_in(&app), 0);
}

#[actix_web::test]
async fn a_picture_comes_in_a_form_as_well() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let send = async |texts: &[(&str, &str)], bytes: &[u8]| {
        app.put("/v1/me/avatar").caller(&member).multipart(texts, "toi.png", bytes).await
    };

    let shown = send(&[], &picture(5, ImageFormat::Png)).await.expect(200);

    assert_eq!(app.get(shown["avatar_url"].as_str().unwrap()).await.status, 200);
    let again = put_up(&app, &member, picture(5, ImageFormat::Png)).await.expect(200);
    assert_eq!(again["avatar_url"], shown["avatar_url"]);
    send(&[("name", "tôi")], &picture(5, ImageFormat::Png)).await.has_faults(&[("/name", "unknown_field")]);
    send(&[], &vec![0; 5 * 1024 * 1024 + 1]).await.is_problem(413, "body_too_large");
    send(&[], b"<script>").await.is_problem(415, "unsupported_media_type");
    let nothing = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n--x--\r\n";
    let form = app.put("/v1/me/avatar").caller(&member).body("multipart/form-data; boundary=x", nothing);
    form.await.has_faults(&[("/file", "missing"), ("/name", "unknown_field")]);
}

#[actix_web::test]
async fn an_export_holds_what_is_held_and_explains_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let new = json!({"display_name": "Nguyễn Thị Mẫu", "home_unit_id": unit.id, "member_since": "2020-01-01", "phone": "0912345678"});
    let made = app.post("/v1/members").caller(&app.admin).json(new).await.expect(201);
    let member = app.sign_in(made["id"].as_str().unwrap()).await;
    let pledge = app.pledge_of(&member, &app.campaign_of(&unit).await).await;
    let mut checkin = app.new_checkin(&pledge, 2.5);
    checkin["note"] = json!("Trồng ở cổng trường");
    app.post(format!("/v1/pledges/{}/checkins", pledge.id)).caller(&member).json(checkin.clone()).await.expect(201);

    let answer = app.get("/v1/me/export").caller(&member).header("Accept", "application/zip").await;

    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/zip")));
    let files = unpack(&answer.body);
    let rows = |name: &str| -> Value { serde_json::from_slice(&files[name]).unwrap() };
    assert_eq!(rows("member.json")[0]["display_name"], "Nguyễn Thị Mẫu");
    assert_eq!(rows("member_private.json")[0]["phone"], "84912345678");
    assert_eq!(rows("membership.json")[0]["unit_id"], json!(unit.id));
    assert_eq!(rows("membership.json")[0]["valid_from"], "2020-01-01");
    let checkins = rows("checkin.json");
    assert_eq!((&checkins[0]["id"], &checkins[0]["quantity"]), (&checkin["id"], &json!(2500)));
    assert_eq!(
        (&checkins[0]["note"], &checkins[0]["received_at"]),
        (&json!("Trồng ở cổng trường"), &json!("2026-03-10T02:00:00.000000Z"))
    );
    assert_eq!(rows("data_request.json")[0]["kind"], "access");
    assert!(rows("audit_row.json").as_array().unwrap().iter().any(|row| row["action"] == "export_personal_data"));
    let guide = String::from_utf8(files["HUONG-DAN.md"].clone()).unwrap();
    for (name, rows) in files.iter().filter(|(name, _)| name.ends_with(".json")) {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
        let rows: Value = serde_json::from_slice(rows).unwrap();
        for field in rows[0].as_object().into_iter().flat_map(|row| row.keys()) {
            assert!(guide.contains(&format!("- `{field}`: ")), "{name} {field}");
        }
    }
}

#[actix_web::test]
async fn leaving_needs_the_profile_one_has_seen_and_ends_everything() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (member, colleague) = (app.member_named(&unit, "Nguyễn Thị Đi").await, app.member_of(&unit).await);
    let stale = app.get("/v1/me").caller(&member).await.header("etag").unwrap().to_owned();
    app.patch("/v1/me").caller(&member).json(json!({"display_name": "Nguyễn Thị Ở"})).await.expect(200);
    app.delete("/v1/me").caller(&member).header("If-Match", &stale).await.is_problem(412, "precondition_failed");

    app.delete("/v1/me").caller(&member).header("Idempotency-Key", "leave").await.expect(204);

    app.get("/v1/me").caller(&member).await.is_problem(401, "invalid_token");
    app.get(format!("/v1/members/{}", member.id)).caller(&colleague).await.is_problem(404, "not_found");
    let found = app.get(format!("/v1/units/{}", unit.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["member_count"], 1);
}

#[actix_web::test]
async fn taking_down_a_picture_again_changes_nothing() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    put_up(&app, &member, picture(10, ImageFormat::Png)).await.expect(200);
    app.delete("/v1/me/avatar").caller(&member).await.expect(204);
    let tag = app.get("/v1/me").caller(&member).await.header("etag").unwrap().to_owned();

    app.delete("/v1/me/avatar").caller(&member).header("If-Match", &tag).await.expect(204);

    assert_eq!(app.get("/v1/me").caller(&member).await.header("etag"), Some(tag.as_str()));
    assert_eq!(app.count("SELECT id FROM audit_row WHERE action = 'delete_avatar'"), 1);
}

#[actix_web::test]
async fn a_queue_for_pictures_that_is_full_says_when_to_come_back() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let turn = app.app.imaging.take().await.unwrap();

    let waiting = futures_util::future::join_all((0..16).map(async |_| app.app.imaging.take().await.is_ok()));
    let refused = async {
        while app.app.imaging.in_line() < 17 {
            tokio::task::yield_now().await;
        }
        let refused = put_up(&app, &member, picture(1, ImageFormat::Png)).await;
        drop(turn);
        refused
    };
    let (waited, refused) = tokio::join!(waiting, refused);

    refused.is_problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert!(waited.into_iter().all(|was_served| was_served));
}
