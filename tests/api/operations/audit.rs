//! The audit log: append only, chained in order.

use sea_orm::{EntityTrait as _, QueryOrder as _};
use thidua::{entity::audit_row, outbox};

use chrono::TimeDelta;
use serde_json::json;
use thidua::{
    audit::{self, Break},
    db::Actor,
};

use crate::harness::{Person, TestApp};

/// A few changes, each in its place of the chain.
async fn with_changes() -> TestApp {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    app.manager_of(&unit).await;
    app.run_relay().await;
    app
}

/// The admin, whose first token ends when a test lets time go by.
async fn admin(app: &TestApp) -> Person {
    app.sign_in(&app.admin.id).await
}

#[actix_web::test]
async fn every_change_is_written_down_and_chained_to_the_one_before() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    app.manager_of(&unit).await;

    outbox::number(&app.app.db, &app.app.clock, async |_, _| Ok(())).await.unwrap();

    let rows =
        audit_row::Entity::find().order_by_asc(audit_row::Column::Position).all(app.app.db.reads()).await.unwrap();
    let actions: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
    assert!(actions.ends_with(&["create_unit", "create_member", "read_member_private", "grant_role"]), "{actions:?}");
    for (place, pair) in rows.windows(2).enumerate() {
        assert_eq!(pair[1].previous_hash, pair[0].hash);
        assert_eq!(pair[0].position, Some(i64::try_from(place).unwrap() + 1));
    }
    let last = rows.last().unwrap();
    assert_eq!((last.actor_kind.as_str(), &last.actor_id), ("member", &app.admin.id));
    assert!(last.request_id.is_some());
}

