//! The chain: each row has a place and a hash over its content and the hash before it, so that nothing can be changed, taken
//! out or put in between without every later hash being another one.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::OnConflict,
};
use serde_json::json;

use crate::{
    db::Tx,
    entity::{
        audit_checkpoint,
        audit_row::{ActiveModel, Column, Entity, Model},
    },
    kit::{
        problems::Problem,
        secrets::secret::{sha256, to_hex},
    },
};

/// How many rows are looked at together: memory stays flat however long the chain is.
const PAGE: u64 = 1_000;

/// The end of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The place of its last row; 0 of none.
    pub position: i64,
    /// The hash of its last row; empty of none.
    pub hash: String,
    /// How many of its rows were pruned.
    pub pruned: i64,
}

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// A row is not there.
    #[error("row {position} of the audit log is missing")]
    Missing {
        /// Its place.
        position: i64,
    },
    /// A row does not follow from the one before it.
    #[error("row {position} of the audit log ({id}) does not follow from the one before it")]
    Unlinked {
        /// Its place.
        position: i64,
        /// Its id.
        id: uuid::Uuid,
    },
    /// A row says something else than when it was chained.
    #[error("row {position} of the audit log ({id}) was changed")]
    Changed {
        /// Its place.
        position: i64,
        /// Its id.
        id: uuid::Uuid,
    },
}

/// Is there a row without a place in the chain?
pub async fn is_anything_waiting(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(waiting_since(db).await?.is_some())
}

/// Since when a row has waited for its place in the chain.
pub async fn waiting_since(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::RecordedAt)
        .filter(Column::Position.is_null())
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}

/// Gives the rows that wait, at most `limit`, their place in the chain, in one statement. Only the sequencer calls this.
pub async fn chain(tx: &Tx, limit: u64) -> Result<usize, Problem> {
    let waiting = Entity::find()
        .filter(Column::Position.is_null())
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(tx)
        .await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let Chain { mut position, hash: mut previous, .. } = end(tx).await?;
    let count = waiting.len();
    let placed = waiting.into_iter().map(|mut row| {
        position = position.saturating_add(1);
        let hash = hash_of(&row, position, &previous);
        row.position = Some(position);
        row.previous_hash = Some(std::mem::replace(&mut previous, hash.clone()));
        row.hash = Some(hash);
        row.into_active_model().reset_all()
    });
    let rows: Vec<ActiveModel> = placed.collect();
    // They are all there: the insertion is an update of many rows, each with values of its own.
    let place = [Column::Position, Column::PreviousHash, Column::Hash];
    let update = OnConflict::column(Column::Id).update_columns(place).to_owned();
    Entity::insert_many(rows).on_conflict(update).exec_without_returning(tx).await?;
    Ok(count)
}

/// The end of the chain as it is stored.
pub(super) async fn end(db: &impl ConnectionTrait) -> Result<Chain, DbErr> {
    let start = start(db).await?;
    let last = Entity::find().filter(Column::Position.is_not_null()).order_by_desc(Column::Position).one(db).await?;
    Ok(match last.and_then(|row| Some((row.position?, row.hash?))) {
        Some((position, hash)) => Chain { position, hash, ..start },
        None => start,
    })
}

/// What the rows that are still there go on from.
pub(super) async fn start(db: &impl ConnectionTrait) -> Result<Chain, DbErr> {
    use audit_checkpoint::{Column, Entity};
    let last = Entity::find().order_by_desc(Column::Position).one(db).await?;
    Ok(last.map_or_else(Chain::default, |row| Chain { position: row.position, hash: row.hash, pruned: row.row_count }))
}

/// Goes through the whole chain, from the last checkpoint on. Gives its end, or where it breaks first.
pub async fn verify(db: &impl ConnectionTrait) -> Result<Result<Chain, Break>, DbErr> {
    let mut chain = start(db).await?;
    loop {
        let rows = Entity::find()
            .filter(Column::Position.gt(chain.position))
            .order_by_asc(Column::Position)
            .limit(PAGE)
            .all(db)
            .await?;
        let is_last = u64::try_from(rows.len()).unwrap_or(PAGE) < PAGE;
        if let Err(broken) = rows.iter().try_for_each(|row| chain.follow(row)) {
            // Rows may have been pruned meanwhile: then it goes on from what took them over.
            let start = start(db).await?;
            if start.position <= chain.position {
                return Ok(Err(broken));
            }
            chain = start;
        } else if is_last {
            return Ok(Ok(chain));
        }
    }
}

impl Chain {
    /// Goes on by one row.
    fn follow(&mut self, row: &Model) -> Result<(), Break> {
        let position = self.position.saturating_add(1);
        if row.position != Some(position) {
            return Err(Break::Missing { position });
        }
        if row.previous_hash.as_deref() != Some(self.hash.as_str()) {
            return Err(Break::Unlinked { position, id: row.id });
        }
        let hash = hash_of(row, position, &self.hash);
        if row.hash.as_deref() != Some(hash.as_str()) {
            return Err(Break::Changed { position, id: row.id });
        }
        *self = Self { position, hash, pruned: self.pruned };
        Ok(())
    }
}

/// SHA-256 over the row as JSON with its keys in order, and the hash before it.
fn hash_of(row: &Model, position: i64, previous: &str) -> String {
    let content = json!({
        "action": row.action, "actor_id": row.actor_id, "actor_kind": row.actor_kind, "after": row.after,
        "before": row.before, "id": row.id, "position": position, "previous_hash": previous,
        "recorded_at": row.recorded_at, "request_id": row.request_id, "subject_id": row.subject_id,
        "subject_kind": row.subject_kind,
    });
    to_hex(&sha256(content.to_string().as_bytes()))
}
