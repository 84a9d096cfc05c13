//! All SQL about deliveries.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, OnConflict, Query, SelectStatement, SimpleExpr},
};

use super::delivery::{Attempt, BATCH, Conclusion, Delivery, DeliveryStatus, Outcome};
use crate::{
    db::{Tx, dialect},
    entity::{
        delivery::{Column, Entity, Model},
        delivery_attempt, member, notification, zalo_identity,
    },
    identity::consents,
    kit::{
        http::{Page, Person},
        values::{DeliveryId, MemberId, NotificationId, ids::first_id_of},
    },
    organisation::members::members_below,
    relay::{channels::Channel, notifications::Recipients},
};

/// A delivery that is one's own for a while.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Which.
    pub id: DeliveryId,
    /// What it carries.
    pub notification_id: NotificationId,
    /// To whom.
    pub member_id: MemberId,
    /// Which try this is.
    pub attempt: i32,
    /// Whose lease it is.
    pub lease_owner: String,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// Did another worker claim it before, and never finish it?
    pub is_taken_over: bool,
}

/// Why nothing is sent to somebody whom the channel could reach.
pub const NO_CONSENT: &str = "no_consent";

/// Queues a notification for those of its recipients whom the channel can reach, in one statement however many they are.
/// Whoever has not agreed to its messages has a delivery that ends there, suppressed, so that the reason can be seen. Whoever
/// is being erased meanwhile is waited for, and passed over, as with inboxes.
pub async fn queue(
    tx: &Tx,
    notification: NotificationId,
    channel: Channel,
    recipients: &Recipients,
) -> Result<(), DbErr> {
    let reachable = match channel {
        Channel::ZaloOa => Condition::all()
            .add(zalo_identity::Column::FollowsOa.eq(true))
            .add(zalo_identity::Column::OaUserCipher.is_not_null()),
    };
    let willing = zalo_identity::Column::MemberId.in_subquery(consents::members_agreeing_to(channel.consent()));
    let if_willing = |yes: SimpleExpr, no: SimpleExpr| Expr::case(willing.clone(), yes).finally(no);
    let mut rows = Query::select()
        .expr(dialect::new_id(tx, tx.now()))
        .expr(Expr::val(notification))
        .column(zalo_identity::Column::MemberId)
        .expr(Expr::val(channel))
        .expr(if_willing(Expr::val(DeliveryStatus::Pending), Expr::val(DeliveryStatus::Suppressed)))
        .expr(if_willing(Expr::val(None::<String>), Expr::val(NO_CONSENT)))
        .expr(if_willing(Expr::val(None::<DateTime<Utc>>), Expr::val(tx.now())))
        .expr(Expr::val(tx.now()))
        .expr(Expr::val(0_i32))
        .expr(Expr::val(tx.now()))
        .from(zalo_identity::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id))
                .equals((zalo_identity::Entity, zalo_identity::Column::MemberId)),
        )
        .and_where(member::Column::ErasedAt.is_null())
        .cond_where(reachable)
        .cond_where(recipients.have(zalo_identity::Column::MemberId))
        .to_owned();
    dialect::hold_keys(&mut rows, member::Entity);
    let columns = [
        Column::Id,
        Column::NotificationId,
        Column::MemberId,
        Column::Channel,
        Column::Status,
        Column::Reason,
        Column::FinishedAt,
        Column::DueAt,
        Column::Attempt,
        Column::CreatedAt,
    ];
    let mut insert = Query::insert().into_table(Entity).columns(columns).to_owned();
    insert.select_from(rows).map_err(|error| DbErr::Custom(error.to_string()))?;
    let key = OnConflict::columns([Column::NotificationId, Column::MemberId, Column::Channel]).do_nothing().to_owned();
    tx.execute(insert.on_conflict(key)).await?;
    Ok(())
}

/// What may be claimed now, each with the moment that it is in the order of: what somebody claimed and never finished, and what
/// is due. These are two questions, because each walks along an index of its own and stops after a batch: one question for
/// both would gather and sort all that is due, once for each batch of it. The statuses are the very conditions of
/// `delivery_sending` and `delivery_waiting`, written out: neither database takes a partial index for values that it is told
/// only later.
fn claimable(channel: Channel, now: DateTime<Utc>) -> [(Condition, Column); 2] {
    let status = || Expr::col((Entity, Column::Status));
    let constant = |status: DeliveryStatus| Expr::Constant(status.into());
    let is_sending = status().eq(constant(DeliveryStatus::Sending));
    let is_waiting = status().is_in([DeliveryStatus::Pending, DeliveryStatus::Failed].map(constant));
    [(is_sending, Column::LeaseUntil), (is_waiting, Column::DueAt)].map(|(stands_so, moment)| {
        (Condition::all().add(stands_so).add(Column::Channel.eq(channel)).add(moment.lte(now)), moment)
    })
}

