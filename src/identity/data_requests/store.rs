//! All SQL about data requests.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::Expr,
};

use super::{DataRequest, Kind, Origin, Status};
use crate::{
    db::Tx,
    entity::data_request::{ActiveModel, Column, Entity, Model},
    kit::{
        http::page::Page,
        values::ids::{DataRequestId, MemberId},
    },
};

/// Where a list of requests goes on: what is due first, first.
pub type RequestKey = (DateTime<Utc>, DataRequestId);

/// Which requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which {
    /// Of this member.
    pub member: Option<MemberId>,
    /// That stand so.
    pub status: Option<Status>,
    /// That are overdue at this moment.
    pub overdue_at: Option<DateTime<Utc>>,
}

impl Which {
    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(self.member.map(|member| Column::MemberId.eq(member.0)))
            .add_option(self.status.map(|status| Column::Status.eq(status.name())))
            .add_option(self.overdue_at.map(overdue))
    }
}

/// The very condition of the index `data_request_waiting`, its values written out: neither database takes a partial index for
/// values that it is told only later.
fn is_waiting() -> Expr {
    let waiting = [Status::Open, Status::Acknowledged].map(|status| Expr::Constant(status.name().into()));
    Expr::col((Entity, Column::Status)).is_in(waiting)
}

fn overdue(now: DateTime<Utc>) -> Condition {
    let is_open = Column::Status.eq(Status::Open.name());
    Condition::any()
        .add(is_open.clone().and(Column::AcknowledgeBy.lt(now)))
        .add(is_open.or(Column::Status.eq(Status::Acknowledged.name())).and(Column::DueAt.lt(now)))
}

/// A page of requests, what is due first, first.
pub async fn page(db: &impl ConnectionTrait, which: Which, page: &Page<RequestKey>) -> Result<Vec<DataRequest>, DbErr> {
    let mut query = Entity::find()
        .filter(which.condition())
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(page.fetch());
    if let Some((due_at, id)) = page.after {
        let place = Expr::tuple([Expr::col(Column::DueAt), Expr::col(Column::Id)]);
        query = query.filter(place.gt(Expr::tuple([Expr::val(due_at), Expr::val(id.0)])));
    }
    Ok(query.all(db).await?.into_iter().filter_map(from_row).collect())
}

/// How many are not resolved, and how many of those are overdue. An index has those that are not, and no other.
pub async fn count_waiting(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(u64, u64), DbErr> {
    let waiting = Entity::find().filter(is_waiting());
    let all = waiting.clone().count(db).await?;
    let late = waiting.filter(overdue(now)).count(db).await?;
    Ok((all, late))
}

/// Whose request that is, and what about: neither ever changes.
pub async fn whose(db: &impl ConnectionTrait, id: DataRequestId) -> Result<Option<(MemberId, Kind)>, DbErr> {
    let row = Entity::find_by_id(id.0).one(db).await?;
    Ok(row.and_then(|row| Some((MemberId(row.member_id), Kind::named(&row.kind)?))))
}

/// The request of that id, held against other changes until this one is done.
pub async fn find_for_change(tx: &Tx, id: DataRequestId) -> Result<Option<DataRequest>, DbErr> {
    Ok(Entity::find_by_id(id.0).lock_exclusive().one(tx).await?.and_then(from_row))
}

/// Adds a request.
pub async fn insert(tx: &Tx, request: &DataRequest) -> Result<(), DbErr> {
    let mut row = row_of(request);
    row.id = Set(request.id.0);
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a changed request, as the next version of its row.
pub async fn save(tx: &Tx, request: &mut DataRequest) -> Result<(), DbErr> {
    request.version = request.version.saturating_add(1);
    let mut row = row_of(request);
    row.id = Unchanged(request.id.0);
    Entity::update(row).exec(tx).await.map(|_row| ())
}

fn row_of(request: &DataRequest) -> ActiveModel {
    ActiveModel {
        member_id: Set(request.member_id.0),
        kind: Set(request.kind.name().to_owned()),
        source: Set(request.origin.name().to_owned()),
        detail: Set(request.detail.clone()),
        status: Set(request.status.name().to_owned()),
        requested_at: Set(request.requested_at),
        acknowledge_by: Set(request.acknowledge_by),
        due_at: Set(request.due_at),
        acknowledged_at: Set(request.acknowledged_at),
        resolved_at: Set(request.resolved_at),
        resolved_by: Set(request.resolved_by.map(|member| member.0)),
        resolution: Set(request.resolution.clone()),
        version: Set(request.version),
        ..Default::default()
    }
}

fn from_row(row: Model) -> Option<DataRequest> {
    Some(DataRequest {
        id: DataRequestId(row.id),
        member_id: MemberId(row.member_id),
        kind: Kind::named(&row.kind)?,
        origin: Origin::named(&row.source)?,
        detail: row.detail,
        status: Status::named(&row.status)?,
        requested_at: row.requested_at,
        acknowledge_by: row.acknowledge_by,
        due_at: row.due_at,
        acknowledged_at: row.acknowledged_at,
        resolved_at: row.resolved_at,
        resolved_by: row.resolved_by.map(MemberId),
        resolution: row.resolution,
        version: row.version,
    })
}

/// Where in the list a request stands.
pub fn key_of(request: &DataRequest) -> RequestKey {
    (request.due_at, request.id)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait as _};

    use super::*;

    #[test]
    fn what_waits_is_counted_in_the_words_of_its_index() {
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            let query = Entity::find().filter(is_waiting()).build(backend).sql;

            assert!(query.contains(r#""data_request"."status" IN ('open', 'acknowledged')"#), "{query}");
        }
    }
}
