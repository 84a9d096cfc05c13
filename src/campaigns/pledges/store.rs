//! All SQL about pledges and their commitments.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, Query},
};

use super::{
    Commitment, Pledge, Pledger,
    pledge::{PledgeStatus, PledgerKind},
    tally,
    wire::PledgeFilter,
};
use crate::{
    campaigns::{
        campaigns::{Campaign, Status, open_to},
        ledger::Part,
    },
    db::{Tx, dialect, exact},
    entity::{campaign, commitment, pledge, pledge_version},
    kit::{
        http::{Page, Person},
        problems::Problem,
        values::{CampaignId, MemberId, PledgeId, Quantity, TargetId, Total, UnitId, clock::start_in_vietnam},
    },
    organisation::{
        members::held_name,
        units::{below, names_on, with_resting},
    },
};

/// What a notification says of a pledge.
#[derive(Clone, Debug)]
pub struct PledgeNews {
    /// The unit that it counts for.
    pub unit_id: UnitId,
    /// Who pledges.
    pub pledger_name: String,
    /// In which campaign.
    pub campaign_title: String,
    /// Who signed it.
    pub signed_by: Option<MemberId>,
}

/// The pledge of that id, if the caller may know of it: one's own, those that count for units that one manages, and those of
/// units in the audience of a campaign that is for oneself too, once they are signed.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: PledgeId,
    day: NaiveDate,
) -> Result<Pledge, Problem> {
    let query = visible(db, caller, day).await?;
    let row = query.filter(pledge::Column::Id.eq(id)).one(db).await?.ok_or_else(Problem::not_found)?;
    with_parts(db, vec![row]).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// The same, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: PledgeId) -> Result<Pledge, Problem> {
    let query = visible(tx, caller, tx.today()).await?;
    let row = query.filter(pledge::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    with_parts(tx, vec![row.ok_or_else(Problem::not_found)?]).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// A page of the pledges of a campaign that the caller may know of, oldest first.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    campaign: &Campaign,
    filter: &PledgeFilter,
    day: NaiveDate,
    page: &Page<PledgeId>,
) -> Result<Vec<Pledge>, DbErr> {
    let mut query = visible(db, caller, day)
        .await?
        .filter(pledge::Column::CampaignId.eq(campaign.id))
        .order_by_asc(pledge::Column::Id)
        .limit(page.fetch());
    if let Some(status) = filter.status {
        query = query.filter(tally::stands(status, campaign.status == Status::Closed, day));
    }
    if let Some(kind) = filter.pledger_kind {
        query = match kind {
            PledgerKind::Unit => query.filter(pledge::Column::MemberId.is_null()),
            PledgerKind::Member => query.filter(pledge::Column::MemberId.is_not_null()),
        };
    }
    if let Some(unit) = filter.unit_id {
        query = query.filter(pledge::Column::UnitId.is_in(with_resting(db, &[unit], day).await?));
    }
    if let Some(after) = page.after {
        query = query.filter(pledge::Column::Id.gt(after));
    }
    let rows = query.all(db).await?;
    with_parts(db, rows).await
}

async fn visible(db: &impl ConnectionTrait, caller: &Person, day: NaiveDate) -> Result<Select<pledge::Entity>, DbErr> {
    if caller.is_admin() {
        return Ok(pledge::Entity::find());
    }
    let campaigns = open_to(db, &caller.unit_ids, day).await?;
    let of_units = Condition::all()
        .add(pledge::Column::MemberId.is_null())
        .add(pledge::Column::Status.ne(PledgeStatus::Draft))
        .add(pledge::Column::CampaignId.is_in(campaigns.iter().copied()));
    // A guest is in nobody's audience.
    let of_units = if caller.unit_ids.is_empty() { of_units.add(Expr::val(1).eq(0)) } else { of_units };
    Ok(pledge::Entity::find().filter(
        Condition::any()
            .add(pledge::Column::MemberId.eq(caller.member_id))
            .add(pledge::Column::UnitId.in_subquery(below(&caller.managed_units(), day)))
            .add(of_units),
    ))
}

async fn with_parts(db: &impl ConnectionTrait, rows: Vec<pledge::Model>) -> Result<Vec<Pledge>, DbErr> {
    let ids: Vec<PledgeId> = rows.iter().map(|row| row.id).collect();
    let versions =
        pledge_version::Entity::find().filter(pledge_version::Column::PledgeId.is_in(ids.clone())).all(db).await?;
    let mut statements: HashMap<(PledgeId, i32), String> =
        versions.into_iter().map(|version| ((version.pledge_id, version.number), version.statement)).collect();
    let mut commitments: HashMap<PledgeId, Vec<Commitment>> = HashMap::new();
    let all = commitment::Entity::find()
        .filter(commitment::Column::PledgeId.is_in(ids))
        .order_by_asc(commitment::Column::Ordinal)
        .all(db)
        .await?;
    for row in all {
        commitments.entry(row.pledge_id).or_default().push(commitment_of(row));
    }
    let closed = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::Id.is_in(rows.iter().map(|row| row.campaign_id)))
        .filter(campaign::Column::Status.eq(Status::Closed));
    let closed: Vec<CampaignId> = closed.into_tuple().all(db).await?;
    let pledges = rows.into_iter().map(|row| Pledge {
        is_campaign_closed: closed.contains(&row.campaign_id),
        id: row.id,
        campaign_id: row.campaign_id,
        pledger: row.member_id.map_or(Pledger::Unit(row.unit_id), Pledger::Member),
        unit_id: row.unit_id,
        statement: statements.remove(&(row.id, row.current_version)).unwrap_or_default(),
        commitments: commitments.remove(&row.id).unwrap_or_default(),
        status: row.status,
        text_version: row.current_version,
        signed_at: row.signed_at,
        signed_by: row.signed_by,
        verification_code: row.verification_code,
        created_by: row.created_by,
        version: row.version,
    });
    Ok(pledges.collect())
}

