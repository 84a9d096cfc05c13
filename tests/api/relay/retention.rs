//! What people were told goes when its time is over, and nothing that is still needed does.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use thidua::{
    config::Config,
    db::{Actor, Tx},
    entity::{
        delivery::{self, Channel, DeliveryStatus},
        delivery_attempt, inbox_row, notification, outbox_event, provider_event,
    },
    kit::values::{DeliveryId, EventId, NotificationId},
    outbox,
    relay::housekeeping,
};
use uuid::Uuid;

use crate::harness::TestApp;

/// How many rows of each kind are old.
const MANY: i64 = 10_000;

/// What there is of a piece of news.
#[derive(Clone, Copy)]
struct News {
    at: DateTime<Utc>,
    position: Option<i64>,
    is_read: bool,
    /// Where its delivery stands, if there is one.
    delivery: Option<DeliveryStatus>,
}

/// Writes news for the admin, as the relay does.
async fn write(app: &TestApp, all: &[News]) {
    let member: Uuid = app.admin.id.parse().unwrap();
    let insert = async |tx: &Tx| {
        for part in all.chunks(500) {
            let (mut events, mut notifications, mut rows) = (Vec::new(), Vec::new(), Vec::new());
            let (mut deliveries, mut attempts) = (Vec::new(), Vec::new());
            for news in part {
                let (event, notification) = (EventId::at(news.at), NotificationId::at(news.at));
                events.push(outbox_event::ActiveModel {
                    id: Set(event),
                    kind: Set("member.joined".to_owned()),
                    payload: Set(json!({"type": "member.joined", "member_id": member})),
                    subject_id: Set(member),
                    recorded_at: Set(news.at),
                    position: Set(news.position),
                    attempt: Set(0),
                    retry_at: Set(None),
                });
                if news.position.is_none() {
                    continue;
                }
                notifications.push(notification::ActiveModel {
                    id: Set(notification),
                    event_id: Set(event),
                    kind: Set("role.granted".to_owned()),
                    subject_id: Set(member),
                    values: Set(json!({"role": "admin", "unit_name": null})),
                    created_at: Set(news.at),
                });
                rows.push(inbox_row::ActiveModel {
                    member_id: Set(member.into()),
                    notification_id: Set(notification),
                    position: Set(news.position.unwrap()),
                    created_at: Set(news.at),
                    read_at: Set(news.is_read.then_some(news.at)),
                });
                let Some(status) = news.delivery else { continue };
                let id = DeliveryId::at(news.at);
                let is_over = !matches!(status, DeliveryStatus::Pending | DeliveryStatus::Failed);
                deliveries.push(delivery::ActiveModel {
                    id: Set(id),
                    notification_id: Set(notification),
                    member_id: Set(member.into()),
                    channel: Set(Channel::ZaloOa),
                    status: Set(status),
                    due_at: Set(news.at),
                    lease_owner: Set(None),
                    lease_until: Set(None),
                    attempt: Set(1),
                    provider_message_id: Set(None),
                    reason: Set(None),
                    created_at: Set(news.at),
                    finished_at: Set(is_over.then_some(news.at)),
                });
                attempts.push(delivery_attempt::ActiveModel {
                    delivery_id: Set(id),
                    attempt: Set(1),
                    started_at: Set(news.at),
                    finished_at: Set(news.at),
                    outcome: Set(status),
                    answer: Set(None),
                });
            }
            outbox_event::Entity::insert_many(events).exec_without_returning(tx).await?;
            if !notifications.is_empty() {
                notification::Entity::insert_many(notifications).exec_without_returning(tx).await?;
                inbox_row::Entity::insert_many(rows).exec_without_returning(tx).await?;
            }
            if !deliveries.is_empty() {
                delivery::Entity::insert_many(deliveries).exec_without_returning(tx).await?;
                delivery_attempt::Entity::insert_many(attempts).exec_without_returning(tx).await?;
            }
        }
        Ok(())
    };
    app.app.change_as(Actor::system(), insert).await.unwrap();
}

/// With nothing in it yet, and these settings.
async fn start(change: impl FnOnce(&mut Config)) -> TestApp {
    let app = TestApp::start_with(change).await;
    app.run_relay().await;
    for table in ["inbox_row", "notification", "outbox_event"] {
        app.execute(format!("DELETE FROM {table}"));
    }
    app
}

/// How many rows there are in each table.
fn left(app: &TestApp) -> [usize; 5] {
    ["inbox_row", "delivery", "delivery_attempt", "notification", "outbox_event"]
        .map(|table| app.count(format!("SELECT 1 FROM {table}")))
}

fn days_ago(app: &TestApp, days: i64) -> DateTime<Utc> {
    app.clock.now() - TimeDelta::days(days)
}

#[actix_web::test]
async fn ten_thousand_old_rows_of_each_kind_go_and_what_is_younger_or_needed_stays() {
    let app = start(|_| {}).await;
    let old = |position| News {
        at: days_ago(&app, 400) + TimeDelta::seconds(position),
        position: Some(position),
        is_read: position % 2 == 0,
        delivery: Some(
            [DeliveryStatus::Delivered, DeliveryStatus::Dead, DeliveryStatus::Suppressed]
                [usize::try_from(position % 3).unwrap()],
        ),
    };
    let mut all: Vec<News> = (1..=MANY).map(old).collect();
    // An old message that still waits keeps what it carries.
    all.push(News { delivery: Some(DeliveryStatus::Pending), ..old(MANY + 1) });
    all.push(News { delivery: Some(DeliveryStatus::Failed), ..old(MANY + 2) });
    // Half a year and a bit: the inbox keeps it, the delivery has had its time.
    all.push(News { at: days_ago(&app, 190), ..old(MANY + 3) });
    all.push(News { at: days_ago(&app, 10), ..old(MANY + 4) });
    // However old, nobody has told of it yet.
    all.push(News { position: None, ..old(MANY + 5) });
    write(&app, &all).await;

    assert_eq!(housekeeping::delete_old(&app.app).await, 0);

    assert_eq!(left(&app), [2, 3, 3, 4, 5]);
    assert_eq!(app.count("SELECT 1 FROM delivery WHERE status IN ('pending', 'failed')"), 2);
    assert_eq!(app.count("SELECT 1 FROM outbox_event WHERE position IS NULL"), 1);
    assert_eq!(outbox::pruned_to(app.app.db.reads()).await.unwrap(), MANY + 3);
    assert_eq!(housekeeping::delete_old(&app.app).await, 0);
    assert_eq!(left(&app), [2, 3, 3, 4, 5]);
}

