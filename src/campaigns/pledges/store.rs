//! All SQL about pledges and their commitments.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _},
};
use uuid::Uuid;

use super::{
    Commitment, Pledge, Pledger,
    pledge::{Cadence, PledgeStatus, streak},
    wire::{CommitmentProgress, PledgeFilter, PledgeView, PledgerKind},
};
use crate::{
    campaigns::campaigns::open_to,
    db::{Tx, dialect},
    entity::{campaign, checkin, commitment, ledger_entry, member, pledge, pledge_version},
    kit::{
        caller::Person,
        ids::{CampaignId, CommitmentId, MemberId, PledgeId, TargetId, UnitId},
        page::Page,
        problem::Problem,
        quantity::Quantity,
    },
    organisation::units::{below, names_on},
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
/// units in the audience of a campaign that is for oneself too.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: PledgeId,
    day: NaiveDate,
) -> Result<Pledge, Problem> {
    let query = visible(db, caller, day).await?;
    let row = query.filter(pledge::Column::Id.eq(id.0)).one(db).await?.ok_or_else(Problem::not_found)?;
    with_parts(db, vec![row]).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// The same, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: PledgeId) -> Result<Pledge, Problem> {
    let query = visible(tx, caller, tx.today()).await?;
    let row = query.filter(pledge::Column::Id.eq(id.0)).lock_exclusive().one(tx).await?;
    with_parts(tx, vec![row.ok_or_else(Problem::not_found)?]).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// A page of the pledges of a campaign that the caller may know of, oldest first.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    campaign: CampaignId,
    filter: &PledgeFilter,
    day: NaiveDate,
    page: &Page<PledgeId>,
) -> Result<Vec<Pledge>, DbErr> {
    let mut query = visible(db, caller, day)
        .await?
        .filter(pledge::Column::CampaignId.eq(campaign.0))
        .order_by_asc(pledge::Column::Id)
        .limit(page.fetch());
    if let Some(status) = filter.status {
        query = query.filter(pledge::Column::Status.eq(status.name()));
    }
    if let Some(kind) = filter.pledger_kind {
        query = match kind {
            PledgerKind::Unit => query.filter(pledge::Column::MemberId.is_null()),
            PledgerKind::Member => query.filter(pledge::Column::MemberId.is_not_null()),
        };
    }
    if let Some(unit) = filter.unit_id {
        query = query.filter(pledge::Column::UnitId.eq(unit.0));
    }
    if let Some(after) = page.after {
        query = query.filter(pledge::Column::Id.gt(after.0));
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
        .add(pledge::Column::CampaignId.is_in(campaigns.iter().map(|id| id.0)));
    // A guest is in nobody's audience.
    let of_units = if caller.unit_ids.is_empty() { of_units.add(Expr::val(1).eq(0)) } else { of_units };
    Ok(pledge::Entity::find().filter(
        Condition::any()
            .add(pledge::Column::MemberId.eq(caller.member_id.0))
            .add(pledge::Column::UnitId.in_subquery(below(&caller.managed_units(), day)))
            .add(of_units),
    ))
}

async fn with_parts(db: &impl ConnectionTrait, rows: Vec<pledge::Model>) -> Result<Vec<Pledge>, DbErr> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let versions =
        pledge_version::Entity::find().filter(pledge_version::Column::PledgeId.is_in(ids.clone())).all(db).await?;
    let mut statements: HashMap<(Uuid, i32), String> =
        versions.into_iter().map(|version| ((version.pledge_id, version.number), version.statement)).collect();
    let mut commitments: HashMap<Uuid, Vec<Commitment>> = HashMap::new();
    let all = commitment::Entity::find()
        .filter(commitment::Column::PledgeId.is_in(ids))
        .order_by_asc(commitment::Column::Ordinal)
        .all(db)
        .await?;
    for row in all {
        commitments.entry(row.pledge_id).or_default().push(commitment_of(row));
    }
    let pledges = rows.into_iter().map(|row| Pledge {
        id: PledgeId(row.id),
        campaign_id: CampaignId(row.campaign_id),
        pledger: row.member_id.map_or(Pledger::Unit(UnitId(row.unit_id)), |member| Pledger::Member(MemberId(member))),
        unit_id: UnitId(row.unit_id),
        statement: statements.remove(&(row.id, row.current_version)).unwrap_or_default(),
        commitments: commitments.remove(&row.id).unwrap_or_default(),
        status: PledgeStatus::named(&row.status),
        text_version: row.current_version,
        signed_at: row.signed_at,
        signed_by: row.signed_by.map(MemberId),
        verification_code: row.verification_code,
        created_by: MemberId(row.created_by),
        version: row.version,
    });
    Ok(pledges.collect())
}

