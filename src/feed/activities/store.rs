//! All SQL about activities.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect, QueryTrait as _, Select,
    sea_query::Expr,
};
use serde_json::json;

use super::{Activity, ActivityKind, ActivityStatus, wire::ActivityFilter};
use crate::{
    db::{Tx, dialect},
    entity::{
        activity::{ActiveModel, Column, Entity, Model},
        activity_revision, activity_tag,
    },
    kit::{
        http::{Page, Person},
        values::{
            ActivityId, CampaignId, MemberId, UnitId,
            clock::{NO_END, start_in_vietnam},
            text::fold,
        },
    },
    organisation::units,
};

/// How many rows go into one statement: both databases bound its parameters.
const CHUNK: usize = 500;
/// How many scheduled ones are published in one transaction.
const DUE_AT_ONCE: u64 = 50;

/// Where a list of activities goes on: pinned first, then newest.
pub type ActivityKey = (bool, DateTime<Utc>, ActivityId);

/// How much of an activity is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All but the article, which is left empty.
    Outline,
    /// Everything.
    Article,
}

/// What the news of an activity says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityNews {
    /// Its headline.
    pub title: String,
    /// What it tells of.
    pub kind: ActivityKind,
    /// The unit that publishes it.
    pub unit_id: UnitId,
    /// The campaign that it belongs to.
    pub campaign_id: Option<CampaignId>,
}

/// A page of what is published, pinned first, then newest; `part` says which of it.
pub async fn published_page(
    db: &impl ConnectionTrait,
    part: Condition,
    depth: Depth,
    page: &Page<ActivityKey>,
) -> Result<Vec<Activity>, DbErr> {
    let mut query = read(depth)
        .filter(Column::Status.eq(ActivityStatus::Published))
        .filter(part)
        .order_by_desc(Column::IsPinned)
        .order_by_desc(Column::PublishedAt)
        .order_by_desc(Column::Id)
        .limit(page.fetch());
    if let Some((is_pinned, published_at, id)) = page.after {
        let key = [Column::IsPinned, Column::PublishedAt, Column::Id].map(Expr::col);
        let after = [Expr::val(is_pinned), Expr::val(published_at), Expr::val(id)];
        query = query.filter(Expr::tuple(key).lt(Expr::tuple(after)));
    }
    Ok(query.all(db).await?.into_iter().map(from_row).collect())
}

/// Where this one stands in a list.
pub fn key_of(activity: &Activity) -> ActivityKey {
    (activity.is_pinned, activity.published_at.unwrap_or_default(), activity.id)
}

/// What the public list's filter asks for, as units are on `day`.
pub async fn part_of(db: &impl ConnectionTrait, filter: &ActivityFilter, day: NaiveDate) -> Result<Condition, DbErr> {
    let units = match filter.unit_id {
        Some(unit) => Some(units::with_resting(db, &[unit], day).await?),
        None => None,
    };
    let tagged = |tag: &str| {
        activity_tag::Entity::find()
            .select_only()
            .column(activity_tag::Column::ActivityId)
            .filter(activity_tag::Column::Tag.eq(fold(tag)))
            .into_query()
    };
    let end = filter.to.filter(|day| *day < NO_END).and_then(|day| day.succ_opt());
    Ok(Condition::all()
        .add_option(filter.campaign_id.map(|id| Column::CampaignId.eq(id)))
        .add_option(units.map(|units| Column::UnitId.is_in(units)))
        .add_option(filter.kind.map(|kind| Column::Kind.eq(kind)))
        .add_option(filter.tag.as_deref().map(|tag| Column::Id.in_subquery(tagged(tag))))
        .add_option(filter.q.as_deref().map(|words| dialect::contains_words(Column::FoldedText, &fold(words))))
        .add_option(filter.from.map(|day| Column::PublishedAt.gte(start_in_vietnam(day))))
        .add_option(end.map(|day| Column::PublishedAt.lt(start_in_vietnam(day)))))
}

