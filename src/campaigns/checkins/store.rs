//! All SQL about check-ins.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};

use super::{Checkin, CheckinStatus, checkin::Location};
use crate::{
    campaigns::ledger::{NO_PHASE, TotalKey},
    db::Tx,
    entity::{campaign, checkin, commitment, pledge},
    kit::{
        http::{Page, Person},
        problems::Problem,
        values::{CampaignId, CheckinId, CommitmentId, MemberId, PledgeId, Quantity, TargetId, UnitId},
    },
    organisation::units::{below, which_are_below, with_resting},
};

/// What a notification says of a check-in.
#[derive(Clone, Debug)]
pub struct CheckinNews {
    /// Whose it is.
    pub member_id: MemberId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// What that is called.
    pub campaign_title: String,
    /// For what.
    pub commitment_title: String,
    /// How much.
    pub quantity: Quantity,
    /// Of what.
    pub unit_of_measure: String,
    /// Why it was returned.
    pub return_reason: Option<String>,
}

/// A check-in that waits, with what a manager needs to decide.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    /// The check-in.
    pub checkin: Checkin,
    /// For what.
    pub commitment_title: String,
    /// In which unit of measure.
    pub unit_of_measure: String,
    /// How much was promised in all.
    pub promised: Quantity,
    /// In which campaign.
    pub campaign_title: String,
}

/// The check-in of that id, whoever may see it.
pub async fn find(db: &impl ConnectionTrait, id: CheckinId) -> Result<Option<Checkin>, DbErr> {
    Ok(checkin::Entity::find_by_id(id).one(db).await?.map(from_row))
}

/// The check-in of that id, if the caller may know of it: one's own, those of units that one manages, and those for the
/// pledges of one's own units and of whatever was merged into them; of these without what is for managers.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: CheckinId,
    day: NaiveDate,
) -> Result<Checkin, Problem> {
    let row = visible(db, caller, day).await?.filter(checkin::Column::Id.eq(id)).one(db).await?;
    let found = as_told(db, caller, row.map(from_row).into_iter().collect(), day).await?;
    found.into_iter().next().ok_or_else(Problem::not_found)
}

/// The same, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: CheckinId) -> Result<Checkin, Problem> {
    let row =
        visible(tx, caller, tx.today()).await?.filter(checkin::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    row.map(from_row).ok_or_else(Problem::not_found)
}

/// A page of a pledge's check-ins that the caller may know of, the latest id first; without what is for managers where the
/// caller is none.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    pledge: PledgeId,
    status: Option<CheckinStatus>,
    day: NaiveDate,
    page: &Page<CheckinId>,
) -> Result<Vec<Checkin>, DbErr> {
    let mut query = visible(db, caller, day)
        .await?
        .filter(checkin::Column::PledgeId.eq(pledge))
        .order_by_desc(checkin::Column::Id)
        .limit(page.fetch());
    if let Some(status) = status {
        query = query.filter(checkin::Column::Status.eq(status));
    }
    if let Some(after) = page.after {
        query = query.filter(checkin::Column::Id.lt(after));
    }
    as_told(db, caller, query.all(db).await?.into_iter().map(from_row).collect(), day).await
}

/// What the caller is told of check-ins that they may know of: where one was made, its author's note and why it went back are
/// for its author and for whoever manages its unit, not for colleagues.
async fn as_told(
    db: &impl ConnectionTrait,
    caller: &Person,
    mut checkins: Vec<Checkin>,
    day: NaiveDate,
) -> Result<Vec<Checkin>, DbErr> {
    if caller.is_admin() || checkins.iter().all(|checkin| checkin.member_id == caller.member_id) {
        return Ok(checkins);
    }
    let units: Vec<UnitId> = checkins.iter().map(|checkin| checkin.unit_id).collect();
    let managed = which_are_below(db, &units, &caller.managed_units(), day).await?;
    for checkin in &mut checkins {
        if checkin.member_id != caller.member_id && !managed.contains(&checkin.unit_id) {
            (checkin.location, checkin.note, checkin.return_reason) = (None, None, None);
        }
    }
    Ok(checkins)
}

async fn visible(db: &impl ConnectionTrait, caller: &Person, day: NaiveDate) -> Result<Select<checkin::Entity>, DbErr> {
    if caller.is_admin() {
        return Ok(checkin::Entity::find());
    }
    let of_own_units = pledge::Entity::find()
        .select_only()
        .column(pledge::Column::Id)
        .filter(pledge::Column::MemberId.is_null())
        .filter(pledge::Column::UnitId.is_in(with_resting(db, &caller.unit_ids, day).await?))
        .into_query();
    Ok(checkin::Entity::find().filter(
        Condition::any()
            .add(checkin::Column::MemberId.eq(caller.member_id))
            .add(checkin::Column::UnitId.in_subquery(below(&caller.managed_units(), day)))
            .add(checkin::Column::PledgeId.in_subquery(of_own_units)),
    ))
}

