//! `/v1/activities`

use std::io::{Read as _, Write as _};

use actix_web::http::Method;
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use thidua::{
    db::Actor,
    entity::activity_revision,
    feed::activities::{self, Activity, ActivityKind, ActivityStatus},
    kit::values::{ActivityId, UnitId},
};

use super::{campaign, drafted, events, published, titles};
use crate::harness::TestApp;

#[actix_web::test]
async fn pinned_ones_stand_first_and_then_the_newest() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    published(&app, &unit, "Ghim", json!({"pinned": true})).await;
    published(&app, &unit, "Cũ", json!({})).await;
    published(&app, &unit, "Mới", json!({})).await;

    let page = app.get("/v1/activities").await.expect(200);

    assert_eq!(titles(&page), ["Ghim", "Mới", "Cũ"]);
    let item = &page["items"][1];
    assert_eq!(item["unit"], json!({"id": unit.id, "name": "Đảng bộ UBND tỉnh"}));
    assert_eq!(item["status"], "published");
    assert_eq!(item["published_at"], "2026-03-10T02:00:03Z");
    for (field, none) in [("cover", json!(null)), ("media", json!([])), ("my_reaction", json!(null))] {
        assert_eq!(item.get(field), Some(&none), "{field}");
    }
    for field in ["view_count", "reaction_count", "comment_count"] {
        assert_eq!(item[field], 0);
    }
    assert_eq!(item.get("body_html"), None);
    assert_eq!(item["campaign"], json!(null));
}

#[actix_web::test]
async fn an_insertion_between_two_pages_neither_repeats_nor_hides() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    for title in ["1", "2", "3", "4", "5"] {
        published(&app, &unit, title, json!({"pinned": title == "2"})).await;
    }

    let first = app.get("/v1/activities?limit=2").await;
    published(&app, &unit, "6", json!({})).await;
    let mut seen: Vec<String> = titles(&first.json()).into_iter().map(str::to_owned).collect();
    let mut cursor = first.json()["next_cursor"].clone();
    assert_eq!(
        first.header("link"),
        Some(format!("</v1/activities?limit=2&cursor={}>; rel=\"next\"", cursor.as_str().unwrap()).as_str())
    );
    while let Some(next) = cursor.as_str() {
        let page = app.get(format!("/v1/activities?limit=2&cursor={next}")).await.expect(200);
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        cursor = page["next_cursor"].clone();
    }

    assert_eq!(seen, ["2", "5", "4", "3", "1"]);
}

#[actix_web::test]
async fn each_filter_finds_its_own() {
    let mut app = TestApp::start().await;
    let province = app.unit("Đảng bộ UBND tỉnh").await;
    let cell = app.unit_under(&province, "Chi bộ Cao đẳng Du lịch").await;
    let trees = campaign(&app, &province, "Trồng cây xanh", None).await;
    published(&app, &cell, "Trồng 100% cây", json!({"campaign_id": trees, "tags": ["Cây xanh"]})).await;
    app.clock.advance(chrono::Duration::days(1));
    app.admin = app.sign_in(&app.admin.id).await;
    published(&app, &province, "Thắp sáng đường quê", json!({"kind": "work"})).await;

    for (query, found) in [
        (format!("campaign_id={trees}"), "Trồng 100% cây"),
        (format!("unit_id={}", cell.id), "Trồng 100% cây"),
        ("kind=work".into(), "Thắp sáng đường quê"),
        ("tag=c%C3%A2y%20xanh".into(), "Trồng 100% cây"),
        ("tag=cay+xanh".into(), "Trồng 100% cây"),
        ("q=thap%20SANG".into(), "Thắp sáng đường quê"),
        // "Thắp" with its marks apart, as some keyboards send it.
        ("q=Tha%CC%86%CC%81p".into(), "Thắp sáng đường quê"),
        ("q=0%25+cay".into(), "Trồng 100% cây"),
        ("from=2026-03-11".into(), "Thắp sáng đường quê"),
        ("to=2026-03-10".into(), "Trồng 100% cây"),
        ("to=9999-12-31&from=2026-03-11".into(), "Thắp sáng đường quê"),
    ] {
        assert_eq!(titles(&app.get(format!("/v1/activities?{query}")).await.expect(200)), [found], "{query}");
    }
    assert_eq!(titles(&app.get("/v1/activities?q=%25_%25").await.expect(200)), [""; 0]);
    let whole = app.get("/v1/activities?include=body&kind=work").await.expect(200);
    assert_eq!(whole["items"][0]["body_markdown"], "Nội dung");
    assert_eq!(whole["items"][0]["body_html"], "<p>Nội dung</p>\n");
    let of_campaign = app.get("/v1/activities?tag=cay+xanh").await.expect(200);
    assert_eq!(of_campaign["items"][0]["campaign"], json!({"id": trees, "title": "Trồng cây xanh"}));
}

