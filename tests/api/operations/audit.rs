//! The audit log: append only, chained in order.

use sea_orm::{EntityTrait as _, QueryOrder as _};
use thidua::{entity::audit_row, outbox};

use crate::harness::TestApp;

#[actix_web::test]
async fn every_change_is_written_down_and_chained_to_the_one_before() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    app.manager_of(&unit).await;

    outbox::number(&app.app.db, &app.app.clock, async |_, _| Ok(())).await.unwrap();

    let rows =
        audit_row::Entity::find().order_by_asc(audit_row::Column::Position).all(app.app.db.reads()).await.unwrap();
    let actions: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
    assert!(actions.ends_with(&["create_unit", "create_member", "grant_role"]), "{actions:?}");
    for (place, pair) in rows.windows(2).enumerate() {
        assert_eq!(pair[1].previous_hash, pair[0].hash);
        assert_eq!(pair[0].position, Some(i64::try_from(place).unwrap() + 1));
    }
    let last = rows.last().unwrap();
    assert_eq!((last.actor_kind.as_str(), &last.actor_id), ("member", &app.admin.id));
    assert!(last.request_id.is_some());
}