/// Where the review queue goes on: what came first, first.
pub type ReviewKey = (DateTime<Utc>, CheckinId);

/// A page of what waits for the caller's decision: of the units that they manage, their own left out.
pub async fn review_page(
    db: &impl ConnectionTrait,
    caller: &Person,
    campaign: Option<CampaignId>,
    status: Option<CheckinStatus>,
    day: NaiveDate,
    page: &Page<ReviewKey>,
) -> Result<Vec<ReviewRow>, DbErr> {
    let mut query = checkin::Entity::find()
        .filter(is_waiting())
        .order_by_asc(checkin::Column::ReceivedAt)
        .order_by_asc(checkin::Column::Id)
        .limit(page.fetch());
    // Nobody decides on their own.
    query = query.filter(checkin::Column::MemberId.ne(caller.member_id));
    if !caller.is_admin() {
        query = query.filter(checkin::Column::UnitId.in_subquery(below(&caller.managed_units(), day)));
    }
    if let Some(campaign) = campaign {
        query = query.filter(checkin::Column::CampaignId.eq(campaign));
    }
    if let Some(status) = status {
        query = query.filter(checkin::Column::Status.eq(status));
    }
    if let Some((received_at, id)) = page.after {
        let key = Expr::tuple([Expr::col(checkin::Column::ReceivedAt), Expr::col(checkin::Column::Id)]);
        query = query.filter(key.gt(Expr::tuple([Expr::val(received_at), Expr::val(id)])));
    }
    let rows: Vec<Checkin> = query.all(db).await?.into_iter().map(from_row).collect();
    with_titles(db, rows).await
}

/// The very condition of the index `checkin_waiting`, its values written out: neither database takes a partial index for
/// values that it is told only later.
fn is_waiting() -> Expr {
    let waiting = [CheckinStatus::Submitted, CheckinStatus::Held].map(|status| Expr::Constant(status.into()));
    Expr::col((checkin::Entity, checkin::Column::Status)).is_in(waiting)
}

async fn with_titles(db: &impl ConnectionTrait, rows: Vec<Checkin>) -> Result<Vec<ReviewRow>, DbErr> {
    let commitments = commitment::Entity::find()
        .filter(commitment::Column::Id.is_in(rows.iter().map(|row| row.commitment_id)))
        .all(db)
        .await?;
    let commitments: HashMap<CommitmentId, commitment::Model> =
        commitments.into_iter().map(|row| (row.id, row)).collect();
    let campaigns = campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(rows.iter().map(|row| row.campaign_id)))
        .all(db)
        .await?;
    let campaigns: HashMap<CampaignId, String> = campaigns.into_iter().map(|row| (row.id, row.title)).collect();
    let titled = rows.into_iter().filter_map(|checkin| {
        let commitment = commitments.get(&checkin.commitment_id)?;
        Some(ReviewRow {
            commitment_title: commitment.title.clone(),
            unit_of_measure: commitment.unit_of_measure.clone(),
            promised: Quantity::from_thousandths(commitment.quantity),
            campaign_title: campaigns.get(&checkin.campaign_id).cloned().unwrap_or_default(),
            checkin,
        })
    });
    Ok(titled.collect())
}

/// A page of the verified check-ins behind a target's figure, the latest id first.
pub async fn page_verified(
    db: &impl ConnectionTrait,
    target: TargetId,
    page: &Page<CheckinId>,
) -> Result<Vec<Checkin>, DbErr> {
    let mut query = checkin::Entity::find()
        .filter(checkin::Column::TargetId.eq(target))
        .filter(checkin::Column::Status.eq(CheckinStatus::Verified))
        .order_by_desc(checkin::Column::Id)
        .limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(checkin::Column::Id.lt(after));
    }
    Ok(query.all(db).await?.into_iter().map(from_row).collect())
}

/// How many check-ins are held at a time where a total has no room for them.
const HELD_AT_ONCE: u64 = 500;

