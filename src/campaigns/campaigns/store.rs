//! All SQL about campaigns; that about their parts is in `parts`.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
    sea_query::Expr,
};

use super::{
    Campaign, Status,
    parts::{delete_parts, parts_of, save_parts},
    wire::CampaignFilter,
};
use crate::{
    db::{Tx, dialect},
    entity::{campaign, campaign_version},
    kit::{
        http::{Caller, Page, Person},
        problems::Problem,
        values::{CampaignId, MemberId, UnitId, text::fold},
    },
    organisation::units::{below, with_resting},
};

/// Where a list of campaigns goes on: the latest first day first.
pub type CampaignKey = (NaiveDate, CampaignId);

/// What a notification says of a campaign.
#[derive(Clone, Debug)]
pub struct CampaignNews {
    /// Its name.
    pub title: String,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
}

/// The campaign of that id, whoever may see it.
pub async fn find(db: &impl ConnectionTrait, id: CampaignId) -> Result<Option<Campaign>, DbErr> {
    let rows = campaign::Entity::find_by_id(id).all(db).await?;
    Ok(with_parts(db, rows).await?.into_iter().next())
}

/// The campaign of that id. It cannot be closed or changed until this change is done.
pub async fn find_held(tx: &Tx, id: CampaignId) -> Result<Campaign, Problem> {
    let rows = campaign::Entity::find_by_id(id).lock_shared().all(tx).await?;
    with_parts(tx, rows).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// The same, if it runs.
pub async fn find_running(tx: &Tx, id: CampaignId) -> Result<Campaign, Problem> {
    let campaign = find_held(tx, id).await?;
    campaign.require_running()?;
    Ok(campaign)
}

/// The campaign of that id, if the caller may know of it: drafts are for those who write them.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: CampaignId,
    day: NaiveDate,
) -> Result<Campaign, Problem> {
    let rows = visible(caller, day).filter(campaign::Column::Id.eq(id)).all(db).await?;
    with_parts(db, rows).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// The same, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: CampaignId) -> Result<Campaign, Problem> {
    let rows =
        visible_to_person(caller, tx.today()).filter(campaign::Column::Id.eq(id)).lock_exclusive().all(tx).await?;
    with_parts(tx, rows).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// A page of the campaigns that the caller may know of.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Caller,
    filter: &CampaignFilter,
    day: NaiveDate,
    page: &Page<CampaignKey>,
) -> Result<Vec<Campaign>, DbErr> {
    let mut query = visible(caller, day)
        .order_by_desc(campaign::Column::StartsOn)
        .order_by_desc(campaign::Column::Id)
        .limit(page.fetch());
    if let Some(status) = filter.status {
        query = query.filter(campaign::Column::Status.eq(status));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(campaign::Column::Kind.eq(kind));
    }
    if let Some(unit) = filter.unit_id {
        query = query.filter(campaign::Column::LaunchedByUnitId.is_in(with_resting(db, &[unit], day).await?));
    }
    if let Some(words) = &filter.q {
        query = query.filter(dialect::contains_words(campaign::Column::FoldedTitle, &fold(words)));
    }
    if let Some((starts_on, id)) = page.after {
        let key = Expr::tuple([Expr::col(campaign::Column::StartsOn), Expr::col(campaign::Column::Id)]);
        query = query.filter(key.lt(Expr::tuple([Expr::val(starts_on), Expr::val(id)])));
    }
    let rows = query.all(db).await?;
    with_parts(db, rows).await
}

/// How many campaigns can be of one day.
const OF_A_DAY: u64 = 100;

/// The campaigns with this day in their time that the caller may know of, the latest first; drafts left out.
pub async fn running_on(
    db: &impl ConnectionTrait,
    caller: &Caller,
    day: NaiveDate,
    today: NaiveDate,
) -> Result<Vec<Campaign>, DbErr> {
    let rows = visible(caller, today)
        .filter(campaign::Column::Status.ne(Status::Draft))
        .filter(campaign::Column::StartsOn.lte(day))
        .filter(campaign::Column::EndsOn.gte(day))
        .order_by_desc(campaign::Column::StartsOn)
        .order_by_desc(campaign::Column::Id)
        .limit(OF_A_DAY)
        .all(db)
        .await?;
    with_parts(db, rows).await
}

fn visible(caller: &Caller, day: NaiveDate) -> Select<campaign::Entity> {
    match caller {
        Caller::Person(person) => visible_to_person(person, day),
        Caller::App(_) => campaign::Entity::find().filter(campaign::Column::Status.ne(Status::Draft)),
    }
}

fn visible_to_person(person: &Person, day: NaiveDate) -> Select<campaign::Entity> {
    if person.is_admin() {
        return campaign::Entity::find();
    }
    let mut units = person.managed_units();
    units.extend(person.edited_units());
    campaign::Entity::find().filter(
        Condition::any()
            .add(campaign::Column::Status.ne(Status::Draft))
            .add(campaign::Column::LaunchedByUnitId.in_subquery(below(&units, day))),
    )
}