/// The activity of that id, if the caller may know of it: what is published, and whatever they are an editor of.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: Option<&Person>,
    id: ActivityId,
    day: NaiveDate,
) -> Result<Option<Activity>, DbErr> {
    Ok(visible(caller, id, day).one(db).await?.map(from_row))
}

/// The same, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: ActivityId) -> Result<Option<Activity>, DbErr> {
    Ok(visible(Some(caller), id, tx.today()).lock_exclusive().one(tx).await?.map(from_row))
}

fn visible(caller: Option<&Person>, id: ActivityId, day: NaiveDate) -> Select<Entity> {
    let mut query = Entity::find_by_id(id);
    if !caller.is_some_and(Person::is_admin) {
        let edited = caller.map(Person::edited_units).unwrap_or_default();
        let mut visible = Condition::any().add(Column::Status.eq(ActivityStatus::Published));
        if !edited.is_empty() {
            visible = visible.add(Column::UnitId.in_subquery(units::below(&edited, day)));
        }
        query = query.filter(visible);
    }
    query
}

/// Since when there has been a scheduled one whose moment has come.
pub async fn due_since(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
    let due: Option<Option<DateTime<Utc>>> = Entity::find()
        .select_only()
        .column(Column::PublishAt)
        .filter(Column::PublishAt.lte(now))
        .order_by_asc(Column::PublishAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(due.flatten())
}

/// A batch of the scheduled ones whose moment has come and that nobody else is working on, held until this change is done.
pub async fn due_for_change(tx: &Tx) -> Result<Vec<Activity>, DbErr> {
    let mut due = Entity::find()
        .filter(Column::PublishAt.lte(tx.now()))
        .order_by_asc(Column::PublishAt)
        .order_by_asc(Column::Id)
        .limit(DUE_AT_ONCE);
    dialect::skip_locked(QuerySelect::query(&mut due));
    Ok(due.all(tx).await?.into_iter().map(from_row).collect())
}

/// What the news of that activity says.
pub async fn news_of(db: &impl ConnectionTrait, id: ActivityId) -> Result<Option<ActivityNews>, DbErr> {
    let row = read(Depth::Outline).filter(Column::Id.eq(id)).one(db).await?;
    Ok(row.map(from_row).map(|activity| ActivityNews {
        title: activity.title,
        kind: activity.kind,
        unit_id: activity.unit_id,
        campaign_id: activity.campaign_id,
    }))
}

fn read(depth: Depth) -> Select<Entity> {
    match depth {
        Depth::Article => Entity::find(),
        Depth::Outline => Entity::find()
            .select_only()
            .columns([Column::Id, Column::Kind, Column::Title, Column::Summary, Column::CampaignId, Column::UnitId])
            .columns([Column::Tags, Column::Status, Column::IsPinned, Column::PublishAt, Column::PublishedAt])
            .columns([Column::CreatedBy, Column::CreatedAt, Column::Version])
            .column_as(Expr::val(""), Column::BodyMarkdown)
            .column_as(Expr::val(""), Column::BodyHtml)
            .column_as(Expr::val(""), Column::FoldedText),
    }
}

/// Adds activities as they are, each with its tags and its first revision. Takes any number, published ones too.
pub async fn insert_all(tx: &Tx, activities: &[Activity]) -> Result<(), DbErr> {
    for chunk in activities.chunks(CHUNK) {
        let rows = chunk.iter().map(|activity| ActiveModel {
            id: Set(activity.id),
            created_by: Set(activity.created_by),
            created_at: Set(tx.now()),
            unit_id: Set(activity.unit_id),
            ..written(activity)
        });
        Entity::insert_many(rows).exec_without_returning(tx).await?;
        insert_tags(tx, chunk).await?;
        let revisions = chunk.iter().map(|activity| revision(tx, activity, activity.created_by));
        activity_revision::Entity::insert_many(revisions).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Writes a changed activity down as its next version, and keeps that as a revision by `editor`; none is the
/// server itself.
pub async fn save(tx: &Tx, activity: &mut Activity, editor: Option<MemberId>) -> Result<(), DbErr> {
    activity.version = activity.version.saturating_add(1);
    let row = ActiveModel { id: Unchanged(activity.id), ..written(activity) };
    Entity::update(row).exec(tx).await?;
    activity_tag::Entity::delete_many().filter(activity_tag::Column::ActivityId.eq(activity.id)).exec(tx).await?;
    insert_tags(tx, std::slice::from_ref(activity)).await?;
    let kept = revision(tx, activity, editor);
    activity_revision::Entity::insert(kept).exec_without_returning(tx).await.map(|_rows| ())
}

/// Deletes an activity with its tags and revisions.
pub async fn delete(tx: &Tx, id: ActivityId) -> Result<(), DbErr> {
    activity_tag::Entity::delete_many().filter(activity_tag::Column::ActivityId.eq(id)).exec(tx).await?;
    activity_revision::Entity::delete_many().filter(activity_revision::Column::ActivityId.eq(id)).exec(tx).await?;
    Entity::delete_by_id(id).exec(tx).await.map(|_rows| ())
}

fn written(activity: &Activity) -> ActiveModel {
    let mut text = format!("{} {} {}", activity.title, activity.summary, activity.body_markdown);
    for tag in &activity.tags {
        text.push(' ');
        text.push_str(tag);
    }
    ActiveModel {
        kind: Set(activity.kind),
        title: Set(activity.title.clone()),
        summary: Set(activity.summary.clone()),
        body_markdown: Set(activity.body_markdown.clone()),
        body_html: Set(activity.body_html.clone()),
        folded_text: Set(fold(&text)),
        campaign_id: Set(activity.campaign_id),
        tags: Set(json!(activity.tags)),
        status: Set(activity.status),
        is_pinned: Set(activity.is_pinned),
        publish_at: Set(activity.publish_at),
        published_at: Set(activity.published_at),
        version: Set(activity.version),
        ..Default::default()
    }
}

async fn insert_tags(tx: &Tx, activities: &[Activity]) -> Result<(), DbErr> {
    let rows = activities.iter().flat_map(|activity| {
        let mut tags: Vec<String> = activity.tags.iter().map(|tag| fold(tag)).collect();
        tags.sort();
        tags.dedup();
        tags.into_iter().map(|tag| activity_tag::ActiveModel { activity_id: Set(activity.id), tag: Set(tag) })
    });
    let rows: Vec<_> = rows.collect();
    for chunk in rows.chunks(CHUNK) {
        activity_tag::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn revision(tx: &Tx, activity: &Activity, editor: Option<MemberId>) -> activity_revision::ActiveModel {
    let content = json!({
        "kind": activity.kind, "title": activity.title, "summary": activity.summary,
        "body_markdown": activity.body_markdown, "campaign_id": activity.campaign_id, "tags": activity.tags,
        "pinned": activity.is_pinned, "status": activity.status, "publish_at": activity.publish_at,
        "published_at": activity.published_at,
    });
    activity_revision::ActiveModel {
        activity_id: Set(activity.id),
        number: Set(i32::try_from(activity.version).unwrap_or(i32::MAX)),
        content: Set(content),
        created_by: Set(editor),
        created_at: Set(tx.now()),
    }
}

fn from_row(row: Model) -> Activity {
    Activity {
        id: row.id,
        kind: row.kind,
        title: row.title,
        summary: row.summary,
        body_markdown: row.body_markdown,
        body_html: row.body_html,
        campaign_id: row.campaign_id,
        unit_id: row.unit_id,
        tags: serde_json::from_value(row.tags).unwrap_or_default(),
        status: row.status,
        is_pinned: row.is_pinned,
        publish_at: row.publish_at,
        published_at: row.published_at,
        created_by: row.created_by,
        version: row.version,
    }
}

/// Has this member written any activity?
pub async fn has_written(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(Column::CreatedBy.eq(member.0)).limit(1).one(db).await?.is_some())
}