#[actix_web::test]
async fn an_admin_reads_who_did_what_newest_first() {
    let app = with_changes().await;

    let page = app.get("/v1/audit-log?limit=2").caller(&app.admin).await.expect(200);

    let items = page["items"].as_array().unwrap();
    assert_eq!((&items[0]["action"], &items[1]["action"]), (&json!("grant_role"), &json!("read_member_private")));
    assert_eq!((&items[0]["actor_kind"], &items[0]["actor_id"]), (&json!("member"), &json!(app.admin.id)));
    assert_eq!(items[0]["subject_kind"], "role_grant");
    assert_eq!(items[0]["after"]["role"], "unit_manager");
    assert_eq!(items[0]["previous_hash"], items[1]["hash"]);
    let next = format!("/v1/audit-log?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    app.unit("Sau đó").await;
    app.run_relay().await;
    let next = app.get(next).caller(&app.admin).await.expect(200);
    assert_eq!(next["items"][0]["position"].as_i64().unwrap() + 1, items[1]["position"].as_i64().unwrap());
}

#[actix_web::test]
async fn the_audit_log_is_filtered_by_who_what_whom_and_when() {
    let app = with_changes().await;
    let all = app.get("/v1/audit-log?limit=100").caller(&app.admin).await.expect(200);
    let unit = all["items"].as_array().unwrap().iter().find(|row| row["action"] == "create_unit").unwrap();
    let found = async |query: String| {
        let page = app.get(format!("/v1/audit-log?limit=100&{query}")).caller(&app.admin).await.expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };

    assert_eq!(
        found(format!("actor={}", app.admin.id)).await,
        ["grant_role", "read_member_private", "create_member", "create_unit"]
    );
    assert!(found("actor=system".into()).await.iter().all(|action| action != "create_unit"));
    assert_eq!(found("action=create_unit".into()).await, ["create_unit"]);
    assert_eq!(found("subject_kind=role_grant&actor=".to_owned() + &app.admin.id).await, ["grant_role"]);
    assert_eq!(found(format!("subject_id={}", unit["subject_id"].as_str().unwrap())).await, ["create_unit"]);
    assert_eq!(found("to=2026-03-09".into()).await, [""; 0]);
    assert_eq!(found("from=2026-03-10&to=2026-03-10&action=create_unit".into()).await, ["create_unit"]);
    let answer = app.get("/v1/audit-log?from=2026-03-10&to=2026-03-09").caller(&app.admin).await;
    answer.has_faults(&[("to", "ends_before_start")]);
}

#[actix_web::test]
async fn nobody_but_an_admin_reads_the_audit_log() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;

    for caller in [app.manager_of(&unit).await, app.editor_of(&unit).await, app.member_of(&unit).await] {
        app.get("/v1/audit-log").caller(&caller).await.is_problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn the_database_refuses_to_change_or_delete_what_was_written_down() {
    let app = with_changes().await;
    let refused = async |statement: &'static str| {
        use sea_orm::ConnectionTrait as _;
        let change = async |tx: &thidua::db::Tx| Ok(tx.execute_unprepared(statement).await.map(|_| ())?);
        app.app.change_as(Actor::system(), change).await.is_err()
    };

    assert!(refused("UPDATE audit_row SET action = 'nothing' WHERE position = 2").await);
    assert!(refused("UPDATE audit_row SET after = NULL WHERE position = 2").await);
    assert!(refused("UPDATE audit_row SET hash = 'x' WHERE position = 2").await);
    assert!(refused("DELETE FROM audit_row WHERE position = 2").await);
    assert!(refused("DELETE FROM audit_row").await);
    if app.app.db.backend() == sea_orm::DbBackend::Postgres {
        assert!(refused("TRUNCATE audit_row").await);
    } else {
        assert!(
            refused(
                "INSERT OR REPLACE INTO audit_row (id, actor_kind, actor_id, action, subject_kind, subject_id, recorded_at) \
                 SELECT id, actor_kind, actor_id, 'nothing', subject_kind, subject_id, recorded_at \
                 FROM audit_row WHERE position = 2"
            )
            .await
        );
        assert!(
            refused(
                "INSERT OR REPLACE INTO audit_row \
                 (id, position, actor_kind, actor_id, action, subject_kind, subject_id, recorded_at) \
                 SELECT randomblob(16), position, actor_kind, actor_id, 'nothing', subject_kind, subject_id, recorded_at \
                 FROM audit_row WHERE position = 2"
            )
            .await
        );
        // A row that has no place yet does not take that of another.
        app.unit("Chưa có chỗ").await;
        assert!(refused("UPDATE OR REPLACE audit_row SET position = 2 WHERE position IS NULL").await);
    }
    assert!(!refused("UPDATE audit_row SET action = action WHERE position = 0").await);
}

#[actix_web::test]
async fn a_row_that_was_changed_or_taken_out_is_found() {
    let app = with_changes().await;
    let verify = async || audit::verify(app.app.db.reads()).await.unwrap();
    assert!(verify().await.is_ok_and(|chain| chain.position > 3));
    if app.app.db.backend() == sea_orm::DbBackend::Sqlite {
        for trigger in ["audit_row_content_stays", "audit_row_place_stays", "audit_row_stays"] {
            app.execute(format!("DROP TRIGGER {trigger}"));
        }
    } else {
        app.execute("DROP TRIGGER audit_row_stays ON audit_row");
    }

    app.execute("UPDATE audit_row SET action = 'nothing' WHERE position = 3");
    assert!(matches!(verify().await, Err(Break::Changed { position: 3, .. })));
    app.execute("DELETE FROM audit_row WHERE position = 3");
    assert_eq!(verify().await, Err(Break::Missing { position: 3 }));
    app.execute("UPDATE audit_row SET previous_hash = 'x' WHERE position = 2");
    assert!(matches!(verify().await, Err(Break::Unlinked { position: 2, .. })));
}

#[actix_web::test]
async fn what_is_pruned_leaves_a_checkpoint_and_the_rest_still_verifies() {
    let app = with_changes().await;
    let before = audit::verify(app.app.db.reads()).await.unwrap().unwrap();
    thidua::relay::housekeeping::delete_old(&app.app).await;
    assert_eq!(audit::verify(app.app.db.reads()).await.unwrap().unwrap(), before);
    app.clock.advance(TimeDelta::days(800));
    let unit = app.post("/v1/units").caller(&admin(&app).await).json(json!({"name": "Mới", "kind": "other"})).await;
    unit.expect(201);
    app.run_relay().await;

    thidua::relay::housekeeping::delete_old(&app.app).await;
    thidua::relay::housekeeping::delete_old(&app.app).await;

    let page = app.get("/v1/audit-log").caller(&admin(&app).await).await.expect(200);
    let actions: Vec<_> = page["items"].as_array().unwrap().iter().map(|row| &row["action"]).collect();
    assert_eq!(actions, ["create_unit"]);
    let after = audit::verify(app.app.db.reads()).await.unwrap().unwrap();
    assert_eq!((after.position, after.pruned), (before.position + 1, before.position));
    app.clock.advance(TimeDelta::days(800));
    thidua::relay::housekeeping::delete_old(&app.app).await;
    assert_eq!(audit::verify(app.app.db.reads()).await.unwrap().unwrap().hash, after.hash);
    app.post("/v1/units").caller(&admin(&app).await).json(json!({"name": "Nữa", "kind": "other"})).await.expect(201);
    app.run_relay().await;
    assert_eq!(audit::verify(app.app.db.reads()).await.unwrap().unwrap().position, after.position + 1);
}

#[actix_web::test]
async fn who_reads_personal_data_is_written_down() {
    let app = with_changes().await;
    let actor = Actor { key: format!("member:{}", app.admin.id), request_id: None };
    let subject = audit::Subject { kind: "member", id: uuid::Uuid::now_v7() };
    let read = async |tx: &thidua::db::Tx| audit::accessed(tx, "read_member_private", subject).await;

    app.app.change_as(actor, read).await.unwrap();
    app.run_relay().await;

    let page = app.get("/v1/audit-log?action=read_member_private").caller(&app.admin).await.expect(200);
    assert_eq!(page["items"][0]["actor_id"], app.admin.id);
    assert_eq!(page["items"][0]["subject_id"], subject.id.to_string());
    assert_eq!((&page["items"][0]["before"], &page["items"][0]["after"]), (&json!(null), &json!(null)));
}

#[actix_web::test]
async fn a_change_is_written_down_with_what_was_before_and_what_is_after_and_nothing_personal() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}", campaign.id);
    app.patch(url).caller(&app.admin).json(json!({"title": "Tên khác"})).await.expect(200);
    let new = json!({"name": "Cổng", "scopes": ["activities:read"]});
    let portal = app.post("/v1/apps").caller(&app.admin).json(new).await.expect(201);
    let url = format!("/v1/apps/{}", portal["id"].as_str().unwrap());
    app.patch(url).caller(&app.admin).json(json!({"scopes": []})).await.expect(200);
    let work = json!({"kind": "project", "title": "Đường hoa", "unit_id": unit.id});
    let works = format!("/v1/campaigns/{}/works", campaign.id);
    let work = app.post(works).caller(&app.admin).json(work).await.expect(201);
    let work = format!("/v1/works/{}", work["id"].as_str().unwrap());
    app.patch(work).caller(&app.admin).json(json!({"goal": 5})).await.expect(200);
    let article = json!({"kind": "news", "unit_id": unit.id, "title": "Ra quân"});
    let article = app.post("/v1/activities").caller(&app.admin).json(article).await.expect(201);
    let article = format!("/v1/activities/{}", article["id"].as_str().unwrap());
    app.patch(article).caller(&app.admin).json(json!({"title": "Ra quân lần hai"})).await.expect(200);
    let pledge = async |caller: &Person, pledger: serde_json::Value| {
        let mut new = app.new_pledge(&campaign);
        new["pledger"] = pledger;
        let url = format!("/v1/campaigns/{}/pledges", campaign.id);
        let made = app.post(url).caller(caller).json(new).await.expect(201);
        let url = format!("/v1/pledges/{}", made["id"].as_str().unwrap());
        app.patch(url).caller(caller).json(json!({"statement": "Lời khác"})).await.expect(200);
    };
    pledge(&member, json!({"kind": "member", "id": member.id})).await;
    pledge(&manager, json!({"kind": "unit", "id": unit.id})).await;
    let named = json!({"display_name": "Lê Thị Khác", "phone": "0912345678"});
    app.patch(format!("/v1/members/{}", member.id)).caller(&app.admin).json(named).await.expect(200);
    let grants = app.get(format!("/v1/role-grants?member_id={}", manager.id)).caller(&app.admin).await.expect(200);
    let grant = format!("/v1/role-grants/{}", grants["items"][0]["id"].as_str().unwrap());
    app.delete(grant).caller(&app.admin).await.expect(204);
    app.run_relay().await;

    let said = async |action: &str| {
        let page = app.get(format!("/v1/audit-log?action={action}")).caller(&app.admin).await.expect(200);
        let rows = page["items"].as_array().unwrap().iter().rev();
        rows.map(|row| (row["before"].clone(), row["after"].clone())).collect::<Vec<_>>()
    };
    let [(before, after)] = said("update_campaign").await.try_into().unwrap();
    assert_ne!(before["title"], after["title"]);
    assert_eq!((after["title"].as_str(), after.get("body"), before.get("body")), (Some("Tên khác"), None, None));
    let goals = (json!({"goal": null, "version": 1}), json!({"goal": 5, "version": 2}));
    assert_eq!(said("update_work").await, [goals]);
    let titles = (json!({"title": "Ra quân", "version": 1}), json!({"title": "Ra quân lần hai", "version": 2}));
    assert_eq!(said("update_activity").await, [titles]);
    assert_eq!(said("update_app").await, [(json!({"scopes": ["activities:read"]}), json!({"scopes": []}))]);
    let pledges = said("update_pledge").await;
    let statements: Vec<_> = pledges.iter().map(|(_, after)| after["statement"].as_str().unwrap()).collect();
    assert_eq!(statements, ["***", "Lời khác"]);
    let masked = (json!({"display_name": "***", "phone": null}), json!({"display_name": "***", "phone": "***"}));
    assert_eq!(said("update_member").await, [masked]);
    let [(before, after)] = said("revoke_role").await.try_into().unwrap();
    assert_eq!((&before["valid_to"], &after["valid_to"]), (&json!(null), &json!("2026-03-10")));
    assert_eq!(said("grant_role").await[0].1["valid_from"], "2026-03-10");
}
