//! All SQL about imports themselves.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, Func, SubQueryStatement},
};
use uuid::Uuid;

use super::{
    import::{Counts, Import, ImportKind, ImportStatus, LEASE, Outcome, RowFault},
    staged::{Staged, StagedRow},
    units::Before,
};
use crate::{
    db::{Tx, dialect},
    entity::{import, import_chunk, import_conflict, import_plan, import_row},
    kit::{
        http::{Page, Person},
        problems::{FaultCode, Problem},
        secrets::Vault,
        values::{
            ImportId, MemberId,
            clock::{later, span},
        },
    },
};

/// How many rows one statement writes, whatever they are: both databases bound the values of a statement.
const ROWS_AT_ONCE: usize = 1_000;

/// A row that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The row, as the spreadsheet counts.
    pub number: i32,
    /// The reason's place among those of the row.
    pub place: i32,
    /// The reason.
    pub fault: RowFault,
}

/// Adds an import that waits for a worker.
pub async fn insert(tx: &Tx, import: &Import) -> Result<(), Problem> {
    let row = import::ActiveModel {
        id: Set(import.id.0),
        member_id: Set(import.member_id.0),
        kind: Set(import.kind.name().to_owned()),
        dry_run: Set(import.dry_run),
        status: Set(import.status.name().to_owned()),
        file_name: Set(import.file_name.clone()),
        file_hash: Set(import.file_hash.clone()),
        file_size: Set(import.file_size),
        headers: Set(serde_json::to_value(&import.headers).map_err(Problem::internal)?),
        rows_total: Set(import.rows_total),
        planned_to: Set(import.planned_to),
        applied_to: Set(import.applied_to),
        created: Set(import.counts.created),
        changed: Set(import.counts.changed),
        unchanged: Set(import.counts.unchanged),
        refused: Set(import.counts.refused),
        failure: Set(None),
        created_at: Set(import.created_at),
        started_at: Set(None),
        finished_at: Set(None),
        lease_owner: Set(None),
        lease_until: Set(None),
        attempt: Set(0),
        version: Set(import.version),
    };
    import::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Keeps a piece of its file.
pub async fn insert_chunk(tx: &Tx, id: ImportId, ordinal: i32, sealed: Vec<u8>) -> Result<(), DbErr> {
    let row = import_chunk::ActiveModel { import_id: Set(id.0), ordinal: Set(ordinal), content_cipher: Set(sealed) };
    import_chunk::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// A piece of its file; none after the last one.
pub async fn chunk(db: &impl ConnectionTrait, id: ImportId, ordinal: i32) -> Result<Option<Vec<u8>>, DbErr> {
    let row = import_chunk::Entity::find_by_id((id.0, ordinal)).one(db).await?;
    Ok(row.map(|row| row.content_cipher))
}

fn of(row: import::Model) -> Result<Import, Problem> {
    Ok(Import {
        id: ImportId(row.id),
        member_id: MemberId(row.member_id),
        kind: ImportKind::named(&row.kind).unwrap_or(ImportKind::Units),
        dry_run: row.dry_run,
        status: ImportStatus::named(&row.status),
        file_name: row.file_name,
        file_size: row.file_size,
        file_hash: row.file_hash,
        headers: serde_json::from_value(row.headers).map_err(Problem::internal)?,
        rows_total: row.rows_total,
        planned_to: row.planned_to,
        applied_to: row.applied_to,
        counts: Counts { created: row.created, changed: row.changed, unchanged: row.unchanged, refused: row.refused },
        failure: row.failure.as_deref().map(|name| FaultCode::named(name).unwrap_or(FaultCode::Unexpected)),
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        lease_owner: row.lease_owner,
        attempt: row.attempt,
        version: row.version,
    })
}

fn visible(caller: &Person) -> Select<import::Entity> {
    let all = import::Entity::find();
    if caller.is_admin() { all } else { all.filter(import::Column::MemberId.eq(caller.member_id.0)) }
}

/// The import of that id, if the caller may know of it: one's own; an admin, all.
pub async fn find_visible(db: &impl ConnectionTrait, caller: &Person, id: ImportId) -> Result<Option<Import>, Problem> {
    visible(caller).filter(import::Column::Id.eq(id.0)).one(db).await?.map(of).transpose()
}

/// The import of that id, for the server itself.
pub async fn find(db: &impl ConnectionTrait, id: ImportId) -> Result<Option<Import>, Problem> {
    import::Entity::find_by_id(id.0).one(db).await?.map(of).transpose()
}

/// A page of the imports that the caller may know of, newest first.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    page: &Page<ImportId>,
) -> Result<Vec<Import>, Problem> {
    let mut query = visible(caller).order_by_desc(import::Column::Id).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(import::Column::Id.lt(after.0));
    }
    query.all(db).await?.into_iter().map(of).collect()
}