/// The ids of the next of them.
fn next_of(claimable: Condition, moment: Column, count: u64) -> SelectStatement {
    let next = Entity::find().select_only().column(Column::Id).filter(claimable);
    next.order_by_asc(moment).limit(count).into_query()
}

/// Is there anything to claim?
pub async fn is_anything_due(db: &impl ConnectionTrait, channel: Channel, now: DateTime<Utc>) -> Result<bool, DbErr> {
    for (claimable, moment) in claimable(channel, now) {
        if db.query_one(&next_of(claimable, moment, 1)).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Claims a batch until `lease_until`. No two callers get the same delivery: what one looks at, the others pass over until its
/// change is done.
pub async fn claim(tx: &Tx, channel: Channel, owner: &str, lease_until: DateTime<Utc>) -> Result<Vec<Claimed>, DbErr> {
    let mut ids: Vec<DeliveryId> = Vec::new();
    let mut taken_over: HashSet<DeliveryId> = HashSet::new();
    for (claimable, moment) in claimable(channel, tx.now()) {
        let left = BATCH.saturating_sub(u64::try_from(ids.len()).unwrap_or(BATCH));
        let mut next = next_of(claimable, moment, left);
        dialect::skip_locked(&mut next);
        for row in tx.query_all(&next).await? {
            let id = row.try_get("", "id")?;
            ids.push(id);
            if matches!(moment, Column::LeaseUntil) {
                taken_over.insert(id);
            }
        }
    }
    // By their ids, in a statement of its own: as a subquery of it either database may first look through all that is due.
    let rows = Entity::update_many()
        .col_expr(Column::Status, Expr::value(DeliveryStatus::Sending))
        .col_expr(Column::LeaseOwner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(lease_until))
        .col_expr(Column::Attempt, Expr::col(Column::Attempt).add(1))
        .filter(Column::Id.is_in(ids))
        .exec_with_returning(tx)
        .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        id: row.id,
        notification_id: row.notification_id,
        member_id: row.member_id,
        attempt: row.attempt,
        lease_owner: owner.to_owned(),
        started_at: tx.now(),
        is_taken_over: taken_over.contains(&row.id),
    });
    Ok(claimed.collect())
}

/// Makes the lease of these last until then. Gives those that are still held by it.
pub async fn renew(
    tx: &Tx,
    ids: &[DeliveryId],
    owner: &str,
    lease_until: DateTime<Utc>,
) -> Result<Vec<DeliveryId>, DbErr> {
    let rows = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(lease_until))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::Status.eq(DeliveryStatus::Sending))
        .filter(Column::LeaseOwner.eq(owner))
        .exec_with_returning(tx)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Since when something has been there to be claimed.
pub async fn waiting_since(
    db: &impl ConnectionTrait,
    channel: Channel,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let mut oldest = None;
    for (claimable, moment) in claimable(channel, now) {
        let first = Entity::find().select_only().column(moment).filter(claimable).order_by_asc(moment).limit(1);
        let since: Option<Option<DateTime<Utc>>> = first.into_tuple().one(db).await?;
        oldest = [oldest, since.flatten()].into_iter().flatten().min();
    }
    Ok(oldest)
}

/// Deletes a batch of the deliveries that were queued and ended before then, with what was tried. Gives how many.
pub async fn delete_old(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    let ended = [DeliveryStatus::Delivered, DeliveryStatus::Dead, DeliveryStatus::Suppressed];
    // Their ids begin with the moment at which they were made: `delivery_status_id` finds the old ones.
    let mut old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.lt(first_id_of(before)))
        .filter(Column::Status.is_in(ended))
        .filter(Column::FinishedAt.lt(before))
        .limit(batch)
        .into_query();
    dialect::skip_locked(&mut old);
    let rows = tx.query_all(&old).await?;
    let ids = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<DeliveryId>, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let tried = delivery_attempt::Column::DeliveryId.is_in(ids.iter().copied());
    delivery_attempt::Entity::delete_many().filter(tried).exec(tx).await?;
    Ok(Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx).await?.rows_affected)
}

