//! `/v1/notifications`

use serde_json::json;
use thidua::outbox::Event;

use crate::harness::TestApp;

#[actix_web::test]
async fn a_new_role_arrives_in_its_owners_inbox_alone() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Trường Cao đẳng Du lịch").await;
    let colleague = app.member_of(&unit).await;
    let manager = app.manager_of(&unit).await;
    let granted_at = app.clock.now();
    app.clock.advance(chrono::TimeDelta::minutes(10));

    app.run_relay().await;

    let inbox = app.inbox_of(&manager).await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0]["kind"], "role.granted");
    assert_eq!(inbox[0]["created_at"], json!(granted_at), "when it happened, not when it was spread");
    assert_eq!(inbox[0]["body"], "Bạn được giao vai trò quản lý đơn vị của Chi bộ Trường Cao đẳng Du lịch.");
    assert_eq!((&inbox[0]["link"], &inbox[0]["read_at"]), (&json!("/me"), &json!(null)));
    assert!(app.inbox_of(&colleague).await.is_empty());
    assert!(app.inbox_of(&app.admin).await.is_empty());
}

#[actix_web::test]
async fn an_inbox_speaks_the_readers_language() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let editor = app.editor_of(&unit).await;
    app.run_relay().await;

    let answer = app.get("/v1/notifications").caller(&editor).header("Accept-Language", "en").await.expect(200);

    assert_eq!(answer["items"][0]["body"], "You have been given the role editor of Chi bộ 1.");
}

#[actix_web::test]
async fn a_returned_check_in_tells_its_sender_why() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (sender, other) = (app.member_of(&unit).await, app.member_of(&unit).await);
    let checkin = app.checkin_row(&unit, &sender).await;

    app.record(Event::CheckinReturned { checkin_id: checkin.id, decision_id: None }).await;
    app.run_relay().await;

    let inbox = app.inbox_of(&sender).await;
    assert_eq!(
        inbox[0]["body"],
        "Báo cáo “Lắp đèn đường” (12,5 km) trong phong trào “Thắp sáng đường quê” được trả lại để bổ sung. \
         Lý do: Thiếu ảnh hiện trường."
    );
    assert_eq!(inbox[0]["link"], format!("/checkins/{}", checkin.id));
    assert_eq!(inbox[0]["values"]["quantity"], 12.5);
    assert!(app.inbox_of(&other).await.is_empty());
}

#[actix_web::test]
async fn what_was_decided_is_told_as_it_was_whatever_its_sender_changes_before() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let (sender, manager) = (app.zalo_member_of(&unit, zalo.follower()).await, app.manager_of(&unit).await);
    let pledge = app.pledge_of(&sender, &app.campaign_of(&unit).await).await;
    let (corrected, withdrawn) = (app.check_in(&sender, &pledge, 5.0).await, app.check_in(&sender, &pledge, 6.0).await);
    let decide = async |id: &str, verb: &str, body: serde_json::Value| {
        app.post(format!("/v1/checkins/{id}/{verb}")).caller(&manager).json(body).await.expect(200);
    };
    app.run_relay().await;
    decide(&corrected, "verify", json!({})).await;
    decide(&corrected, "return", json!({"reason": "Thiếu ảnh"})).await;
    decide(&withdrawn, "return", json!({"reason": "Nhầm ngày"})).await;

    let url = format!("/v1/checkins/{corrected}");
    app.patch(url).caller(&sender).json(json!({"quantity": 4, "note": "Đã bổ sung"})).await.expect(200);
    app.delete(format!("/v1/checkins/{withdrawn}")).caller(&sender).await.expect(204);
    app.run_relay().await;

    let inbox = app.inbox_of(&sender).await;
    let told: Vec<_> = inbox
        .iter()
        .rev()
        .map(|news| (&news["kind"], &news["values"]["quantity"], &news["values"]["reason"]))
        .filter(|(kind, ..)| kind.as_str().unwrap().starts_with("checkin."))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("checkin.verified"), &json!(5), &json!(null)),
            (&json!("checkin.returned"), &json!(5), &json!("Thiếu ảnh")),
            (&json!("checkin.returned"), &json!(6), &json!("Nhầm ngày")),
        ]
    );
    let sent: String = zalo.sent().iter().map(|message| format!("{message:?}\n")).collect();
    assert!(sent.contains("(5 cây)") && sent.contains("Lý do: Thiếu ảnh"), "{sent}");
}