#[actix_web::test]
async fn a_wrong_filter_is_named_and_never_cached() {
    let app = TestApp::start().await;

    for _twice in 0..2 {
        let answer = app.get("/v1/activities?kind=club&limit=0&colour=red&from=today").await;
        answer.has_faults(&[
            ("kind", "not_one_of"),
            ("limit", "out_of_range"),
            ("colour", "unknown_field"),
            ("from", "wrong_format"),
        ]);
        let backwards = app.get("/v1/activities?from=2026-03-11&to=2026-03-10").await;
        backwards.has_faults(&[("to", "ends_before_start")]);
    }
}

#[actix_web::test]
async fn a_cursor_of_other_filters_is_refused() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    for title in ["1", "2"] {
        published(&app, &unit, title, json!({})).await;
    }
    let page = app.get("/v1/activities?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();

    app.get(format!("/v1/activities?limit=1&kind=news&cursor={cursor}")).await.is_problem(400, "invalid_cursor");
    app.get("/v1/activities?cursor=made-up").await.is_problem(400, "invalid_cursor");
    app.get(format!("/v1/feed?cursor={cursor}")).caller(&app.admin).await.is_problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn every_form_of_the_list_is_the_same_json_under_a_tag_of_its_own() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    for title in ["Một", "Hai", "Ba", "Bốn"] {
        published(&app, &unit, title, json!({})).await;
    }
    let plain = app.get("/v1/activities").await;
    plain.expect(200);

    let brotli = app.get("/v1/activities").header("Accept-Encoding", "gzip, deflate, br").await;
    let gzip = app.get("/v1/activities").header("Accept-Encoding", "gzip, br;q=0").await;

    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut unpacked = flate2::write::GzDecoder::new(Vec::new());
    unpacked.write_all(&gzip.body).unwrap();
    assert_eq!(unpacked.finish().unwrap(), plain.body);
    let mut unpacked = Vec::new();
    brotli::Decompressor::new(&brotli.body[..], 4096).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    for answer in [&plain, &brotli, &gzip] {
        assert_eq!(answer.header("cache-control"), Some("public, max-age=5, stale-if-error=600"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("vary").unwrap().contains("accept-encoding"));
    }
    assert_ne!(plain.header("etag"), brotli.header("etag"));
    assert_ne!(gzip.header("etag"), brotli.header("etag"));
}

#[actix_web::test]
async fn a_reader_who_has_the_list_gets_304() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    published(&app, &unit, "Tin", json!({})).await;
    let tag = app.get("/v1/activities").await.header("etag").unwrap().to_owned();

    let again = app.get("/v1/activities").header("If-None-Match", &tag).await;
    let same_list = app.get("/v1/activities?limit=20").header("If-None-Match", &tag).await;
    let head = app.request(Method::HEAD, "/v1/activities").await;

    for answer in [&again, &same_list] {
        assert_eq!((answer.status, answer.body.len()), (304, 0));
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!((head.status, head.header("etag")), (200, Some(tag.as_str())));
    published(&app, &unit, "Tin nữa", json!({})).await;
    assert_eq!(app.get("/v1/activities").header("If-None-Match", &tag).await.status, 200);
}

#[actix_web::test]
async fn a_change_is_seen_on_the_cached_page_at_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let list = async || app.get("/v1/activities").await.expect(200);
    let id = drafted(&app, &app.admin, &unit, "Tin", json!({})).await;
    assert_eq!(titles(&list().await), [""; 0]);
    let url = format!("/v1/activities/{id}");

    app.post(format!("{url}/publish")).caller(&app.admin).await.expect(200);
    assert_eq!(titles(&list().await), ["Tin"]);
    app.patch(&url).caller(&app.admin).json(json!({"title": "Tin đã sửa"})).await.expect(200);
    assert_eq!(titles(&list().await), ["Tin đã sửa"]);
    app.post(format!("{url}/archive")).caller(&app.admin).await.expect(200);
    assert_eq!(titles(&list().await), [""; 0]);
    app.get(&url).await.is_problem(404, "not_found");
    app.patch(&url).caller(&app.admin).json(json!({"title": "Khác"})).await.is_problem(409, "activity_state");
}