/// Writes what came of an attempt. False when it does not count: the lease is somebody else's by now.
pub async fn finish(tx: &Tx, claimed: &Claimed, outcome: &Outcome, conclusion: &Conclusion) -> Result<bool, DbErr> {
    let message_id = match outcome {
        Outcome::Delivered { message_id } => Some(message_id.clone()),
        _ => None,
    };
    let finished_at = conclusion.due_at.is_none().then(|| tx.now());
    let mut update = held(claimed)
        .col_expr(Column::Status, Expr::value(conclusion.status))
        .col_expr(Column::Reason, Expr::value(conclusion.reason.map(str::to_owned)))
        .col_expr(Column::ProviderMessageId, Expr::value(message_id))
        .col_expr(Column::FinishedAt, Expr::value(finished_at));
    if let Some(due_at) = conclusion.due_at {
        update = update.col_expr(Column::DueAt, Expr::value(due_at));
    }
    if update.exec(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    let row = delivery_attempt::ActiveModel {
        delivery_id: Set(claimed.id),
        attempt: Set(claimed.attempt),
        started_at: Set(claimed.started_at),
        finished_at: Set(tx.now()),
        outcome: Set(conclusion.status),
        answer: Set(outcome.answer().map(str::to_owned)),
    };
    delivery_attempt::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}

/// Gives back what could not even be tried: it waits until `due_at`, and this was no attempt.
pub async fn release(tx: &Tx, claimed: &Claimed, due_at: DateTime<Utc>) -> Result<(), DbErr> {
    held(claimed)
        .col_expr(Column::Status, Expr::value(DeliveryStatus::Pending))
        .col_expr(Column::Attempt, Expr::value(claimed.attempt.saturating_sub(1)))
        .col_expr(Column::DueAt, Expr::value(due_at))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// The end of a lease, by whoever holds it.
fn held(claimed: &Claimed) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(claimed.id))
        .filter(Column::Status.eq(DeliveryStatus::Sending))
        .filter(Column::LeaseOwner.eq(claimed.lease_owner.as_str()))
        .filter(Column::Attempt.eq(claimed.attempt))
}

/// Makes one that did not arrive due now. False when it is none of these.
pub async fn make_due(tx: &Tx, id: DeliveryId) -> Result<bool, DbErr> {
    let stopped = [DeliveryStatus::Failed, DeliveryStatus::Dead, DeliveryStatus::Suppressed];
    let updated = Entity::update_many()
        .col_expr(Column::Status, Expr::value(DeliveryStatus::Pending))
        .col_expr(Column::DueAt, Expr::value(tx.now()))
        .col_expr(Column::Reason, Expr::value(None::<String>))
        .col_expr(Column::FinishedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(stopped))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// The delivery of that id, if the caller may know of it: those to members of units that one manages.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: DeliveryId,
    day: NaiveDate,
) -> Result<Option<Delivery>, DbErr> {
    let rows = visible(caller, day).filter(Column::Id.eq(id)).all(db).await?;
    Ok(with_attempts(db, rows).await?.into_iter().next())
}

/// A page of the deliveries that the caller may know of, newest first.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    status: Option<DeliveryStatus>,
    day: NaiveDate,
    page: &Page<DeliveryId>,
) -> Result<Vec<Delivery>, DbErr> {
    let mut query = visible(caller, day).order_by_desc(Column::Id).limit(page.fetch());
    if let Some(status) = status {
        query = query.filter(Column::Status.eq(status));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.lt(after));
    }
    let rows = query.all(db).await?;
    with_attempts(db, rows).await
}

fn visible(caller: &Person, day: NaiveDate) -> Select<Entity> {
    if caller.is_admin() {
        return Entity::find();
    }
    Entity::find().filter(Column::MemberId.in_subquery(members_below(&caller.managed_units(), day)))
}

async fn with_attempts(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<Delivery>, DbErr> {
    let notifications = rows.iter().map(|row| row.notification_id);
    let kinds: Vec<(NotificationId, String)> = notification::Entity::find()
        .select_only()
        .column(notification::Column::Id)
        .column(notification::Column::Kind)
        .filter(notification::Column::Id.is_in(notifications))
        .into_tuple()
        .all(db)
        .await?;
    let kinds: HashMap<NotificationId, String> = kinds.into_iter().collect();
    let tried = delivery_attempt::Entity::find()
        .filter(delivery_attempt::Column::DeliveryId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(delivery_attempt::Column::Attempt)
        .all(db)
        .await?;
    let mut attempts: HashMap<DeliveryId, Vec<Attempt>> = HashMap::new();
    for row in tried {
        attempts.entry(row.delivery_id).or_default().push(row);
    }
    let deliveries = rows.into_iter().map(|row| Delivery {
        id: row.id,
        kind: kinds.get(&row.notification_id).cloned().unwrap_or_default(),
        member_id: row.member_id,
        channel: row.channel,
        status: row.status,
        attempt: row.attempt,
        due_at: row.due_at,
        reason: row.reason,
        attempts: attempts.remove(&row.id).unwrap_or_default(),
    });
    Ok(deliveries.collect())
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};

    use super::*;

    #[test]
    fn what_can_be_claimed_is_asked_for_in_the_words_of_its_indexes() {
        let words = [r#""delivery"."status" = 'sending'"#, r#""delivery"."status" IN ('pending', 'failed')"#];
        for ((claimable, moment), words) in claimable(Channel::ZaloOa, DateTime::UNIX_EPOCH).into_iter().zip(words) {
            let next = next_of(claimable, moment, 1);

            for (query, _values) in [next.build(SqliteQueryBuilder), next.build(PostgresQueryBuilder)] {
                assert!(query.contains(words), "{query}");
            }
        }
    }
}