#[actix_web::test]
async fn whoever_is_erased_before_the_news_goes_out_leaves_no_reason_behind() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (sender, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let pledge = app.pledge_of(&sender, &app.campaign_of(&unit).await).await;
    let checkin = app.check_in(&sender, &pledge, 5.0).await;
    let texts = ["Sentinelreason".to_owned()];
    let reason = json!({"reason": texts[0]});
    app.post(format!("/v1/checkins/{checkin}/return")).caller(&manager).json(reason).await.expect(200);
    app.patch(format!("/v1/checkins/{checkin}")).caller(&sender).json(json!({"quantity": 4})).await.expect(200);
    assert!(!crate::operations::personal_data::found_in(&app, &texts).await.is_empty());

    app.delete("/v1/me").caller(&sender).await.expect(204);
    app.run_relay().await;

    app.app.db.forget_freed_pages().await.unwrap();
    assert_eq!(crate::operations::personal_data::found_in(&app, &texts).await, [""; 0]);
}

#[actix_web::test]
async fn a_signed_pledge_is_told_to_the_managers_above_but_not_to_whoever_signed() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ tỉnh").await;
    let cell = app.unit_under(&top, "Chi bộ 1").await;
    let (above, signer) = (app.manager_of(&top).await, app.manager_of(&cell).await);
    let elsewhere = app.manager_of(&app.unit("Đảng bộ khác").await).await;
    let pledge_id = app.checkin_row(&cell, &signer).await.pledge_id;

    app.record(Event::PledgeSigned { pledge_id }).await;
    app.run_relay().await;

    let kinds = async |person| {
        let inbox = app.inbox_of(person).await;
        inbox.iter().map(|news| news["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&above).await, ["pledge.signed", "role.granted"]);
    assert_eq!(kinds(&signer).await, ["role.granted"]);
    assert_eq!(kinds(&elsewhere).await, ["role.granted"]);
}

#[actix_web::test]
async fn a_launched_campaign_is_told_to_everybody_it_is_for() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, other) = (app.member_of(&unit).await, app.member_of(&unit).await);
    let campaign_id = app.campaign_row(&unit).await;

    app.record(Event::CampaignLaunched { campaign_id }).await;
    app.run_relay().await;

    for person in [&one, &other] {
        let inbox = app.inbox_of(person).await;
        assert_eq!(inbox[0]["kind"], "campaign.launched");
        assert!(inbox[0]["body"].as_str().unwrap().contains("từ ngày 01/03/2026 đến hết ngày 30/06/2026"));
    }
}

#[actix_web::test]
async fn an_announcement_is_told_in_its_unit_and_below_and_other_news_is_not() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ tỉnh").await;
    let cell = app.unit_under(&top, "Chi bộ 1").await;
    let (above, inside) = (app.member_of(&top).await, app.member_of(&cell).await);

    for kind in ["announcement", "news"] {
        let activity_id = app.activity_row(&cell, kind).await;
        app.record(Event::ActivityPublished { activity_id }).await;
    }
    app.run_relay().await;

    let inbox = app.inbox_of(&inside).await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0]["title"], "Họp chi bộ tháng 3");
    assert!(app.inbox_of(&above).await.is_empty());
}

#[actix_web::test]
async fn what_is_read_is_unread_no_longer() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    let stranger = app.manager_of(&unit).await;
    three_announcements(&app, &unit).await;
    let inbox = app.inbox_of(&member).await;
    let foreign = app.inbox_of(&stranger).await.pop().unwrap();

    let answer = app
        .post("/v1/notifications/read")
        .caller(&member)
        .json(json!({"ids": [inbox[1]["id"], foreign["id"]]}))
        .await
        .expect(200);

    assert_eq!(answer, json!({"unread_count": 2}));
    let count = app.get("/v1/notifications/unread-count").caller(&member).await.expect(200);
    assert_eq!(count["unread_count"], 2);
    let unread = app.get("/v1/notifications?unread=true").caller(&member).await.expect(200);
    let ids: Vec<_> = unread["items"].as_array().unwrap().iter().map(|news| &news["id"]).collect();
    assert_eq!(ids, [&inbox[0]["id"], &inbox[2]["id"]]);
    let theirs = app.get("/v1/notifications/unread-count").caller(&stranger).await.expect(200);
    assert_eq!(theirs["unread_count"], 4);
}