/// The largest of the check-ins that count in a total, held against other changes until this one is done.
pub async fn largest_counted(tx: &Tx, (target, unit, phase): TotalKey) -> Result<Vec<Checkin>, DbErr> {
    let phase = if phase == NO_PHASE { checkin::Column::PhaseId.is_null() } else { checkin::Column::PhaseId.eq(phase) };
    let counted = [CheckinStatus::Submitted, CheckinStatus::Verified];
    let rows = checkin::Entity::find()
        .filter(checkin::Column::TargetId.eq(target))
        .filter(checkin::Column::UnitId.eq(unit))
        .filter(phase)
        .filter(checkin::Column::Status.is_in(counted))
        .order_by_desc(checkin::Column::Quantity)
        .order_by_desc(checkin::Column::Id)
        .limit(HELD_AT_ONCE)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// What a notification says of this check-in as it is now.
pub async fn news_of(db: &impl ConnectionTrait, id: CheckinId) -> Result<Option<CheckinNews>, DbErr> {
    let Some(checkin) = find(db, id).await? else { return Ok(None) };
    let row = with_titles(db, vec![checkin]).await?.into_iter().next();
    Ok(row.map(|row| CheckinNews {
        member_id: row.checkin.member_id,
        campaign_id: row.checkin.campaign_id,
        campaign_title: row.campaign_title,
        commitment_title: row.commitment_title,
        quantity: row.checkin.quantity,
        unit_of_measure: row.unit_of_measure,
        return_reason: row.checkin.return_reason,
    }))
}

/// Adds a check-in. `false` when its id is there already: another request was faster.
pub async fn insert(tx: &Tx, checkin: &Checkin) -> Result<bool, DbErr> {
    let mut row = row_of(checkin);
    row.id = Set(checkin.id);
    let on_conflict = OnConflict::column(checkin::Column::Id).do_nothing().to_owned();
    let inserted = checkin::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(tx).await?;
    Ok(inserted > 0)
}

/// Keeps a changed check-in, as the next version of its row.
pub async fn save(tx: &Tx, checkin: &mut Checkin) -> Result<(), DbErr> {
    checkin.version = checkin.version.saturating_add(1);
    let mut row = row_of(checkin);
    row.id = Unchanged(checkin.id);
    checkin::Entity::update(row).exec(tx).await.map(|_row| ())
}

fn row_of(checkin: &Checkin) -> checkin::ActiveModel {
    checkin::ActiveModel {
        pledge_id: Set(checkin.pledge_id),
        commitment_id: Set(checkin.commitment_id),
        campaign_id: Set(checkin.campaign_id),
        target_id: Set(checkin.target_id),
        phase_id: Set(checkin.phase_id),
        unit_id: Set(checkin.unit_id),
        member_id: Set(checkin.member_id),
        quantity: Set(checkin.quantity.thousandths()),
        note: Set(checkin.note.clone()),
        occurred_at: Set(checkin.occurred_at),
        received_at: Set(checkin.received_at),
        day: Set(checkin.day),
        latitude_e6: Set(checkin.location.map(|place| place.latitude_e6)),
        longitude_e6: Set(checkin.location.map(|place| place.longitude_e6)),
        accuracy_m: Set(checkin.location.and_then(|place| place.accuracy_m)),
        status: Set(checkin.status),
        flags: Set(serde_json::json!(checkin.flags)),
        return_reason: Set(checkin.return_reason.clone()),
        decided_by: Set(checkin.decided_by),
        decided_at: Set(checkin.decided_at),
        content_hash: Set(checkin.content_hash.clone()),
        version: Set(checkin.version),
        ..Default::default()
    }
}

fn from_row(row: checkin::Model) -> Checkin {
    let location = row.latitude_e6.zip(row.longitude_e6);
    Checkin {
        id: row.id,
        pledge_id: row.pledge_id,
        commitment_id: row.commitment_id,
        campaign_id: row.campaign_id,
        target_id: row.target_id,
        phase_id: row.phase_id,
        unit_id: row.unit_id,
        member_id: row.member_id,
        quantity: Quantity::from_thousandths(row.quantity),
        note: row.note,
        occurred_at: row.occurred_at,
        received_at: row.received_at,
        day: row.day,
        location: location.map(|(latitude_e6, longitude_e6)| Location {
            latitude_e6,
            longitude_e6,
            accuracy_m: row.accuracy_m,
        }),
        status: row.status,
        flags: serde_json::from_value(row.flags).unwrap_or_default(),
        return_reason: row.return_reason,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        content_hash: row.content_hash,
        version: row.version,
    }
}

/// Has this member checked anything in?
pub async fn has_checked_in(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    let own = checkin::Entity::find().filter(checkin::Column::MemberId.eq(member.0)).limit(1);
    Ok(own.one(db).await?.is_some())
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    #[test]
    fn the_review_queue_asks_in_the_words_of_its_index() {
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            let query = checkin::Entity::find().filter(is_waiting()).build(backend).sql;

            assert!(query.contains(r#""checkin"."status" IN ('submitted', 'held')"#), "{query}");
        }
    }
}
