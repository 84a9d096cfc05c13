//! The schema: up, down, up; and nothing that the entities do not know.

use sea_orm::ConnectionTrait as _;
use thidua::{db::Actor, entity};

use crate::harness::{TestApp, TestDatabase};

#[actix_web::test]
async fn every_migration_can_be_taken_back_and_run_again() {
    let database = TestDatabase::create_empty().await;
    let db = database.connect().await;
    let all = db.pending_migrations().await.unwrap().len();

    db.migrate().await.unwrap();
    for _ in 0..all {
        db.migrate_down().await.unwrap();
    }
    assert_eq!(db.pending_migrations().await.unwrap().len(), all);
    db.migrate().await.unwrap();

    assert!(db.pending_migrations().await.unwrap().is_empty());
}

/// Selects every column of every entity, which fails where the schema has drifted from it.
macro_rules! select_all {
    ($app:ident: $($name:ident),+ $(,)?) => {
        $({
            use sea_orm::EntityTrait as _;
            entity::$name::Entity::find().all($app.app.db.reads()).await.expect(stringify!($name));
        })+
    };
}

#[actix_web::test]
async fn every_entity_fits_the_migrated_schema() {
    let app = TestApp::start().await;
    app.unit("Đảng bộ").await;
    select_all!(app: activity, activity_revision, activity_tag, audit_row, authorization_code, campaign, campaign_audience,
        campaign_version, checkin, client_app, cluster, cluster_unit, commitment, criterion, delivery, delivery_attempt,
        flag_holding, idempotency_key, inbox_row, ledger_entry, member, member_private, membership, milestone, notification,
        outbox_event, phase, pledge, pledge_version, provider_token, refresh_token, role_grant, session, signing_key,
        staff_account, target, target_unit_total, unit, unit_closure, unit_version, work, zalo_identity);
}

#[actix_web::test]
async fn a_member_has_one_home_at_a_time() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&one).await;
    let (member, unit) = (member.id.replace('-', ""), two.id.replace('-', ""));

    let second = app
        .app
        .change_as(Actor::system(), async |tx| {
            let id = |hex: &str| match tx.get_database_backend() {
                sea_orm::DbBackend::Sqlite => format!("x'{hex}'"),
                _ => format!("'{hex}'::uuid"),
            };
            let sql = format!(
                "INSERT INTO membership (id, member_id, unit_id, kind, valid_from, valid_to) \
                 VALUES ({}, {}, {}, 'home', '2026-01-01', '9999-12-31')",
                id(&uuid::Uuid::now_v7().simple().to_string()),
                id(&member),
                id(&unit),
            );
            tx.execute_unprepared(&sql).await.map(|_| ()).map_err(Into::into)
        })
        .await;

    assert_eq!(second.unwrap_err().code.name(), "already_exists");
}