#[actix_web::test]
async fn everything_up_to_a_position_is_read_at_once_and_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    three_announcements(&app, &unit).await;
    let up_to = app.inbox_of(&member).await[1]["position"].clone();
    let read = || app.post("/v1/notifications/read").caller(&member).json(json!({"up_to": up_to}));

    assert_eq!(read().await.expect(200)["unread_count"], 1);
    let first_time = app.inbox_of(&member).await[2]["read_at"].clone();
    app.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(read().await.expect(200)["unread_count"], 1);

    assert_eq!(app.inbox_of(&member).await[2]["read_at"], first_time);
}

#[actix_web::test]
async fn pages_of_an_inbox_neither_repeat_nor_hide_when_news_comes_in() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    three_announcements(&app, &unit).await;
    let first = app.get("/v1/notifications?limit=2").caller(&member).await.expect(200);

    three_announcements(&app, &unit).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.get(format!("/v1/notifications?limit=2&cursor={cursor}")).caller(&member).await.expect(200);

    let positions = |page: &serde_json::Value| {
        page["items"].as_array().unwrap().iter().map(|news| news["position"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((positions(&first).len(), positions(&second).len()), (2, 1));
    assert!(positions(&second)[0] < positions(&first)[1]);
    assert_eq!(second["next_cursor"], json!(null));
}

#[actix_web::test]
async fn what_was_read_is_said_in_one_of_two_ways() {
    let app = TestApp::start().await;
    let read = |body| app.post("/v1/notifications/read").caller(&app.admin).json(body);

    read(json!({})).await.has_faults(&[("/ids", "missing"), ("/up_to", "missing")]);
    read(json!({"ids": [app.admin.id], "up_to": 3})).await.has_faults(&[("/up_to", "not_allowed")]);
    read(json!({"ids": [], "up_to": -1, "all": true})).await.has_faults(&[
        ("/ids", "too_few"),
        ("/up_to", "out_of_range"),
        ("/all", "unknown_field"),
    ]);
}

#[actix_web::test]
async fn an_inbox_is_for_whoever_is_signed_in() {
    let app = TestApp::start().await;

    app.get("/v1/notifications").await.is_problem(401, "unauthorized");
    app.get("/v1/notifications/unread-count").await.is_problem(401, "unauthorized");
    app.post("/v1/notifications/read").json(json!({"up_to": 1})).await.is_problem(401, "unauthorized");
}

async fn three_announcements(app: &TestApp, unit: &crate::harness::Unit) {
    for _ in 0..3 {
        let activity_id = app.activity_row(unit, "announcement").await;
        app.record(Event::ActivityPublished { activity_id }).await;
    }
    app.run_relay().await;
}

#[actix_web::test]
async fn a_full_inbox_is_counted_to_a_thousand_and_what_cannot_be_read_is_left_out() {
    use sea_orm::{ActiveValue::Set, EntityTrait as _};
    use thidua::{
        entity::{inbox_row, notification},
        kit::values::{MemberId, NotificationId},
    };
    let app = TestApp::start().await;
    let member = app.manager_of(&app.unit("Chi bộ 1").await).await;
    app.run_relay().await;
    let owner = MemberId(member.id.parse().unwrap());
    app.app
        .change_as(thidua::db::Actor::system(), async |tx| {
            let known = notification::Entity::find().one(tx).await?.unwrap();
            let ids: Vec<_> = (1_000..2_100).map(|position| (NotificationId::new(), position)).collect();
            let kept = ids.iter().map(|(id, position)| notification::ActiveModel {
                id: Set(*id),
                event_id: Set(known.event_id),
                kind: Set(format!("of.another.build.{position}")),
                subject_id: Set(known.subject_id),
                values: Set(json!({})),
                created_at: Set(tx.now()),
            });
            notification::Entity::insert_many(kept).exec_without_returning(tx).await?;
            let rows = ids.iter().map(|(id, position)| inbox_row::ActiveModel {
                member_id: Set(owner),
                notification_id: Set(*id),
                position: Set(*position),
                created_at: Set(tx.now()),
                read_at: Set(None),
            });
            inbox_row::Entity::insert_many(rows).exec_without_returning(tx).await?;
            Ok(())
        })
        .await
        .unwrap();

    let counted = app.get("/v1/notifications/unread-count").caller(&member).await.expect(200);
    let page = app.get("/v1/notifications?limit=1").caller(&member).await.expect(200);

    assert_eq!(counted["unread_count"], 1000);
    assert_eq!(page["items"], json!([]));
    assert!(page["next_cursor"].is_string());
}