#[actix_web::test]
async fn what_could_run_never_reaches_a_reader() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let body = "**Chào**<script>alert(1)</script> <b onclick=\"x()\">bạn</b> [xem](https://lamdong.gov.vn)";

    let id = published(&app, &unit, "Tin", json!({"body_markdown": body})).await;

    let found = app.get(format!("/v1/activities/{id}")).await.expect(200);
    assert_eq!(found["body_markdown"], body);
    assert_eq!(
        found["body_html"],
        "<p><strong>Chào</strong> <b>bạn</b> <a href=\"https://lamdong.gov.vn\" rel=\"noopener nofollow\">xem</a></p>\n"
    );
}

#[actix_web::test]
async fn a_draft_is_seen_by_its_editors_alone() {
    let app = TestApp::start().await;
    let province = app.unit("Đảng bộ UBND tỉnh").await;
    let cell = app.unit_under(&province, "Chi bộ Cao đẳng Du lịch").await;
    let other = app.unit_under(&province, "Chi bộ Quỹ Đầu tư").await;
    let (above, own, stranger) =
        (app.editor_of(&province).await, app.editor_of(&cell).await, app.editor_of(&other).await);
    let (member, manager) = (app.member_of(&cell).await, app.manager_of(&cell).await);
    let id = drafted(&app, &own, &cell, "Nháp", json!({})).await;
    let url = format!("/v1/activities/{id}");

    for person in [&above, &own, &app.admin] {
        assert_eq!(app.get(&url).caller(person).await.expect(200)["status"], "draft");
    }
    for person in [&stranger, &member, &manager] {
        app.get(&url).caller(person).await.is_problem(404, "not_found");
        app.patch(&url).caller(person).json(json!({"title": "Khác"})).await.is_problem(404, "not_found");
        app.post(format!("{url}/publish")).caller(person).await.is_problem(404, "not_found");
    }
    app.get(&url).await.is_problem(404, "not_found");
    assert_eq!(titles(&app.get("/v1/activities").caller(&own).await.expect(200)), [""; 0]);
}

