//! All SQL about lives and the closure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    super::{
        UnitKind,
        closure::{Line, Lives},
        store::{lock_shared, touch},
        timeline::{Piece, State, Timeline},
    },
    Difference,
};
use crate::{
    db::{Tx, dialect},
    entity::{unit, unit_closure, unit_version},
    kit::{
        problems::FaultCode,
        values::{UnitId, clock::NO_END, text::fold},
    },
};

/// How many values go into one statement: far below what either database takes.
const AT_ONCE: usize = 2_000;

/// Waits until no other change of the tree is under way. Changes of the tree are rare and must see one another: two moves
/// at once could make a cycle that neither of them sees.
pub async fn lock_tree(tx: &Tx) -> Result<(), DbErr> {
    dialect::lock_until_commit(tx, dialect::UNIT_TREE_LOCK).await
}

/// What keeps somebody or something from being in this unit on every day of `[from, to)`: it is not there on the first day, or
/// it ends too soon. The unit is held until the end of the change: a merge or an end that is under way is waited for, and one
/// that begins later waits.
pub async fn obstacle(tx: &Tx, id: UnitId, from: NaiveDate, to: NaiveDate) -> Result<Option<FaultCode>, DbErr> {
    lock_shared(tx, &[id]).await?;
    Ok(obstacle_in(&timeline(tx, id).await?, from, to))
}

/// The same of a life that cannot change meanwhile.
pub fn obstacle_in(life: &Timeline, from: NaiveDate, to: NaiveDate) -> Option<FaultCode> {
    if life.on(from).is_none() {
        return Some(FaultCode::NoSuchThing);
    }
    (!life.covers(from, to)).then_some(FaultCode::EndsTooSoon)
}

/// From which day and until which (not included) each of these units lives.
pub async fn spans(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = UnitId>,
) -> Result<HashMap<UnitId, (NaiveDate, NaiveDate)>, DbErr> {
    let lives = timelines(db, ids).await?;
    let spans = lives.into_iter().filter_map(|(id, life)| Some((id, (life.begins()?, life.ends().unwrap_or(NO_END)))));
    Ok(spans.collect())
}

/// The life of a unit; empty when there is no such unit.
pub async fn timeline(db: &impl ConnectionTrait, id: UnitId) -> Result<Timeline, DbErr> {
    Ok(timelines(db, [id]).await?.remove(&id).unwrap_or_default())
}

/// The lives of these units, as far as they have one.
pub async fn timelines(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = UnitId>,
) -> Result<HashMap<UnitId, Timeline>, DbErr> {
    let ids: Vec<UnitId> = ids.into_iter().collect();
    let mut pieces: HashMap<UnitId, Vec<Piece>> = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows = unit_version::Entity::find()
            .filter(unit_version::Column::UnitId.is_in(some.iter().map(|id| id.0)))
            .all(db)
            .await?;
        for row in rows {
            pieces.entry(UnitId(row.unit_id)).or_default().push(piece_of(row));
        }
    }
    Ok(pieces.into_iter().map(|(id, pieces)| (id, Timeline::of(pieces))).collect())
}

fn piece_of(row: unit_version::Model) -> Piece {
    let state = State {
        name: row.name,
        short_name: row.short_name,
        kind: UnitKind::named(&row.kind),
        parent_id: row.parent_id.map(UnitId),
    };
    Piece { id: row.id, state, from: row.valid_from, to: row.valid_to }
}

/// The units that stand directly under this one on `since` or later.
pub async fn children_since(db: &impl ConnectionTrait, id: UnitId, since: NaiveDate) -> Result<Vec<UnitId>, DbErr> {
    let ids: Vec<Uuid> = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .distinct()
        .filter(unit_version::Column::ParentId.eq(id.0))
        .filter(unit_version::Column::ValidTo.gt(since))
        .order_by_asc(unit_version::Column::UnitId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(UnitId).collect())
}

