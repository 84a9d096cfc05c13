//! All SQL of the demo: many rows at once, and whether they are there already.

use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable as _,
};

use super::{ids, rows::Rows};
use crate::{
    db::Tx,
    entity::{
        campaign, campaign_audience, campaign_version, checkin, cluster, cluster_head, cluster_unit, commitment,
        criterion, flag_holding, ledger_entry, member, membership, milestone, outbox_event, phase, pledge,
        pledge_version, role_grant, target, target_unit_total, unit, unit_closure, unit_version, work,
    },
    feed::activities,
};

/// How many values one statement carries: SQLite takes 32,766, PostgreSQL 65,535.
const VALUES: usize = 8_000;

/// What a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// No unit yet.
    Nothing,
    /// The demo.
    Demo,
    /// Units that are not the demo's.
    Other,
}

/// What this database holds.
pub async fn content(db: &impl ConnectionTrait) -> Result<Content, DbErr> {
    if unit::Entity::find_by_id(ids::unit(super::UNIT)).one(db).await?.is_some() {
        return Ok(Content::Demo);
    }
    Ok(if unit::Entity::find().one(db).await?.is_some() { Content::Other } else { Content::Nothing })
}

/// Keeps everything.
pub async fn insert(tx: &Tx, rows: Rows) -> Result<(), DbErr> {
    insert_all::<unit::Entity>(tx, rows.units).await?;
    insert_all::<unit_version::Entity>(tx, rows.unit_versions).await?;
    insert_all::<unit_closure::Entity>(tx, rows.unit_closures).await?;
    insert_all::<cluster::Entity>(tx, rows.clusters).await?;
    insert_all::<cluster_unit::Entity>(tx, rows.cluster_units).await?;
    insert_all::<cluster_head::Entity>(tx, rows.cluster_heads).await?;
    insert_all::<flag_holding::Entity>(tx, rows.flag_holdings).await?;
    insert_all::<member::Entity>(tx, rows.members).await?;
    insert_all::<membership::Entity>(tx, rows.memberships).await?;
    insert_all::<role_grant::Entity>(tx, rows.role_grants).await?;
    insert_all::<campaign::Entity>(tx, rows.campaigns).await?;
    insert_all::<campaign_version::Entity>(tx, rows.campaign_versions).await?;
    insert_all::<campaign_audience::Entity>(tx, rows.campaign_audiences).await?;
    insert_all::<phase::Entity>(tx, rows.phases).await?;
    insert_all::<target::Entity>(tx, rows.targets).await?;
    insert_all::<criterion::Entity>(tx, rows.criteria).await?;
    insert_all::<milestone::Entity>(tx, rows.milestones).await?;
    insert_all::<work::Entity>(tx, rows.works).await?;
    insert_all::<pledge::Entity>(tx, rows.pledges).await?;
    insert_all::<pledge_version::Entity>(tx, rows.pledge_versions).await?;
    insert_all::<commitment::Entity>(tx, rows.commitments).await?;
    insert_all::<checkin::Entity>(tx, rows.checkins).await?;
    // The database numbers the ledger itself: ids of our own would leave PostgreSQL's sequence behind.
    let entries = rows.ledger_entries.into_iter().map(IntoActiveModel::into_active_model);
    let entries = entries.map(|entry| ledger_entry::ActiveModel { id: NotSet, ..entry });
    insert_active::<ledger_entry::Entity>(tx, entries.collect()).await?;
    insert_all::<target_unit_total::Entity>(tx, rows.target_unit_totals).await?;
    activities::insert_all(tx, &rows.activities).await?;
    insert_all::<outbox_event::Entity>(tx, rows.outbox_events).await
}

async fn insert_all<E>(tx: &Tx, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    insert_active::<E>(tx, rows.into_iter().map(IntoActiveModel::into_active_model).collect()).await
}

async fn insert_active<E>(tx: &Tx, rows: Vec<E::ActiveModel>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let columns = E::Column::iter().count().max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(VALUES / columns).collect();
        E::insert_many(some).exec_without_returning(tx).await?;
    }
    Ok(())
}