#[actix_web::test]
async fn only_editors_of_the_unit_or_above_write() {
    let app = TestApp::start().await;
    let province = app.unit("Đảng bộ UBND tỉnh").await;
    let cell = app.unit_under(&province, "Chi bộ Cao đẳng Du lịch").await;
    let (above, below) = (app.editor_of(&province).await, app.editor_of(&cell).await);
    let new = |unit: &str| json!({"kind": "news", "unit_id": unit, "title": "Tin"});

    app.post("/v1/activities").caller(&above).json(new(&cell.id)).await.expect(201);
    app.post("/v1/activities").caller(&below).json(new(&province.id)).await.is_problem(403, "forbidden");
    for person in [app.member_of(&cell).await, app.manager_of(&cell).await] {
        app.post("/v1/activities").caller(&person).json(new(&cell.id)).await.is_problem(403, "forbidden");
    }
    app.post("/v1/activities").json(new(&cell.id)).await.is_problem(401, "unauthorized");
    let id = published(&app, &province, "Tin tỉnh", json!({})).await;
    app.post(format!("/v1/activities/{id}/archive")).caller(&below).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn every_fault_of_a_new_activity_is_named_at_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let post = async |new: Value| app.post("/v1/activities").caller(&app.admin).json(new).await;

    let shape = post(json!({"kind": "club", "title": "", "tags": [""], "pinned": 1, "colour": "red"})).await;
    let blank = post(json!({"kind": "news", "unit_id": unit.id, "title": " ", "tags": ["a", " "]})).await;
    let meaning =
        post(json!({"kind": "news", "unit_id": unit.id, "title": "Tin", "tags": ["a", "b", "Á", "B "]})).await;
    let nobody = ActivityId::new();
    let unknown = post(json!({"kind": "news", "unit_id": nobody, "title": "Tin", "campaign_id": nobody})).await;

    shape.has_faults(&[
        ("/kind", "not_one_of"),
        ("/unit_id", "missing"),
        ("/title", "too_short"),
        ("/tags/0", "too_short"),
        ("/pinned", "wrong_type"),
        ("/colour", "unknown_field"),
    ]);
    blank.has_faults(&[("/title", "too_short"), ("/tags/1", "too_short")]);
    meaning.has_faults(&[("/tags/2", "duplicate"), ("/tags/3", "duplicate")]);
    unknown.has_faults(&[("/unit_id", "no_such_thing"), ("/campaign_id", "no_such_thing")]);
}

#[actix_web::test]
async fn publishing_is_told_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let id = drafted(&app, &app.admin, &unit, "Tin", json!({})).await;
    let publish = async || {
        let url = format!("/v1/activities/{id}/publish");
        app.post(url).caller(&app.admin).header("Idempotency-Key", "publish-once").await
    };

    let first = publish().await;
    let again = publish().await;

    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(events(&app, "activity.published").await, [json!({"type": "activity.published", "activity_id": id})]);
    app.post(format!("/v1/activities/{id}/publish")).caller(&app.admin).await.is_problem(409, "activity_state");
}

#[actix_web::test]
async fn each_change_is_kept_as_a_revision() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let editor = app.editor_of(&unit).await;
    let trees = campaign(&app, &unit, "Trồng cây xanh", None).await;
    let id = drafted(&app, &editor, &unit, "Bản một", json!({"campaign_id": trees})).await;
    let url = format!("/v1/activities/{id}");

    let patch = json!({"title": "Bản hai", "campaign_id": null, "tags": ["mới"]});
    let changed = app.patch(&url).caller(&editor).json(patch).await.expect(200);
    app.post(format!("{url}/submit")).caller(&editor).await.expect(200);
    app.post(format!("{url}/publish")).caller(&editor).await.expect(200);

    assert_eq!((&changed["campaign"], &changed["tags"]), (&json!(null), &json!(["mới"])));
    let kept = activity_revision::Entity::find()
        .order_by_asc(activity_revision::Column::Number)
        .all(app.app.db.reads())
        .await
        .unwrap();
    let told: Vec<_> =
        kept.iter().map(|row| (row.number, row.content["title"].clone(), row.content["status"].clone())).collect();
    let one = |number, title: &str, status: &str| (number, json!(title), json!(status));
    assert_eq!(
        told,
        [
            one(1, "Bản một", "draft"),
            one(2, "Bản hai", "draft"),
            one(3, "Bản hai", "submitted"),
            one(4, "Bản hai", "published"),
        ]
    );
}

#[actix_web::test]
async fn a_lost_race_is_told() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let id = drafted(&app, &app.admin, &unit, "Tin", json!({})).await;
    let url = format!("/v1/activities/{id}");
    let tag = app.get(&url).caller(&app.admin).await.header("etag").unwrap().to_owned();
    let change = async |title: &str| {
        app.patch(&url).caller(&app.admin).header("If-Match", &tag).json(json!({"title": title})).await
    };

    change("Trước").await.expect(200);
    change("Sau").await.is_problem(412, "precondition_failed");
    let delete = app.delete(&url).caller(&app.admin).header("If-Match", &tag).await;
    delete.is_problem(412, "precondition_failed");
}