fn commitment_of(row: commitment::Model) -> Commitment {
    Commitment {
        id: row.id,
        target_id: row.target_id,
        title: row.title,
        unit_of_measure: row.unit_of_measure,
        quantity: Quantity::from_thousandths(row.quantity),
        due_on: row.due_on,
        cadence: row.cadence,
    }
}

/// What is pledged to the targets of these campaigns, by unit: the commitments of pledges that are signed, up to a day when
/// one is given.
pub async fn pledged_by_unit(
    db: &impl ConnectionTrait,
    campaigns: &[CampaignId],
    part: Part,
) -> Result<HashMap<(TargetId, UnitId), Total>, DbErr> {
    let mut signed = pledge::Entity::find()
        .filter(pledge::Column::CampaignId.is_in(campaigns.iter().copied()))
        .filter(pledge::Column::Status.ne(PledgeStatus::Draft));
    if let Some(day) = part.until {
        signed = signed.filter(pledge::Column::SignedAt.lt(start_in_vietnam(day.succ_opt().unwrap_or(day))));
    }
    if let Some((unit, day)) = part.below {
        signed = signed.filter(pledge::Column::UnitId.in_subquery(below(&[unit], day)));
    }
    let [high, low] = exact::sum_halves(Expr::col((commitment::Entity, commitment::Column::Quantity)));
    let query = Query::select()
        .column((commitment::Entity, commitment::Column::TargetId))
        .column((pledge::Entity, pledge::Column::UnitId))
        .expr_as(high, "total_high")
        .expr_as(low, "total_low")
        .from(commitment::Entity)
        .inner_join(
            pledge::Entity,
            Expr::col((pledge::Entity, pledge::Column::Id)).equals((commitment::Entity, commitment::Column::PledgeId)),
        )
        .and_where(Expr::col((commitment::Entity, commitment::Column::TargetId)).is_not_null())
        .and_where(
            Expr::col((pledge::Entity, pledge::Column::Id))
                .in_subquery(signed.select_only().column(pledge::Column::Id).into_query()),
        )
        .group_by_col((commitment::Entity, commitment::Column::TargetId))
        .group_by_col((pledge::Entity, pledge::Column::UnitId))
        .to_owned();
    let rows = db.query_all(&query).await?;
    let sums = rows.iter().map(|row| {
        let key = (row.try_get("", "target_id")?, row.try_get("", "unit_id")?);
        Ok((key, exact::total(row, "total")?))
    });
    sums.collect()
}

/// What a notification says of this pledge. An erasure of its member waits until this change is done, so that it finds the
/// name that is written down; one that was faster has left none.
pub async fn news_of(tx: &Tx, id: PledgeId) -> Result<Option<PledgeNews>, DbErr> {
    let Some(row) = pledge::Entity::find_by_id(id).one(tx).await? else { return Ok(None) };
    let title = campaign::Entity::find_by_id(row.campaign_id).one(tx).await?.map(|row| row.title);
    let unit_id = row.unit_id;
    let pledger_name = match row.member_id {
        Some(member) => held_name(tx, member).await?,
        None => names_on(tx, &[unit_id], NaiveDate::MAX).await?.remove(&unit_id),
    };
    Ok(Some(PledgeNews {
        unit_id,
        pledger_name: pledger_name.unwrap_or_default(),
        campaign_title: title.unwrap_or_default(),
        signed_by: row.signed_by,
    }))
}

/// How many living pledges this pledger has in a campaign: those that still take check-ins or will, which are all but the
/// fulfilled ones. Whoever is about to add one there waits until this change is done.
pub async fn count_living(tx: &Tx, campaign: CampaignId, pledger: Pledger) -> Result<u64, DbErr> {
    let (whose, id) = match pledger {
        Pledger::Member(member) => (pledge::Column::MemberId.eq(member), member.0),
        Pledger::Unit(unit) => (pledge::Column::MemberId.is_null().and(pledge::Column::UnitId.eq(unit)), unit.0),
    };
    dialect::lock_name_until_commit(tx, &format!("pledges of {id} in {campaign}")).await?;
    let is_draft = pledge::Column::Status.eq(PledgeStatus::Draft);
    let is_living = is_draft.or(pledge::Column::NextDueOn.is_not_null());
    pledge::Entity::find()
        .filter(whose)
        .filter(pledge::Column::CampaignId.eq(campaign))
        .filter(is_living)
        .count(tx)
        .await
}