/// The titles of these campaigns; a draft's is nobody's to read yet.
pub async fn titles(db: &impl ConnectionTrait, ids: &[CampaignId]) -> Result<HashMap<CampaignId, String>, DbErr> {
    let rows = campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(ids.iter().copied()))
        .filter(campaign::Column::Status.ne(Status::Draft))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.title)).collect())
}

/// What a notification says of this campaign.
pub async fn news_of(db: &impl ConnectionTrait, id: CampaignId) -> Result<Option<CampaignNews>, DbErr> {
    let row = campaign::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| CampaignNews { title: row.title, starts_on: row.starts_on, ends_on: row.ends_on }))
}

async fn with_parts(db: &impl ConnectionTrait, rows: Vec<campaign::Model>) -> Result<Vec<Campaign>, DbErr> {
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.id).collect();
    let mut parts = parts_of(db, &ids).await?;
    let campaigns = rows.into_iter().map(|row| {
        let parts = parts.remove(&row.id).unwrap_or_default();
        Campaign {
            id: row.id,
            kind: row.kind,
            title: row.title,
            slogan: row.slogan,
            summary: row.summary,
            body: row.body,
            status: row.status,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            launched_by_unit_id: row.launched_by_unit_id,
            launched_at: row.launched_at,
            closed_at: row.closed_at,
            audience: parts.audience,
            phases: parts.phases,
            targets: parts.targets,
            criteria: parts.criteria,
            milestones: parts.milestones,
            version: row.version,
        }
    });
    Ok(campaigns.collect())
}

/// Adds a campaign with its parts.
pub async fn insert(tx: &Tx, campaign: &Campaign, created_by: MemberId) -> Result<(), Problem> {
    let mut row = row_of(campaign);
    row.created_by = Set(Some(created_by));
    row.created_at = Set(tx.now());
    row.version = Set(campaign.version);
    campaign::Entity::insert(row).exec_without_returning(tx).await?;
    save_parts(tx, campaign).await
}

/// Keeps a changed campaign and its parts, as the next version of its row.
pub async fn save(tx: &Tx, campaign: &mut Campaign) -> Result<(), Problem> {
    campaign.version = campaign.version.saturating_add(1);
    let mut row = row_of(campaign);
    row.id = Unchanged(campaign.id);
    row.version = Set(campaign.version);
    campaign::Entity::update(row).exec(tx).await?;
    save_parts(tx, campaign).await
}

/// Removes a draft.
pub async fn delete(tx: &Tx, id: CampaignId) -> Result<(), DbErr> {
    delete_parts(tx, id).await?;
    campaign::Entity::delete_by_id(id).exec(tx).await.map(|_rows| ())
}

/// Keeps what a launched campaign says now, under the next number.
pub async fn insert_version(tx: &Tx, id: CampaignId, content: serde_json::Value, by: MemberId) -> Result<(), DbErr> {
    let last = campaign_version::Entity::find()
        .filter(campaign_version::Column::CampaignId.eq(id))
        .order_by_desc(campaign_version::Column::Number)
        .one(tx)
        .await?;
    let row = campaign_version::ActiveModel {
        campaign_id: Set(id),
        number: Set(last.map_or(1, |last| last.number.saturating_add(1))),
        content: Set(content),
        created_by: Set(Some(by)),
        created_at: Set(tx.now()),
    };
    campaign_version::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The number of the latest version of a launched campaign; 0 before its launch.
pub async fn version_number(db: &impl ConnectionTrait, id: CampaignId) -> Result<i32, DbErr> {
    let last = campaign_version::Entity::find()
        .filter(campaign_version::Column::CampaignId.eq(id))
        .order_by_desc(campaign_version::Column::Number)
        .one(db)
        .await?;
    Ok(last.map_or(0, |last| last.number))
}

fn row_of(campaign: &Campaign) -> campaign::ActiveModel {
    campaign::ActiveModel {
        id: Set(campaign.id),
        kind: Set(campaign.kind),
        title: Set(campaign.title.clone()),
        folded_title: Set(fold(&campaign.title)),
        slogan: Set(campaign.slogan.clone()),
        summary: Set(campaign.summary.clone()),
        body: Set(campaign.body.clone()),
        status: Set(campaign.status),
        starts_on: Set(campaign.starts_on),
        ends_on: Set(campaign.ends_on),
        launched_by_unit_id: Set(campaign.launched_by_unit_id),
        launched_at: Set(campaign.launched_at),
        closed_at: Set(campaign.closed_at),
        ..Default::default()
    }
}

/// Does a campaign run that this unit has launched, or one whose history it carries on on `day`?
pub async fn has_running(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<bool, DbErr> {
    let running = campaign::Entity::find()
        .filter(campaign::Column::LaunchedByUnitId.is_in(with_resting(db, &[unit], day).await?))
        .filter(campaign::Column::Status.eq(campaign::Status::Launched));
    Ok(running.one(db).await?.is_some())
}
