//! All SQL about what has come of pledges.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, IntoSimpleExpr as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, LockType, Query, SimpleExpr},
};

use super::super::{
    Pledge,
    pledge::{PledgeStatus, streak},
    wire::{CommitmentProgress, PledgeView},
};
use crate::{
    campaigns::ledger::{Derived, Drift},
    db::{Tx, dialect, exact},
    entity::{
        checkin::{self, CheckinStatus},
        commitment,
        ledger_entry::{self, Figure},
        pledge,
    },
    kit::values::{CommitmentId, PledgeId, Total},
};

/// The rule of `Pledge::standing` as a condition.
pub fn stands(status: PledgeStatus, is_campaign_closed: bool, today: NaiveDate) -> Condition {
    let next_due_on = pledge::Column::NextDueOn;
    let is_signed = Condition::all().add(pledge::Column::Status.ne(PledgeStatus::Draft));
    match (status, is_campaign_closed) {
        (PledgeStatus::Draft, _) => Condition::all().add(pledge::Column::Status.eq(PledgeStatus::Draft)),
        (PledgeStatus::Fulfilled, _) => is_signed.add(next_due_on.is_null()),
        (PledgeStatus::Lapsed, true) => is_signed.add(next_due_on.is_not_null()),
        (PledgeStatus::Lapsed, false) => is_signed.add(next_due_on.lt(today)),
        (PledgeStatus::Signed, true) => Condition::all().add(Expr::val(1).eq(0)),
        (PledgeStatus::Signed, false) => is_signed.add(next_due_on.gte(today)),
    }
}

/// The first due day among the commitments of the pledge at hand of which less was verified than is promised: in halves, for
/// the sum of a commitment may be past 64 bits.
fn next_due_on() -> SimpleExpr {
    let entry = |column: ledger_entry::Column| Expr::col((ledger_entry::Entity, column));
    let promise = |column: commitment::Column| Expr::col((commitment::Entity, column));
    let verified = Query::select()
        .exprs(exact::sum_halves(entry(ledger_entry::Column::Delta)))
        .from(ledger_entry::Entity)
        .and_where(entry(ledger_entry::Column::CommitmentId).equals((commitment::Entity, commitment::Column::Id)))
        .and_where(entry(ledger_entry::Column::Figure).eq(Figure::Verified))
        .to_owned();
    let unreached = Query::select()
        .expr(promise(commitment::Column::DueOn).min())
        .from(commitment::Entity)
        .and_where(promise(commitment::Column::PledgeId).equals((pledge::Entity, pledge::Column::Id)))
        .and_where(Expr::tuple(exact::halves(promise(commitment::Column::Quantity))).gt(verified))
        .to_owned();
    unreached.into()
}

#[derive(FromQueryResult)]
struct Standing {
    id: PledgeId,
    stored: Option<NaiveDate>,
    recounted: Option<NaiveDate>,
}

/// The signed pledges with what is kept of them and what the ledger says.
fn standings() -> Select<pledge::Entity> {
    pledge::Entity::find()
        .select_only()
        .column(pledge::Column::Id)
        .column_as(pledge::Column::NextDueOn, "stored")
        .column_as(next_due_on(), "recounted")
        .filter(pledge::Column::Status.ne(PledgeStatus::Draft))
}

/// Keeps where a pledge stands, once what is verified of it has changed in the ledger. Before any total is written: whoever else
/// changes the same pledge waits from here on, and then sums what this has added.
pub async fn keep_standing(tx: &Tx, pledge: PledgeId) -> Result<(), DbErr> {
    // Check-ins that refer to it go on meanwhile.
    pledge::Entity::find_by_id(pledge).lock(LockType::NoKeyUpdate).one(tx).await?;
    let standing: Option<Standing> = standings().filter(pledge::Column::Id.eq(pledge)).into_model().one(tx).await?;
    match standing {
        Some(standing) if standing.stored != standing.recounted => write_standing(tx, &standing).await,
        _ => Ok(()),
    }
}

