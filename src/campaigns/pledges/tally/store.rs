//! All SQL about what has come of pledges.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};
use uuid::Uuid;

use super::super::{
    Pledge,
    pledge::{PledgeStatus, streak},
    wire::{CommitmentProgress, PledgeView},
};
use crate::{
    db::dialect,
    entity::{checkin, commitment, ledger_entry, pledge},
    kit::{ids::CommitmentId, quantity::Quantity},
};

/// The rule of `Pledge::standing` as a condition.
pub fn stands(status: PledgeStatus, is_campaign_closed: bool, today: NaiveDate) -> Condition {
    let is_signed = Condition::all().add(pledge::Column::Status.ne(PledgeStatus::Draft.name()));
    let has_unreached = || Expr::exists(unreached());
    let is_late = || Expr::exists(unreached().and_where(commitment::Column::DueOn.lt(today)).to_owned());
    match (status, is_campaign_closed) {
        (PledgeStatus::Draft, _) => Condition::all().add(pledge::Column::Status.eq(PledgeStatus::Draft.name())),
        (PledgeStatus::Fulfilled, _) => is_signed.add(has_unreached().not()),
        (PledgeStatus::Lapsed, true) => is_signed.add(has_unreached()),
        (PledgeStatus::Lapsed, false) => is_signed.add(is_late()),
        (PledgeStatus::Signed, true) => Condition::all().add(Expr::val(1).eq(0)),
        (PledgeStatus::Signed, false) => is_signed.add(has_unreached()).add(is_late().not()),
    }
}

/// The commitments of the pledge at hand of which less was verified than is promised.
fn unreached() -> SelectStatement {
    let entry = |column: ledger_entry::Column| Expr::col((ledger_entry::Entity, column));
    let promise = |column: commitment::Column| Expr::col((commitment::Entity, column));
    let verified = Query::select()
        .expr(dialect::sum(entry(ledger_entry::Column::Delta)))
        .from(ledger_entry::Entity)
        .and_where(entry(ledger_entry::Column::CommitmentId).equals((commitment::Entity, commitment::Column::Id)))
        .and_where(entry(ledger_entry::Column::Figure).eq("verified"))
        .to_owned();
    Query::select()
        .column((commitment::Entity, commitment::Column::Id))
        .from(commitment::Entity)
        .and_where(promise(commitment::Column::PledgeId).equals((pledge::Entity, pledge::Column::Id)))
        .and_where(promise(commitment::Column::Quantity).gt(verified))
        .to_owned()
}

#[derive(FromQueryResult)]
struct Sum {
    commitment_id: Uuid,
    figure: String,
    total: i64,
}

/// These pledges with what has come of them, summed from the ledger.
pub async fn views(
    db: &impl ConnectionTrait,
    pledges: Vec<Pledge>,
    today: NaiveDate,
) -> Result<Vec<PledgeView>, DbErr> {
    let ids: Vec<Uuid> = pledges.iter().flat_map(|pledge| &pledge.commitments).map(|one| one.id.0).collect();
    let sums: Vec<Sum> = ledger_entry::Entity::find()
        .select_only()
        .column(ledger_entry::Column::CommitmentId)
        .column(ledger_entry::Column::Figure)
        .column_as(dialect::sum(Expr::col(ledger_entry::Column::Delta)), "total")
        .filter(ledger_entry::Column::CommitmentId.is_in(ids.clone()))
        .group_by(ledger_entry::Column::CommitmentId)
        .group_by(ledger_entry::Column::Figure)
        .into_model()
        .all(db)
        .await?;
    let sums: HashMap<(Uuid, String), i64> =
        sums.into_iter().map(|sum| ((sum.commitment_id, sum.figure), sum.total)).collect();
    let mut days: HashMap<Uuid, Vec<NaiveDate>> = HashMap::new();
    for (commitment, day) in checked_in_days(db, ids).await? {
        days.entry(commitment).or_default().push(day);
    }
    let views = pledges.into_iter().map(|pledge| {
        let figure = |id: CommitmentId, name: &str| {
            Quantity::from_thousandths(sums.get(&(id.0, name.to_owned())).copied().unwrap_or(0))
        };
        let progress = pledge.commitments.iter().map(|one| CommitmentProgress {
            commitment_id: one.id,
            reported: figure(one.id, "reported"),
            verified: figure(one.id, "verified"),
            percent: figure(one.id, "verified").percent_of(one.quantity).unwrap_or_default(),
        });
        let progress = progress.collect();
        let longest = pledge
            .commitments
            .iter()
            .map(|one| streak(one.cadence, days.get(&one.id.0).into_iter().flatten().copied(), today));
        let longest = longest.max().unwrap_or(0);
        let status = pledge.standing(|id| figure(id, "verified"), today);
        PledgeView::new(pledge, status, progress, longest)
    });
    Ok(views.collect())
}

async fn checked_in_days(db: &impl ConnectionTrait, commitments: Vec<Uuid>) -> Result<Vec<(Uuid, NaiveDate)>, DbErr> {
    checkin::Entity::find()
        .select_only()
        .column(checkin::Column::CommitmentId)
        .column(checkin::Column::Day)
        .distinct()
        .filter(checkin::Column::CommitmentId.is_in(commitments))
        .filter(checkin::Column::Status.is_in(["submitted", "verified"]))
        .into_tuple()
        .all(db)
        .await
}
