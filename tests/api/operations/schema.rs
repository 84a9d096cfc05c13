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
    select_all!(app: activity, activity_revision, activity_tag, audit_checkpoint, audit_row, authorization_code, avatar, campaign, campaign_audience,
        campaign_version, checkin, checkin_decision, client_app, cluster, cluster_head, cluster_unit, commitment, consent, consent_decision, criterion, data_request, delivery, delivery_attempt, erasure,
        flag_holding, idempotency_key, import, import_chunk, import_conflict, import_plan, import_row, inbox_row, ledger_entry, member, member_count_day, member_name_word, member_private, membership, milestone, notification,
        outbox_event, outbox_mark, phase, pledge, pledge_version, provider_event, provider_token, recovery_code, refresh_token, role_grant, session, setting_in_use, signing_key,
        staff_account, target, target_unit_total, unit, unit_closure, unit_member_count, unit_version, work, wrong_guess, zalo_identity);
}

/// SQLite says which index it takes whatever the table holds; PostgreSQL reads a small table from end to end.
#[actix_web::test]
async fn lists_walk_along_an_index_and_sort_nothing() {
    let app = TestApp::start().await;
    if app.app.db.backend() != sea_orm::DbBackend::Sqlite {
        return;
    }
    let lists = [
        ("delivery_status_id", "SELECT id FROM delivery WHERE status = 'dead' ORDER BY id DESC LIMIT 21"),
        ("delivery_member_id_id", "SELECT id FROM delivery WHERE member_id = x'00' ORDER BY id DESC LIMIT 21"),
        (
            "inbox_row_unread",
            "SELECT notification_id FROM inbox_row WHERE member_id = x'00' AND read_at IS NULL \
             ORDER BY position DESC LIMIT 21",
        ),
        ("role_grant_member_id_id", "SELECT id FROM role_grant WHERE member_id = x'00' ORDER BY id LIMIT 21"),
        ("unit_version_folded_name", "SELECT unit_id FROM unit_version ORDER BY folded_name, unit_id LIMIT 21"),
        (
            "audit_row_action_position",
            "SELECT id FROM audit_row WHERE position IS NOT NULL AND action = 'x' ORDER BY position DESC LIMIT 21",
        ),
        (
            "audit_row_subject_id_position",
            "SELECT id FROM audit_row WHERE position IS NOT NULL AND subject_id = 'x' ORDER BY position DESC LIMIT 21",
        ),
    ];
    let waiting = [
        (
            "outbox_event_waiting",
            "SELECT id FROM outbox_event WHERE position IS NULL ORDER BY recorded_at, id LIMIT 500",
        ),
        ("audit_row_waiting", "SELECT id FROM audit_row WHERE position IS NULL ORDER BY recorded_at, id LIMIT 500"),
        ("outbox_event_position", "SELECT MAX(position) FROM outbox_event WHERE position IS NOT NULL"),
        ("audit_row_position", "SELECT id FROM audit_row WHERE position > 7 ORDER BY position LIMIT 1000"),
        ("audit_row_position", "SELECT id FROM audit_row WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1"),
        (
            "delivery_waiting",
            "SELECT id FROM delivery WHERE status IN ('pending', 'failed') AND channel = 'x' AND due_at <= 'x' \
             ORDER BY due_at LIMIT 50",
        ),
        (
            "delivery_sending",
            "SELECT id FROM delivery WHERE status = 'sending' AND channel = 'x' AND lease_until <= 'x' \
             ORDER BY lease_until LIMIT 50",
        ),
        (
            "provider_event_waiting",
            "SELECT id FROM provider_event WHERE worked_at IS NULL AND due_at <= 'x' ORDER BY due_at, id LIMIT 50",
        ),
        (
            "import_waiting",
            "SELECT id FROM import WHERE status IN ('queued', 'running') AND (lease_until IS NULL OR lease_until <= 'x') \
             ORDER BY id LIMIT 1",
        ),
        (
            "outbox_event_set_aside",
            "SELECT id FROM outbox_event WHERE retry_at <= 'x' AND position IS NOT NULL ORDER BY retry_at LIMIT 1",
        ),
        (
            "outbox_event_position",
            "SELECT id FROM outbox_event WHERE position IS NOT NULL AND position > 7 ORDER BY position LIMIT 1001",
        ),
        (
            "inbox_row_notification_id",
            "SELECT member_id, notification_id FROM inbox_row WHERE notification_id < x'00' ORDER BY notification_id LIMIT 1000",
        ),
        (
            "delivery_status_id",
            "SELECT id FROM delivery WHERE id < x'00' AND status IN ('delivered', 'dead', 'suppressed') \
             AND finished_at < 'x' LIMIT 1000",
        ),
        (
            "sqlite_autoindex_notification_1",
            "SELECT id FROM notification WHERE id < x'00' AND NOT EXISTS \
             (SELECT 1 FROM inbox_row WHERE inbox_row.notification_id = notification.id) ORDER BY id LIMIT 1000",
        ),
        (
            "provider_event_worked",
            "SELECT id FROM provider_event WHERE worked_at IS NOT NULL AND worked_at < 'x' ORDER BY worked_at LIMIT 1000",
        ),
        (
            "data_request_waiting",
            "SELECT COUNT(*) FROM data_request WHERE status IN ('open', 'acknowledged') AND due_at < 'x'",
        ),
    ];
    for (index, list) in lists.into_iter().chain(waiting) {
        let question =
            sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {list}"));
        let rows = app.app.db.reads().query_all_raw(question).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{list}: {plan:?}");
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{list}: {plan:?}");
    }
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