fn commitment_of(row: commitment::Model) -> Commitment {
    Commitment {
        id: CommitmentId(row.id),
        target_id: row.target_id.map(TargetId),
        title: row.title,
        unit_of_measure: row.unit_of_measure,
        quantity: Quantity::from_thousandths(row.quantity),
        due_on: row.due_on,
        cadence: Cadence::named(&row.cadence),
    }
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
        PledgeView::new(pledge, progress, longest)
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

#[derive(FromQueryResult)]
struct Pledged {
    target_id: Uuid,
    unit_id: Uuid,
    total: i64,
}

/// What is pledged to the targets of a campaign, by unit: the commitments of pledges that are signed.
pub async fn pledged_by_unit(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<HashMap<(TargetId, UnitId), Quantity>, DbErr> {
    let signed = pledge::Entity::find()
        .filter(pledge::Column::CampaignId.eq(campaign.0))
        .filter(pledge::Column::Status.ne(PledgeStatus::Draft.name()));
    let query = sea_orm::sea_query::Query::select()
        .column((commitment::Entity, commitment::Column::TargetId))
        .column((pledge::Entity, pledge::Column::UnitId))
        .expr_as(dialect::sum(Expr::col((commitment::Entity, commitment::Column::Quantity))), "total")
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
    let sums = rows.iter().map(|row| Pledged::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    Ok(sums
        .into_iter()
        .map(|sum| ((TargetId(sum.target_id), UnitId(sum.unit_id)), Quantity::from_thousandths(sum.total)))
        .collect())
}

/// What a notification says of this pledge.
pub async fn news_of(db: &impl ConnectionTrait, id: PledgeId) -> Result<Option<PledgeNews>, DbErr> {
    let Some(row) = pledge::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let title = campaign::Entity::find_by_id(row.campaign_id).one(db).await?.map(|row| row.title);
    let unit_id = UnitId(row.unit_id);
    let pledger_name = match row.member_id {
        Some(member) => member::Entity::find_by_id(member).one(db).await?.map(|row| row.display_name),
        None => names_on(db, &[unit_id], NaiveDate::MAX).await?.remove(&unit_id),
    };
    Ok(Some(PledgeNews {
        unit_id,
        pledger_name: pledger_name.unwrap_or_default(),
        campaign_title: title.unwrap_or_default(),
        signed_by: row.signed_by.map(MemberId),
    }))
}

/// Adds a pledge with its text and commitments.
pub async fn insert(tx: &Tx, pledge: &Pledge) -> Result<(), DbErr> {
    let (kind, member) = match pledge.pledger {
        Pledger::Unit(_) => ("unit", None),
        Pledger::Member(member) => ("member", Some(member.0)),
    };
    let row = pledge::ActiveModel {
        id: Set(pledge.id.0),
        campaign_id: Set(pledge.campaign_id.0),
        pledger_kind: Set(kind.to_owned()),
        unit_id: Set(pledge.unit_id.0),
        member_id: Set(member),
        status: Set(pledge.status.name().to_owned()),
        current_version: Set(pledge.text_version),
        signed_at: Set(pledge.signed_at),
        signed_by: Set(pledge.signed_by.map(|member| member.0)),
        verification_code: Set(pledge.verification_code.clone()),
        created_by: Set(pledge.created_by.0),
        created_at: Set(tx.now()),
        version: Set(pledge.version),
    };
    pledge::Entity::insert(row).exec_without_returning(tx).await?;
    insert_text(tx, pledge).await
}

/// Keeps a changed draft.
pub async fn replace_text(tx: &Tx, pledge: &mut Pledge) -> Result<(), DbErr> {
    commitment::Entity::delete_many().filter(commitment::Column::PledgeId.eq(pledge.id.0)).exec(tx).await?;
    pledge_version::Entity::delete_many().filter(pledge_version::Column::PledgeId.eq(pledge.id.0)).exec(tx).await?;
    insert_text(tx, pledge).await?;
    save(tx, pledge).await
}

async fn insert_text(tx: &Tx, pledge: &Pledge) -> Result<(), DbErr> {
    let text = pledge_version::ActiveModel {
        pledge_id: Set(pledge.id.0),
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
        id: Set(one.id.0),
        pledge_id: Set(pledge.id.0),
        ordinal: Set(ordinal),
        target_id: Set(one.target_id.map(|target| target.0)),
        title: Set(one.title.clone()),
        unit_of_measure: Set(one.unit_of_measure.clone()),
        quantity: Set(one.quantity.thousandths()),
        due_on: Set(one.due_on),
        cadence: Set(one.cadence.name().to_owned()),
    });
    commitment::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps where a pledge stands, as the next version of its row.
pub async fn save(tx: &Tx, pledge: &mut Pledge) -> Result<(), DbErr> {
    pledge.version = pledge.version.saturating_add(1);
    let row = pledge::ActiveModel {
        id: Unchanged(pledge.id.0),
        status: Set(pledge.status.name().to_owned()),
        signed_at: Set(pledge.signed_at),
        signed_by: Set(pledge.signed_by.map(|member| member.0)),
        verification_code: Set(pledge.verification_code.clone()),
        version: Set(pledge.version),
        ..Default::default()
    };
    pledge::Entity::update(row).exec(tx).await.map(|_row| ())
}

/// Removes a draft.
pub async fn delete(tx: &Tx, id: PledgeId) -> Result<(), DbErr> {
    commitment::Entity::delete_many().filter(commitment::Column::PledgeId.eq(id.0)).exec(tx).await?;
    pledge_version::Entity::delete_many().filter(pledge_version::Column::PledgeId.eq(id.0)).exec(tx).await?;
    pledge::Entity::delete_by_id(id.0).exec(tx).await.map(|_rows| ())
}