/// Adds a unit with its life.
pub async fn insert_unit(tx: &Tx, id: UnitId, life: &Timeline) -> Result<(), DbErr> {
    let row = unit::ActiveModel {
        id: Set(id.0),
        code: Set(None),
        successor_id: Set(None),
        created_at: Set(tx.now()),
        version: Set(1),
    };
    unit::Entity::insert(row).exec_without_returning(tx).await?;
    let rows = life.pieces().iter().map(|piece| row_of(id, piece));
    unit_version::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a changed life; the unit's row gets its next version.
pub async fn save_timeline(tx: &Tx, id: UnitId, before: &Timeline, after: &Timeline) -> Result<(), DbErr> {
    if before == after {
        return Ok(());
    }
    let stays: HashSet<Uuid> = after.pieces().iter().map(|piece| piece.id).collect();
    let gone = before.pieces().iter().map(|piece| piece.id).filter(|piece| !stays.contains(piece));
    unit_version::Entity::delete_many().filter(unit_version::Column::Id.is_in(gone)).exec(tx).await?;
    for piece in after.pieces() {
        match before.pieces().iter().find(|old| old.id == piece.id) {
            Some(old) if old == piece => {}
            Some(_) => {
                let row = unit_version::ActiveModel { id: Unchanged(piece.id), ..row_of(id, piece) };
                unit_version::Entity::update(row).exec(tx).await?;
            }
            None => {
                unit_version::Entity::insert(row_of(id, piece)).exec_without_returning(tx).await?;
            }
        }
    }
    touch(tx, id).await
}

fn row_of(id: UnitId, piece: &Piece) -> unit_version::ActiveModel {
    unit_version::ActiveModel {
        id: Set(piece.id),
        unit_id: Set(id.0),
        name: Set(piece.state.name.clone()),
        short_name: Set(piece.state.short_name.clone()),
        folded_name: Set(fold(&piece.state.name)),
        kind: Set(piece.state.kind.name().to_owned()),
        parent_id: Set(piece.state.parent_id.map(|parent| parent.0)),
        valid_from: Set(piece.from),
        valid_to: Set(piece.to),
    }
}

/// Says where the history of a unit that ends goes on.
pub async fn set_successor(tx: &Tx, id: UnitId, successor: Option<UnitId>) -> Result<(), DbErr> {
    unit::Entity::update_many()
        .col_expr(unit::Column::SuccessorId, Expr::val(successor.map(|successor| successor.0)))
        .filter(unit::Column::Id.eq(id.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// These units and all that stand below them on `since` or later, in the order of their ids.
pub async fn with_all_below(
    db: &impl ConnectionTrait,
    units: &[UnitId],
    since: NaiveDate,
) -> Result<BTreeSet<UnitId>, DbErr> {
    let mut all: BTreeSet<UnitId> = units.iter().copied().collect();
    for some in units.chunks(AT_ONCE) {
        let below: Vec<Uuid> = unit_closure::Entity::find()
            .select_only()
            .column(unit_closure::Column::DescendantId)
            .distinct()
            .filter(unit_closure::Column::AncestorId.is_in(some.iter().map(|unit| unit.0)))
            .filter(unit_closure::Column::ValidTo.gt(since))
            .into_tuple()
            .all(db)
            .await?;
        all.extend(below.into_iter().map(UnitId));
    }
    Ok(all)
}

/// The lives of these units and of all that they stand or rest under on `since` or later.
pub async fn lives_above(
    db: &impl ConnectionTrait,
    units: &BTreeSet<UnitId>,
    since: NaiveDate,
) -> Result<Lives, DbErr> {
    let mut lives = Lives::default();
    let mut next: BTreeSet<UnitId> = units.clone();
    while !next.is_empty() {
        let asked: Vec<UnitId> = next.iter().copied().collect();
        let found = timelines(db, asked.iter().copied()).await?;
        let successors = successors_of(db, &asked).await?;
        let pieces = found.values().flat_map(Timeline::pieces).filter(|piece| piece.to > since);
        let mut above: BTreeSet<UnitId> = pieces.filter_map(|piece| piece.state.parent_id).collect();
        above.extend(successors.values());
        lives.timelines.extend(found);
        lives.successors.extend(successors);
        // What has no life at all is not asked for again.
        asked.iter().for_each(|unit| {
            lives.timelines.entry(*unit).or_default();
        });
        next = above.into_iter().filter(|unit| !lives.timelines.contains_key(unit)).collect();
    }
    Ok(lives)
}

async fn successors_of(db: &impl ConnectionTrait, ids: &[UnitId]) -> Result<HashMap<UnitId, UnitId>, DbErr> {
    let mut successors = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(Uuid, Option<Uuid>)> = unit::Entity::find()
            .select_only()
            .columns([unit::Column::Id, unit::Column::SuccessorId])
            .filter(unit::Column::Id.is_in(some.iter().map(|id| id.0)))
            .filter(unit::Column::SuccessorId.is_not_null())
            .into_tuple()
            .all(db)
            .await?;
        successors.extend(rows.into_iter().filter_map(|(id, successor)| Some((UnitId(id), UnitId(successor?)))));
    }
    Ok(successors)
}

/// The lines above these units that reach beyond `since`.
pub async fn lines_since(
    db: &impl ConnectionTrait,
    units: &BTreeSet<UnitId>,
    since: NaiveDate,
) -> Result<Vec<Line>, DbErr> {
    let mut lines = Vec::new();
    let units: Vec<UnitId> = units.iter().copied().collect();
    for some in units.chunks(AT_ONCE) {
        let rows = unit_closure::Entity::find()
            .filter(unit_closure::Column::DescendantId.is_in(some.iter().map(|unit| unit.0)))
            .filter(unit_closure::Column::ValidTo.gt(since))
            .all(db)
            .await?;
        lines.extend(rows.into_iter().map(|row| Line {
            ancestor: UnitId(row.ancestor_id),
            descendant: UnitId(row.descendant_id),
            depth: row.depth,
            from: row.valid_from,
            to: row.valid_to,
        }));
    }
    Ok(lines)
}

/// Lines of one ancestor that begin on the same day (none: before the change) are written by one statement.
type Alike = (UnitId, Option<NaiveDate>);

/// Writes a difference. A statement for many descendants of one ancestor: a move of five hundred units takes a handful.
pub async fn write(tx: &Tx, difference: &Difference, since: NaiveDate) -> Result<(), DbErr> {
    let alike = |line: &Line| -> Alike { (line.ancestor, (line.from >= since).then_some(line.from)) };
    let mut gone: BTreeMap<Alike, Vec<Uuid>> = BTreeMap::new();
    for line in &difference.gone {
        gone.entry(alike(line)).or_default().push(line.descendant.0);
    }
    for (alike, descendants) in gone {
        for some in descendants.chunks(AT_ONCE) {
            unit_closure::Entity::delete_many().filter(these(alike, some, since)).exec(tx).await?;
        }
    }
    let mut ends: BTreeMap<(Alike, NaiveDate), Vec<Uuid>> = BTreeMap::new();
    for (line, to) in &difference.ends {
        ends.entry((alike(line), *to)).or_default().push(line.descendant.0);
    }
    for ((alike, to), descendants) in ends {
        for some in descendants.chunks(AT_ONCE) {
            unit_closure::Entity::update_many()
                .col_expr(unit_closure::Column::ValidTo, Expr::val(to))
                .filter(these(alike, some, since))
                .exec(tx)
                .await?;
        }
    }
    for some in difference.new.chunks(AT_ONCE) {
        let rows = some.iter().map(|line| unit_closure::ActiveModel {
            ancestor_id: Set(line.ancestor.0),
            descendant_id: Set(line.descendant.0),
            valid_from: Set(line.from),
            valid_to: Set(line.to),
            depth: Set(line.depth),
        });
        unit_closure::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn these((ancestor, from): Alike, descendants: &[Uuid], since: NaiveDate) -> sea_orm::Condition {
    let lines = sea_orm::Condition::all()
        .add(unit_closure::Column::AncestorId.eq(ancestor.0))
        .add(unit_closure::Column::DescendantId.is_in(descendants.iter().copied()));
    match from {
        Some(from) => lines.add(unit_closure::Column::ValidFrom.eq(from)),
        None => lines.add(unit_closure::Column::ValidFrom.lt(since)).add(unit_closure::Column::ValidTo.gt(since)),
    }
}