#[actix_web::test]
async fn positions_go_on_where_they_were_when_every_event_has_had_its_time() {
    let app = start(|config| config.retention.inbox_days = 30).await;
    let news = |position| News { at: days_ago(&app, 100), position: Some(position), is_read: true, delivery: None };
    write(&app, &[news(1), news(2), news(3)]).await;

    housekeeping::delete_old(&app.app).await;
    app.clock.advance(TimeDelta::days(400));
    housekeeping::delete_old(&app.app).await;
    let late = News { position: None, at: app.clock.now(), ..news(0) };
    write(&app, &[late]).await;
    app.run_relay().await;

    assert_eq!(app.count("SELECT 1 FROM outbox_event WHERE position < 3"), 0);
    assert_eq!(app.count("SELECT 1 FROM outbox_event WHERE position = 4"), 1);
}

#[actix_web::test]
async fn an_event_of_which_nobody_was_told_goes_first() {
    let app = start(|_| {}).await;
    let news =
        |position, days| News { at: days_ago(&app, days), position: Some(position), is_read: true, delivery: None };
    write(&app, &[news(1, 100), news(2, 100), news(3, 1)]).await;
    app.execute("DELETE FROM inbox_row WHERE position = 2");
    app.execute("DELETE FROM notification WHERE event_id IN (SELECT id FROM outbox_event WHERE position = 2)");

    housekeeping::delete_old(&app.app).await;

    assert_eq!(
        app.count("SELECT 1 FROM outbox_event WHERE position IN (1, 3)"),
        2,
        "an inbox still tells of the first"
    );
    assert_eq!(app.count("SELECT 1 FROM outbox_event"), 2);
}

#[actix_web::test]
async fn nothing_goes_where_the_settings_say_for_ever() {
    let app = start(|config| {
        let kept = &mut config.retention;
        (kept.inbox_days, kept.deliveries_days, kept.provider_events_days, kept.outbox_days) = (0, 0, 0, 0);
    })
    .await;
    let news = |position| News {
        at: days_ago(&app, 9_000),
        position: Some(position),
        is_read: true,
        delivery: Some(DeliveryStatus::Delivered),
    };
    write(&app, &[news(1), news(2)]).await;
    write_provider_event(&app, Some(days_ago(&app, 9_000))).await;

    housekeeping::delete_old(&app.app).await;

    assert_eq!(left(&app), [2; 5]);
    assert_eq!(app.count("SELECT 1 FROM provider_event"), 1);
}

#[actix_web::test]
async fn each_setting_is_heeded_by_itself() {
    for (setting, expected) in [("inbox", [0, 2, 2, 2, 2]), ("deliveries", [2, 0, 0, 2, 2]), ("both", [0, 0, 0, 0, 1])]
    {
        let app = start(|config| {
            let kept = &mut config.retention;
            (kept.inbox_days, kept.deliveries_days, kept.outbox_days) = (0, 0, 7);
            if setting != "deliveries" {
                kept.inbox_days = 7;
            }
            if setting != "inbox" {
                kept.deliveries_days = 7;
            }
        })
        .await;
        let news = |position| News {
            at: days_ago(&app, 8),
            position: Some(position),
            is_read: false,
            delivery: Some(DeliveryStatus::Delivered),
        };
        write(&app, &[news(1), news(2)]).await;

        housekeeping::delete_old(&app.app).await;
        housekeeping::delete_old(&app.app).await;

        assert_eq!(left(&app), expected, "{setting}");
    }
}

async fn write_provider_event(app: &TestApp, worked_at: Option<DateTime<Utc>>) {
    let row = provider_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        provider: Set("zalo_mini_app".to_owned()),
        event_key: Set(Uuid::now_v7().to_string()),
        kind: Set("versions.review.done".to_owned()),
        subject_hash: Set(None),
        occurred_at: Set(days_ago(app, 9_000)),
        received_at: Set(days_ago(app, 9_000)),
        worked_at: Set(worked_at),
        outcome: Set(None),
        attempt: Set(0),
        due_at: Set(days_ago(app, 9_000)),
    };
    let insert = async |tx: &Tx| {
        provider_event::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    };
    app.app.change_as(Actor::system(), insert).await.unwrap();
}

#[actix_web::test]
async fn what_a_provider_told_goes_a_month_after_it_was_worked_on() {
    let app = TestApp::start().await;
    for worked_at in [Some(days_ago(&app, 31)), Some(days_ago(&app, 29)), None] {
        write_provider_event(&app, worked_at).await;
    }

    housekeeping::delete_old(&app.app).await;

    assert_eq!(app.count("SELECT 1 FROM provider_event WHERE worked_at IS NULL"), 1);
    assert_eq!(app.count("SELECT 1 FROM provider_event"), 2);
}
