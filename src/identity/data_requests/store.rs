//! All SQL about data requests.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};

use super::{DataRequest, Kind, Status};
use crate::{
    db::Tx,
    entity::data_request::{Column, Entity},
    kit::{
        http::Page,
        values::{DataRequestId, MemberId},
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
            .add_option(self.member.map(|member| Column::MemberId.eq(member)))
            .add_option(self.status.map(|status| Column::Status.eq(status)))
            .add_option(self.overdue_at.map(overdue))
    }
}

/// The very condition of the index `data_request_waiting`, its values written out: neither database takes a partial index for
/// values that it is told only later.
fn is_waiting() -> Expr {
    let waiting = [Status::Open, Status::Acknowledged].map(|status| Expr::Constant(status.into()));
    Expr::col((Entity, Column::Status)).is_in(waiting)
}

fn overdue(now: DateTime<Utc>) -> Condition {
    let is_open = Column::Status.eq(Status::Open);
    Condition::any()
        .add(is_open.clone().and(Column::AcknowledgeBy.lt(now)))
        .add(is_open.or(Column::Status.eq(Status::Acknowledged)).and(Column::DueAt.lt(now)))
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
        query = query.filter(place.gt(Expr::tuple([Expr::val(due_at), Expr::val(id)])));
    }
    query.all(db).await
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
    let row = Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| (row.member_id, row.kind)))
}

/// The request of that id, held against other changes until this one is done.
pub async fn find_for_change(tx: &Tx, id: DataRequestId) -> Result<Option<DataRequest>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// Adds a request.
pub async fn insert(tx: &Tx, request: &DataRequest) -> Result<(), DbErr> {
    let row = request.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a changed request, as the next version of its row.
pub async fn save(tx: &Tx, request: &mut DataRequest) -> Result<(), DbErr> {
    request.version = request.version.saturating_add(1);
    let row = request.clone().into_active_model().reset_all();
    Entity::update(row).exec(tx).await.map(|_row| ())
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