async fn write_standing(tx: &Tx, standing: &Standing) -> Result<(), DbErr> {
    pledge::Entity::update_many()
        .col_expr(pledge::Column::NextDueOn, Expr::value(standing.recounted))
        .filter(pledge::Column::Id.eq(standing.id))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Where every signed pledge stands against the ledger.
pub async fn recount_standings(db: &impl ConnectionTrait) -> Result<Vec<Drift>, DbErr> {
    let text = |day: Option<NaiveDate>| day.map_or_else(|| "fulfilled".to_owned(), |day| format!("next due on {day}"));
    let drifts = differing(db).await?.into_iter().map(|one| Drift {
        of: Derived::Standing(one.id),
        figure: format!("pledge {}", one.id),
        stored: text(one.stored),
        recounted: text(one.recounted),
    });
    Ok(drifts.collect())
}

/// Makes of these pledges where they stand what the ledger says, where it differs; gives how many did. Each is held first, so that
/// what others have posted to it is seen, and what they are going to post is summed by them.
pub async fn repair_standings(tx: &Tx, pledges: &BTreeSet<PledgeId>) -> Result<u64, DbErr> {
    let these = || pledge::Column::Id.is_in(pledges.iter().copied());
    let held = pledge::Entity::find().select_only().column(pledge::Column::Id).filter(these());
    held.order_by_asc(pledge::Column::Id).lock(LockType::NoKeyUpdate).into_tuple::<PledgeId>().all(tx).await?;
    let repaired = pledge::Entity::update_many()
        .col_expr(pledge::Column::NextDueOn, next_due_on())
        .filter(these())
        .filter(pledge::Column::Status.ne(PledgeStatus::Draft))
        .filter(dialect::differs(Expr::col((pledge::Entity, pledge::Column::NextDueOn)), next_due_on()))
        .exec(tx)
        .await?;
    Ok(repaired.rows_affected)
}

async fn differing(db: &impl ConnectionTrait) -> Result<Vec<Standing>, DbErr> {
    let mut all: Vec<Standing> = standings().into_model().all(db).await?;
    all.retain(|one| one.stored != one.recounted);
    Ok(all)
}

/// These pledges with what has come of them, summed from the ledger.
pub async fn views(
    db: &impl ConnectionTrait,
    pledges: Vec<Pledge>,
    today: NaiveDate,
) -> Result<Vec<PledgeView>, DbErr> {
    let ids: Vec<CommitmentId> = pledges.iter().flat_map(|pledge| &pledge.commitments).map(|one| one.id).collect();
    let query = ledger_entry::Entity::find()
        .select_only()
        .column(ledger_entry::Column::CommitmentId)
        .column(ledger_entry::Column::Figure)
        .filter(ledger_entry::Column::CommitmentId.is_in(ids.clone()))
        .group_by(ledger_entry::Column::CommitmentId)
        .group_by(ledger_entry::Column::Figure);
    let query = exact::select_sum(query, ledger_entry::Column::Delta.into_simple_expr(), "total");
    let mut sums: HashMap<(CommitmentId, Figure), Total> = HashMap::new();
    for row in db.query_all(&query.into_query()).await? {
        let key = (row.try_get("", "commitment_id")?, row.try_get("", "figure")?);
        sums.insert(key, exact::total(&row, "total")?);
    }
    let mut days: HashMap<CommitmentId, Vec<NaiveDate>> = HashMap::new();
    for (commitment, day) in checked_in_days(db, ids).await? {
        days.entry(commitment).or_default().push(day);
    }
    let views = pledges.into_iter().map(|pledge| {
        let figure = |id: CommitmentId, figure: Figure| sums.get(&(id, figure)).copied().unwrap_or_default();
        let progress = pledge.commitments.iter().map(|one| CommitmentProgress {
            commitment_id: one.id,
            reported: figure(one.id, Figure::Reported),
            verified: figure(one.id, Figure::Verified),
            percent: figure(one.id, Figure::Verified).percent_of(one.quantity).unwrap_or_default(),
        });
        let progress = progress.collect();
        let longest = pledge
            .commitments
            .iter()
            .map(|one| streak(one.cadence, days.get(&one.id).into_iter().flatten().copied(), today));
        let longest = longest.max().unwrap_or(0);
        let status = pledge.standing(|id| figure(id, Figure::Verified), today);
        PledgeView::new(pledge, status, progress, longest)
    });
    Ok(views.collect())
}

async fn checked_in_days(
    db: &impl ConnectionTrait,
    commitments: Vec<CommitmentId>,
) -> Result<Vec<(CommitmentId, NaiveDate)>, DbErr> {
    checkin::Entity::find()
        .select_only()
        .column(checkin::Column::CommitmentId)
        .column(checkin::Column::Day)
        .distinct()
        .filter(checkin::Column::CommitmentId.is_in(commitments))
        .filter(checkin::Column::Status.is_in([CheckinStatus::Submitted, CheckinStatus::Verified]))
        .into_tuple()
        .all(db)
        .await
}