/// The reasons why rows were left out, by row, after that one; at most `limit`.
pub async fn conflicts(
    db: &impl ConnectionTrait,
    id: ImportId,
    after: Option<(i32, i32)>,
    limit: u64,
) -> Result<Vec<Conflict>, Problem> {
    use import_conflict::Column;
    let mut query = import_conflict::Entity::find()
        .filter(Column::ImportId.eq(id.0))
        .order_by_asc(Column::Number)
        .order_by_asc(Column::Place)
        .limit(limit);
    if let Some((number, place)) = after {
        let key = Expr::tuple([Expr::col(Column::Number), Expr::col(Column::Place)]);
        query = query.filter(key.gt(Expr::tuple([Expr::val(number), Expr::val(place)])));
    }
    let rows = query.all(db).await?;
    let conflicts = rows.into_iter().map(|row| {
        let with = serde_json::from_value(row.worded_with).map_err(Problem::internal)?;
        let fault = RowFault { column: row.column_name, code: row.code, with };
        Ok(Conflict { number: row.number, place: row.place, fault })
    });
    conflicts.collect()
}

/// The first part is the very condition of the index `import_waiting`, its values written out: neither database takes a
/// partial index for values that it is told only later.
fn is_waiting(now: DateTime<Utc>) -> Condition {
    let waiting = [ImportStatus::Queued, ImportStatus::Running].map(|status| Expr::Constant(status.name().into()));
    Condition::all()
        .add(Expr::col((import::Entity, import::Column::Status)).is_in(waiting))
        .add(import::Column::LeaseUntil.is_null().or(import::Column::LeaseUntil.lte(now)))
}

/// Is there an import that nobody works at?
pub async fn is_anything_waiting(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<bool, DbErr> {
    Ok(import::Entity::find().filter(is_waiting(now)).one(db).await?.is_some())
}

/// Since when an import has waited for somebody to work at it; none while somebody works at one.
pub async fn waiting_since(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
    use import::Column;
    let worked_at = import::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.eq(ImportStatus::Running.name()))
        .filter(Column::LeaseUntil.gt(now))
        .limit(1);
    if worked_at.into_tuple::<Uuid>().one(db).await?.is_some() {
        return Ok(None);
    }
    let oldest = import::Entity::find()
        .select_only()
        .columns([Column::CreatedAt, Column::LeaseUntil])
        .filter(is_waiting(now))
        .order_by_asc(Column::Id)
        .limit(1);
    let oldest = oldest.into_tuple::<(DateTime<Utc>, Option<DateTime<Utc>>)>().one(db).await?;
    Ok(oldest.map(|(created_at, lease_until)| lease_until.unwrap_or(created_at)))
}

/// Takes the oldest import that nobody works at, for as long as a lease lasts.
pub async fn claim(tx: &Tx, owner: &str) -> Result<Option<Import>, Problem> {
    let mut oldest = import::Entity::find()
        .select_only()
        .column(import::Column::Id)
        .filter(is_waiting(tx.now()))
        .order_by_asc(import::Column::Id)
        .limit(1)
        .into_query();
    dialect::skip_locked(&mut oldest);
    let rows = import::Entity::update_many()
        .col_expr(import::Column::Status, Expr::value(ImportStatus::Running.name()))
        .col_expr(
            import::Column::StartedAt,
            Func::coalesce([Expr::col(import::Column::StartedAt), Expr::value(tx.now())]).into(),
        )
        .col_expr(import::Column::LeaseOwner, Expr::value(owner))
        .col_expr(import::Column::LeaseUntil, Expr::value(later(tx.now(), span(LEASE))))
        .col_expr(import::Column::Attempt, Expr::col(import::Column::Attempt).add(1))
        // Not `IN`: PostgreSQL may ask such a query anew for each row, and would claim one more each time.
        .filter(Expr::col((import::Entity, import::Column::Id)).eq(Expr::from(SubQueryStatement::from(oldest))))
        // Once more: what a concurrent claim has changed meanwhile is not claimed twice.
        .filter(is_waiting(tx.now()))
        .exec_with_returning(tx)
        .await?;
    rows.into_iter().next().map(of).transpose()
}

