//! All SQL about notifications and inboxes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};
use serde_json::Value;
use uuid::Uuid;

use super::wire::Which;
use crate::{
    db::{Tx, dialect},
    entity::{delivery, inbox_row, member, notification},
    kit::{
        http::Page,
        problems::Problem,
        values::{EventId, MemberId, NotificationId, ids::first_id_of},
    },
    relay::words::News,
};

/// Nobody reads a greater number than this, and counting on would cost whoever has been away for long.
pub const MOST_COUNTED: u64 = 1_000;

/// Where an inbox goes on: the latest position first.
pub type InboxKey = (i64, NotificationId);

/// Whom news is for.
pub enum Recipients {
    /// These members.
    These(Vec<MemberId>),
    /// Every member whose id this subquery gives: they are never listed here.
    All(Box<SelectStatement>),
}

impl Recipients {
    /// That this column of a member's id is one of theirs.
    pub fn have<C: sea_orm::ColumnTrait>(&self, member: C) -> Condition {
        Condition::all().add(match self {
            Self::These(members) => member.is_in(members.iter().copied()),
            Self::All(members) => member.in_subquery(members.as_ref().clone()),
        })
    }
}

/// A notification in somebody's inbox.
#[derive(Debug)]
pub struct Received {
    /// Which.
    pub id: NotificationId,
    /// Its place in the order of all news.
    pub position: i64,
    /// What it says; none when this build cannot read it.
    pub news: Option<News>,
    /// What it is about.
    pub subject: Uuid,
    /// Its facts as they are kept.
    pub values: Value,
    /// When what it tells of happened.
    pub created_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

/// Adds a notification of an event, as of the moment when it happened: however late it is spread.
pub async fn insert(
    tx: &Tx,
    id: NotificationId,
    (event, happened_at): (EventId, DateTime<Utc>),
    subject: Uuid,
    news: &News,
) -> Result<(), Problem> {
    let row = notification::ActiveModel {
        id: Set(id),
        event_id: Set(event),
        kind: Set(news.kind().to_owned()),
        subject_id: Set(subject),
        values: Set(news.values().map_err(Problem::internal)?),
        created_at: Set(happened_at),
    };
    notification::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Puts a notification into the inbox of each of these members, in one statement however many they are. Whoever is being
/// erased meanwhile is waited for, and passed over: an erasure takes away what it finds, or comes before.
pub async fn put_into_inboxes(
    tx: &Tx,
    id: NotificationId,
    position: i64,
    recipients: &Recipients,
) -> Result<(), DbErr> {
    let mut rows = Query::select()
        .column(member::Column::Id)
        .expr(Expr::val(id))
        .expr(Expr::val(position))
        .expr(Expr::val(tx.now()))
        .from(member::Entity)
        .and_where(member::Column::ErasedAt.is_null())
        .cond_where(recipients.have(member::Column::Id))
        .to_owned();
    dialect::hold_keys(&mut rows, member::Entity);
    let columns = [
        inbox_row::Column::MemberId,
        inbox_row::Column::NotificationId,
        inbox_row::Column::Position,
        inbox_row::Column::CreatedAt,
    ];
    let mut insert = Query::insert().into_table(inbox_row::Entity).columns(columns).to_owned();
    insert.select_from(rows).map_err(|error| DbErr::Custom(error.to_string()))?;
    let key = OnConflict::columns([inbox_row::Column::MemberId, inbox_row::Column::NotificationId]);
    tx.execute(insert.on_conflict(key.clone().do_nothing().to_owned())).await?;
    Ok(())
}

/// A page of a member's inbox, newest first.
pub async fn page_of(
    db: &impl ConnectionTrait,
    member: MemberId,
    unread: Option<bool>,
    page: &Page<InboxKey>,
) -> Result<Vec<Received>, DbErr> {
    let mut query = inbox_row::Entity::find()
        .filter(inbox_row::Column::MemberId.eq(member))
        .order_by_desc(inbox_row::Column::Position)
        .order_by_desc(inbox_row::Column::NotificationId)
        .limit(page.fetch());
    query = match unread {
        Some(true) => query.filter(inbox_row::Column::ReadAt.is_null()),
        Some(false) => query.filter(inbox_row::Column::ReadAt.is_not_null()),
        None => query,
    };
    if let Some((position, id)) = page.after {
        let place = Expr::tuple([Expr::col(inbox_row::Column::Position), Expr::col(inbox_row::Column::NotificationId)]);
        query = query.filter(place.lt(Expr::tuple([Expr::val(position), Expr::val(id)])));
    }
    with_news(db, query.all(db).await?).await
}

async fn with_news(db: &impl ConnectionTrait, rows: Vec<inbox_row::Model>) -> Result<Vec<Received>, DbErr> {
    let ids = rows.iter().map(|row| row.notification_id);
    let kept = notification::Entity::find().filter(notification::Column::Id.is_in(ids)).all(db).await?;
    let mut kept: HashMap<NotificationId, notification::Model> = kept.into_iter().map(|row| (row.id, row)).collect();
    let received = rows.into_iter().filter_map(|row| {
        let kept = kept.remove(&row.notification_id)?;
        Some(Received {
            id: kept.id,
            position: row.position,
            news: News::from_parts(&kept.kind, &kept.values).ok(),
            subject: kept.subject_id,
            values: kept.values,
            created_at: kept.created_at,
            read_at: row.read_at,
        })
    });
    Ok(received.collect())
}

/// What these notifications say; those that this build cannot read are left out.
pub async fn news_of(
    db: &impl ConnectionTrait,
    ids: &[NotificationId],
) -> Result<HashMap<NotificationId, News>, DbErr> {
    let ids = ids.iter().copied();
    let rows = notification::Entity::find().filter(notification::Column::Id.is_in(ids)).all(db).await?;
    let news = rows.into_iter().filter_map(|row| {
        let news = News::from_parts(&row.kind, &row.values).ok()?;
        Some((row.id, news))
    });
    Ok(news.collect())
}

/// How many in a member's inbox are unread; `MOST_COUNTED` when it is that many or more.
pub async fn count_unread(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, DbErr> {
    let unread = inbox_row::Entity::find()
        .select_only()
        .column(inbox_row::Column::NotificationId)
        .filter(inbox_row::Column::MemberId.eq(member))
        .filter(inbox_row::Column::ReadAt.is_null())
        .limit(MOST_COUNTED)
        .into_query();
    let count = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(unread, "unread").to_owned();
    let row = db.query_one(&count).await?;
    let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Marks what a member has read; what is read already keeps its time.
pub async fn mark_read(tx: &Tx, member: MemberId, which: &Which) -> Result<(), DbErr> {
    let which = match which {
        Which::These(ids) => inbox_row::Column::NotificationId.is_in(ids.iter().copied()),
        Which::UpTo(position) => inbox_row::Column::Position.lte(*position),
    };
    inbox_row::Entity::update_many()
        .col_expr(inbox_row::Column::ReadAt, Expr::value(tx.now()))
        .filter(inbox_row::Column::MemberId.eq(member))
        .filter(inbox_row::Column::ReadAt.is_null())
        .filter(which)
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Deletes a batch of inbox rows whose notification was made before then, read or not. Gives how many.
pub async fn delete_old_rows(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    use inbox_row::{Column, Entity};
    // The ids of notifications begin with the moment at which they were made.
    let key = [Column::MemberId, Column::NotificationId];
    let mut old = Entity::find()
        .select_only()
        .columns(key)
        .filter(Column::NotificationId.lt(first_id_of(before)))
        .order_by_asc(Column::NotificationId)
        .limit(batch)
        .into_query();
    // Whoever reads their inbox at this moment keeps nobody waiting, nor is kept.
    dialect::skip_locked(&mut old);
    let is_old = Expr::tuple(key.map(Expr::col)).in_subquery(old);
    Ok(Entity::delete_many().filter(is_old).exec(tx).await?.rows_affected)
}

/// Deletes a batch of the notifications made before then that are in no inbox and carried by no delivery. Gives how many, and
/// the events that they told of.
pub async fn delete_old(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<(u64, Vec<EventId>), DbErr> {
    use notification::{Column, Entity};
    let id = || Expr::col((Entity, Column::Id));
    let in_an_inbox = Query::select()
        .expr(Expr::val(1))
        .from(inbox_row::Entity)
        .and_where(Expr::col((inbox_row::Entity, inbox_row::Column::NotificationId)).eq(id()))
        .to_owned();
    let carried = Query::select()
        .expr(Expr::val(1))
        .from(delivery::Entity)
        .and_where(Expr::col((delivery::Entity, delivery::Column::NotificationId)).eq(id()))
        .to_owned();
    let old: Vec<(NotificationId, EventId)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::EventId])
        .filter(Column::Id.lt(first_id_of(before)))
        .filter(Expr::exists(in_an_inbox).not())
        .filter(Expr::exists(carried).not())
        .order_by_asc(Column::Id)
        .limit(batch)
        .into_tuple()
        .all(tx)
        .await?;
    let (ids, events): (Vec<NotificationId>, Vec<EventId>) = old.into_iter().unzip();
    let deleted = Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx).await?;
    Ok((deleted.rows_affected, events))
}

/// Where in its inbox a notification stands.
pub fn key_of(received: &Received) -> InboxKey {
    (received.position, received.id)
}