/// Adds a pledge with its text and commitments.
pub async fn insert(tx: &Tx, pledge: &Pledge) -> Result<(), DbErr> {
    let (kind, member) = match pledge.pledger {
        Pledger::Unit(_) => (PledgerKind::Unit, None),
        Pledger::Member(member) => (PledgerKind::Member, Some(member)),
    };
    let row = pledge::ActiveModel {
        id: Set(pledge.id),
        campaign_id: Set(pledge.campaign_id),
        pledger_kind: Set(kind),
        unit_id: Set(pledge.unit_id),
        member_id: Set(member),
        status: Set(pledge.status),
        current_version: Set(pledge.text_version),
        signed_at: Set(pledge.signed_at),
        signed_by: Set(pledge.signed_by),
        verification_code: Set(pledge.verification_code.clone()),
        next_due_on: Set(None),
        created_by: Set(pledge.created_by),
        created_at: Set(tx.now()),
        version: Set(pledge.version),
    };
    pledge::Entity::insert(row).exec_without_returning(tx).await?;
    insert_text(tx, pledge).await
}

/// Keeps a changed draft.
pub async fn replace_text(tx: &Tx, pledge: &mut Pledge) -> Result<(), DbErr> {
    commitment::Entity::delete_many().filter(commitment::Column::PledgeId.eq(pledge.id)).exec(tx).await?;
    pledge_version::Entity::delete_many().filter(pledge_version::Column::PledgeId.eq(pledge.id)).exec(tx).await?;
    insert_text(tx, pledge).await?;
    save(tx, pledge).await
}

async fn insert_text(tx: &Tx, pledge: &Pledge) -> Result<(), DbErr> {
    let text = pledge_version::ActiveModel {
        pledge_id: Set(pledge.id),
        number: Set(pledge.text_version),
        statement: Set(pledge.statement.clone()),
        campaign_version: Set(crate::campaigns::campaigns::version_number(tx, pledge.campaign_id).await?),
        sealed_bytes: Set(None),
        seal: Set(None),
        sealed_at: Set(None),
        created_at: Set(tx.now()),
    };
    pledge_version::Entity::insert(text).exec_without_returning(tx).await?;
    let rows = pledge.commitments.iter().zip(1..).map(|(one, ordinal)| commitment::ActiveModel {
        id: Set(one.id),
        pledge_id: Set(pledge.id),
        ordinal: Set(ordinal),
        target_id: Set(one.target_id),
        title: Set(one.title.clone()),
        unit_of_measure: Set(one.unit_of_measure.clone()),
        quantity: Set(one.quantity.thousandths()),
        due_on: Set(one.due_on),
        cadence: Set(one.cadence),
    });
    commitment::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a changed draft, or what was just signed: nothing of it is verified yet. The next version of its row.
pub async fn save(tx: &Tx, pledge: &mut Pledge) -> Result<(), DbErr> {
    pledge.version = pledge.version.saturating_add(1);
    let row = pledge::ActiveModel {
        id: Unchanged(pledge.id),
        status: Set(pledge.status),
        signed_at: Set(pledge.signed_at),
        signed_by: Set(pledge.signed_by),
        verification_code: Set(pledge.verification_code.clone()),
        next_due_on: Set(pledge.first_due_on()),
        version: Set(pledge.version),
        ..Default::default()
    };
    pledge::Entity::update(row).exec(tx).await.map(|_row| ())
}

/// Removes a draft.
pub async fn delete(tx: &Tx, id: PledgeId) -> Result<(), DbErr> {
    commitment::Entity::delete_many().filter(commitment::Column::PledgeId.eq(id)).exec(tx).await?;
    pledge_version::Entity::delete_many().filter(pledge_version::Column::PledgeId.eq(id)).exec(tx).await?;
    pledge::Entity::delete_by_id(id).exec(tx).await.map(|_rows| ())
}

/// Has this unit itself, or one whose history it carries on on `day`, pledged something in a campaign that runs?
pub async fn has_running(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<bool, DbErr> {
    let running = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::Status.eq(campaign::Status::Launched))
        .into_query();
    let pledges = pledge::Entity::find()
        .filter(pledge::Column::UnitId.is_in(with_resting(db, &[unit], day).await?))
        .filter(pledge::Column::MemberId.is_null())
        .filter(pledge::Column::Status.eq(pledge::PledgeStatus::Signed))
        .filter(pledge::Column::CampaignId.in_subquery(running));
    Ok(pledges.one(db).await?.is_some())
}

/// Has this member pledged anything, or written a pledge down?
pub async fn has_pledged(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    for column in [pledge::Column::MemberId, pledge::Column::CreatedBy] {
        if pledge::Entity::find().filter(column.eq(member.0)).limit(1).one(db).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