/// Makes the lease last longer. False when it is somebody else's by now; until this transaction ends nobody else can take it.
pub async fn hold(tx: &Tx, import: &Import) -> Result<bool, DbErr> {
    let held = import::Entity::update_many()
        .col_expr(import::Column::LeaseUntil, Expr::value(later(tx.now(), span(LEASE))))
        .filter(import::Column::Id.eq(import.id.0))
        .filter(import::Column::Status.eq(ImportStatus::Running.name()))
        .filter(import::Column::LeaseOwner.eq(import.lease_owner.clone()))
        .exec(tx)
        .await?;
    Ok(held.rows_affected == 1)
}

/// Gives the lease back, with nothing done.
pub async fn release(tx: &Tx, import: &Import) -> Result<(), DbErr> {
    import::Entity::update_many()
        .col_expr(import::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(import::Column::Id.eq(import.id.0))
        .filter(import::Column::LeaseOwner.eq(import.lease_owner.clone()))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// The same, and the attempt does not count: it was not the import that failed.
pub async fn release_uncounted(tx: &Tx, import: &Import) -> Result<(), DbErr> {
    import::Entity::update_many()
        .col_expr(import::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(import::Column::Attempt, Expr::value(import.attempt.saturating_sub(1)))
        .filter(import::Column::Id.eq(import.id.0))
        .filter(import::Column::LeaseOwner.eq(import.lease_owner.clone()))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Writes how far it is, and gives the lease back.
pub async fn save_progress(tx: &Tx, import: &Import) -> Result<(), DbErr> {
    import::Entity::update_many()
        .col_expr(import::Column::Status, Expr::value(import.status.name()))
        .col_expr(import::Column::RowsTotal, Expr::value(import.rows_total))
        .col_expr(import::Column::PlannedTo, Expr::value(import.planned_to))
        .col_expr(import::Column::AppliedTo, Expr::value(import.applied_to))
        .col_expr(import::Column::Created, Expr::value(import.counts.created))
        .col_expr(import::Column::Changed, Expr::value(import.counts.changed))
        .col_expr(import::Column::Unchanged, Expr::value(import.counts.unchanged))
        .col_expr(import::Column::Refused, Expr::value(import.counts.refused))
        .col_expr(import::Column::Failure, Expr::value(import.failure.map(FaultCode::name)))
        .col_expr(import::Column::FinishedAt, Expr::value(import.finished_at))
        .col_expr(import::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(import::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(import::Column::Attempt, Expr::value(0))
        .col_expr(import::Column::Version, Expr::col(import::Column::Version).add(1))
        .filter(import::Column::Id.eq(import.id.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Adds rows that have been read.
pub async fn insert_rows(tx: &Tx, vault: &Vault, id: ImportId, rows: &[StagedRow]) -> Result<(), DbErr> {
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let rows = rows.iter().map(|row| import_row::ActiveModel {
            import_id: Set(id.0),
            ordinal: Set(row.ordinal),
            number: Set(row.number),
            content_cipher: Set(row.content.seal(vault, id)),
        });
        import_row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The rows after that place in the order of work, at most `limit`.
pub async fn rows_after(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: ImportId,
    after: i32,
    limit: u64,
) -> Result<Vec<StagedRow>, Problem> {
    let rows = import_row::Entity::find()
        .filter(import_row::Column::ImportId.eq(id.0))
        .filter(import_row::Column::Ordinal.gt(after))
        .order_by_asc(import_row::Column::Ordinal)
        .limit(limit)
        .all(db)
        .await?;
    let rows = rows.into_iter().map(|row| {
        let content = Staged::open(vault, id, &row.content_cipher)?;
        Ok(StagedRow { ordinal: row.ordinal, number: row.number, content })
    });
    rows.collect()
}

/// Deletes the rows up to that place: nobody needs them any more.
pub async fn delete_rows(tx: &Tx, id: ImportId, up_to: i32) -> Result<(), DbErr> {
    import_row::Entity::delete_many()
        .filter(import_row::Column::ImportId.eq(id.0))
        .filter(import_row::Column::Ordinal.lte(up_to))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Deletes its file.
pub async fn delete_chunks(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    import_chunk::Entity::delete_many().filter(import_chunk::Column::ImportId.eq(id.0)).exec(tx).await.map(|_rows| ())
}

/// Deletes everything that was kept for the work on it.
pub async fn delete_all(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    delete_chunks(tx, id).await?;
    delete_rows(tx, id, i32::MAX).await?;
    import_plan::Entity::delete_many().filter(import_plan::Column::ImportId.eq(id.0)).exec(tx).await.map(|_rows| ())
}

/// What is to become of a row.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Its place in the order of work.
    pub ordinal: i32,
    /// Its number in the spreadsheet.
    pub number: i32,
    /// What.
    pub outcome: Outcome,
    /// Of whom or of which unit.
    pub subject: Option<Uuid>,
}

/// Keeps what is to become of rows.
pub async fn insert_plan(tx: &Tx, id: ImportId, plan: &[Planned]) -> Result<(), DbErr> {
    for plan in plan.chunks(ROWS_AT_ONCE) {
        let rows = plan.iter().map(|planned| import_plan::ActiveModel {
            import_id: Set(id.0),
            ordinal: Set(planned.ordinal),
            number: Set(planned.number),
            outcome: Set(planned.outcome.name().to_owned()),
            subject_id: Set(planned.subject),
        });
        import_plan::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Says otherwise of these rows what becomes of them.
pub async fn replace_plan(tx: &Tx, id: ImportId, plan: &[Planned]) -> Result<(), DbErr> {
    if plan.is_empty() {
        return Ok(());
    }
    import_plan::Entity::delete_many()
        .filter(import_plan::Column::ImportId.eq(id.0))
        .filter(import_plan::Column::Ordinal.is_in(plan.iter().map(|planned| planned.ordinal)))
        .exec(tx)
        .await?;
    insert_plan(tx, id, plan).await
}

/// What is to become of the rows after the first place, up to the other one.
pub async fn plan_between(
    db: &impl ConnectionTrait,
    id: ImportId,
    after: i32,
    up_to: i32,
) -> Result<HashMap<i32, Planned>, DbErr> {
    let rows = import_plan::Entity::find()
        .filter(import_plan::Column::ImportId.eq(id.0))
        .filter(import_plan::Column::Ordinal.gt(after))
        .filter(import_plan::Column::Ordinal.lte(up_to))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.ordinal, planned(&row))).collect())
}

fn planned(row: &import_plan::Model) -> Planned {
    Planned { ordinal: row.ordinal, number: row.number, outcome: Outcome::named(&row.outcome), subject: row.subject_id }
}

/// What has become of the rows at these places.
pub async fn plan_at(db: &impl ConnectionTrait, id: ImportId, ordinals: &[i32]) -> Result<Before, DbErr> {
    let rows = import_plan::Entity::find()
        .filter(import_plan::Column::ImportId.eq(id.0))
        .filter(import_plan::Column::Ordinal.is_in(ordinals.iter().copied()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.ordinal, (Outcome::named(&row.outcome), row.subject_id))).collect())
}

/// What is to become of the rows so far that are about one of these, in their order.
pub async fn rows_about(
    db: &impl ConnectionTrait,
    id: ImportId,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Planned>>, DbErr> {
    let rows = import_plan::Entity::find()
        .filter(import_plan::Column::ImportId.eq(id.0))
        .filter(import_plan::Column::SubjectId.is_in(subjects.iter().copied()))
        .order_by_asc(import_plan::Column::Ordinal)
        .all(db)
        .await?;
    let mut about: HashMap<Uuid, Vec<Planned>> = HashMap::new();
    for row in &rows {
        about.entry(row.subject_id.unwrap_or_default()).or_default().push(planned(row));
    }
    Ok(about)
}

/// Keeps why rows were left out.
pub async fn insert_conflicts(tx: &Tx, id: ImportId, conflicts: &[(i32, &RowFault)]) -> Result<(), Problem> {
    let mut places: HashMap<i32, i32> = HashMap::new();
    let mut rows = Vec::with_capacity(conflicts.len());
    for (number, fault) in conflicts {
        let place = places.entry(*number).or_default();
        rows.push(import_conflict::ActiveModel {
            import_id: Set(id.0),
            number: Set(*number),
            place: Set(*place),
            column_name: Set(fault.column.clone()),
            code: Set(fault.code.clone()),
            worded_with: Set(serde_json::to_value(&fault.with).map_err(Problem::internal)?),
        });
        *place = place.saturating_add(1);
    }
    for rows in rows.chunks(ROWS_AT_ONCE) {
        import_conflict::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// How many rows were left out for this reason at this column.
pub async fn count_conflicts(tx: &Tx, id: ImportId, column: &str, code: FaultCode) -> Result<u64, DbErr> {
    use import_conflict::{Column, Entity};
    use sea_orm::PaginatorTrait as _;
    Entity::find()
        .filter(Column::ImportId.eq(id.0))
        .filter(Column::ColumnName.eq(column))
        .filter(Column::Code.eq(code.name()))
        .count(tx)
        .await
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    #[test]
    fn what_waits_is_asked_for_in_the_words_of_its_index() {
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            let query = import::Entity::find().filter(is_waiting(DateTime::UNIX_EPOCH)).build(backend).sql;

            assert!(query.contains(r#""import"."status" IN ('queued', 'running')"#), "{query}");
        }
    }
}