#[actix_web::test]
async fn only_a_draft_can_be_deleted() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let draft = drafted(&app, &app.admin, &unit, "Nháp", json!({"tags": ["cây"]})).await;
    let public = published(&app, &unit, "Tin", json!({})).await;

    app.delete(format!("/v1/activities/{draft}")).caller(&app.admin).await.expect(204);
    app.get(format!("/v1/activities/{draft}")).caller(&app.admin).await.is_problem(404, "not_found");
    app.delete(format!("/v1/activities/{public}")).caller(&app.admin).await.is_problem(409, "activity_state");
}

#[actix_web::test]
async fn many_are_added_as_they_are() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let many: Vec<Activity> = (0..1_001)
        .map(|number| Activity {
            id: ActivityId::new(),
            kind: ActivityKind::News,
            title: format!("Tin {number}"),
            summary: String::new(),
            body_markdown: "Nội dung".into(),
            body_html: activities::to_html("Nội dung"),
            campaign_id: None,
            unit_id: UnitId(unit.id.parse().unwrap()),
            tags: vec!["demo".into(), "Demo".into()],
            status: ActivityStatus::Published,
            is_pinned: false,
            publish_at: None,
            published_at: Some(app.clock.now()),
            created_by: None,
            version: 1,
        })
        .collect();

    app.app.change_as(Actor::system(), async |tx| Ok(activities::insert_all(tx, &many).await?)).await.unwrap();

    let page = app.get("/v1/activities?limit=1&tag=demo").await.expect(200);
    assert_eq!(titles(&page), ["Tin 1000"]);
    let news = activities::news_of(app.app.db.reads(), many[3].id).await.unwrap().unwrap();
    assert_eq!((news.title.as_str(), news.kind, news.campaign_id), ("Tin 3", ActivityKind::News, None));
}

#[actix_web::test]
async fn a_draft_campaign_cannot_be_written_about() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let draft = app.draft_campaign_of(&unit).await;
    let new = json!({"kind": "news", "title": "Tin", "summary": "Tóm tắt", "body_markdown": "Nội dung", "unit_id": unit.id,
        "campaign_id": draft.id});

    let answer = app.post("/v1/activities").caller(&app.admin).json(new).await;

    answer.has_faults(&[("/campaign_id", "no_such_thing")]);
}

#[actix_web::test]
async fn of_two_who_change_the_same_at_once_one_is_told_that_it_lost() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let id = drafted(&app, &app.admin, &unit, "Tin", json!({})).await;
    let url = format!("/v1/activities/{id}");
    for round in 0..5 {
        let tag = app.get(&url).caller(&app.admin).await.header("etag").unwrap().to_owned();
        let change = async |title: String| {
            app.patch(&url).caller(&app.admin).header("If-Match", &tag).json(json!({"title": title})).await.status
        };

        let answers = futures_util::future::join_all((0..4).map(|place| change(format!("{round}-{place}")))).await;

        let mut answers = answers;
        answers.sort_unstable();
        assert_eq!(answers, [200, 412, 412, 412]);
    }
}

#[actix_web::test]
async fn null_empties_a_text_and_is_refused_where_there_is_always_a_value() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let id = drafted(&app, &app.admin, &unit, "Tin", json!({"summary": "Tóm tắt", "tags": ["cây"]})).await;
    let url = format!("/v1/activities/{id}");

    let refused = app.patch(&url).caller(&app.admin).json(json!({"kind": null, "title": null, "pinned": null})).await;
    refused.has_faults(&[
        ("/kind", "wrong_type"),
        ("/kind", "not_one_of"),
        ("/title", "wrong_type"),
        ("/pinned", "wrong_type"),
    ]);
    let cleared = json!({"summary": null, "body_markdown": null, "tags": null});
    let changed = app.patch(&url).caller(&app.admin).json(cleared).await.expect(200);

    for (field, empty) in
        [("summary", json!("")), ("body_markdown", json!("")), ("body_html", json!("")), ("tags", json!([]))]
    {
        assert_eq!(changed[field], empty, "{field}");
    }
}

#[actix_web::test]
async fn a_scheduled_one_is_published_when_its_moment_has_come() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let editor = app.editor_of(&unit).await;
    let id = drafted(&app, &editor, &unit, "Sắp tới", json!({})).await;
    let url = format!("/v1/activities/{id}");
    let at = json!({"publish_at": "2026-03-10T03:00:00.1234567Z"});

    let scheduled = app.post(format!("{url}/publish")).caller(&editor).json(at).await.expect(200);
    assert_eq!((&scheduled["status"], &scheduled["published_at"]), (&json!("submitted"), &json!(null)));
    assert_eq!(scheduled["publish_at"], "2026-03-10T03:00:00.123456Z");
    app.run_relay().await;
    app.get(&url).await.is_problem(404, "not_found");
    assert_eq!(titles(&app.get("/v1/activities").await.expect(200)), [""; 0]);
    app.patch(&url).caller(&editor).json(json!({"title": "Đã sửa"})).await.expect(200);

    app.clock.advance(chrono::Duration::minutes(61));
    app.run_relay().await;

    let found = app.get(&url).await.expect(200);
    assert_eq!((&found["status"], &found["published_at"]), (&json!("published"), &scheduled["publish_at"]));
    assert_eq!(found.get("publish_at"), None);
    assert_eq!(titles(&app.get("/v1/activities").await.expect(200)), ["Đã sửa"]);
    assert_eq!(events(&app, "activity.published").await, [json!({"type": "activity.published", "activity_id": id})]);
    app.run_relay().await;
    assert_eq!(events(&app, "activity.published").await.len(), 1);
}

#[actix_web::test]
async fn a_schedule_is_changed_by_publishing_again_and_ended_by_a_patch_or_the_archive() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let mut urls = Vec::new();
    for title in ["Hoãn", "Ngay", "Bỏ", "Cất", "Sớm hơn"] {
        let id = drafted(&app, &app.admin, &unit, title, json!({})).await;
        let url = format!("/v1/activities/{id}");
        let at = json!({"publish_at": "2026-03-10T02:10:00Z"});
        app.post(format!("{url}/publish")).caller(&app.admin).json(at).await.expect(200);
        urls.push(url);
    }
    let publish =
        |url: &str, at: Value| app.post(format!("{url}/publish")).caller(&app.admin).json(json!({"publish_at": at}));
    let patch = |url: &str, at: Value| app.patch(url).caller(&app.admin).json(json!({"publish_at": at}));

    publish(&urls[0], json!("2026-03-11T00:00:00Z")).await.expect(200);
    let at_once = publish(&urls[1], json!("2020-01-01T00:00:00Z")).await.expect(200);
    assert_eq!((&at_once["status"], &at_once["published_at"]), (&json!("published"), &json!("2026-03-10T02:00:00Z")));
    let ended = patch(&urls[2], json!(null)).await.expect(200);
    assert_eq!((&ended["status"], ended.get("publish_at")), (&json!("submitted"), None));
    let archived = app.post(format!("{}/archive", urls[3])).caller(&app.admin).await.expect(200);
    assert_eq!((&archived["status"], archived.get("publish_at")), (&json!("archived"), None));
    patch(&urls[4], json!("2020-01-01T00:00:00Z")).await.expect(200);
    patch(&urls[1], json!("2026-03-11T00:00:00Z")).await.has_faults(&[("/publish_at", "not_allowed")]);
    app.post(format!("{}/archive", urls[2])).caller(&app.admin).await.expect(200);
    app.post(format!("{}/archive", urls[2])).caller(&app.admin).await.is_problem(409, "activity_state");

    app.clock.advance(chrono::Duration::minutes(11));
    app.run_relay().await;

    let page = app.get("/v1/activities").await.expect(200);
    assert_eq!(titles(&page), ["Sớm hơn", "Ngay"]);
    assert_eq!(page["items"][0]["published_at"], "2026-03-10T02:00:00Z");
}
