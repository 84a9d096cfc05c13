//! All SQL about what hangs on a unit.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, LockType, SelectStatement},
};
use uuid::Uuid;

use super::days::{Days, overlap, without};
use crate::{
    db::Tx,
    entity::{
        campaign, cluster, cluster_head, cluster_unit, flag_holding, member, membership, pledge, role_grant,
        unit_version,
    },
    kit::values::ids::{MemberId, MembershipId, RoleGrantId, UnitId},
    organisation::units::{with_resting, within},
};

const AT_ONCE: usize = 2_000;
/// What a place at home is called in the database.
const HOME: &str = "home";

/// Those of `members` who belong to this very unit on `day`.
pub async fn members_in(
    db: &impl ConnectionTrait,
    unit: UnitId,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, DbErr> {
    let ids: Vec<Uuid> = membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::MemberId.is_in(members.iter().map(|member| member.0)))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(MemberId).collect())
}

/// Lets nobody else change where these members belong until the end of the change. In the order of their ids, so that two who
/// hold several do not wait for each other.
pub async fn hold_members(tx: &Tx, members: &[MemberId]) -> Result<(), DbErr> {
    let mut ids: Vec<Uuid> = members.iter().map(|member| member.0).collect();
    ids.sort_unstable();
    ids.dedup();
    for some in ids.chunks(AT_ONCE) {
        member::Entity::find()
            .select_only()
            .column(member::Column::Id)
            .filter(member::Column::Id.is_in(some.iter().copied()))
            .order_by_asc(member::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<Uuid>()
            .all(tx)
            .await?;
    }
    Ok(())
}

/// Those who belong to this very unit on `since` or later.
pub async fn members_since(db: &impl ConnectionTrait, unit: UnitId, since: NaiveDate) -> Result<Vec<MemberId>, DbErr> {
    let rows = db.query_all(&places_since(unit, since)).await?;
    rows.iter().map(|row| row.try_get_by_index(0).map(MemberId)).collect()
}

/// The ids of those who belong to this very unit on `since` or later, as a subquery.
fn places_since(unit: UnitId, since: NaiveDate) -> SelectStatement {
    membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .distinct()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::ValidTo.gt(since))
        .into_query()
}

/// Lets these members' places in `unit` go on in `into` from `on`.
pub async fn move_members(
    tx: &Tx,
    unit: UnitId,
    into: UnitId,
    members: &[MemberId],
    on: NaiveDate,
) -> Result<usize, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::MemberId.is_in(members.iter().map(|member| member.0)))
        .filter(membership::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    move_memberships(tx, rows, into, on).await
}

/// Days by member.
type DaysOfMembers = HashMap<Uuid, Vec<Days>>;

/// Lets every place in `unit` go on in `into` from `on`. Nobody has two places there on one day: a temporary one goes on only on
/// the days on which they have none there yet, and one that they have there gives way to a home that comes.
pub async fn carry_memberships(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let there = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(into.0))
        .filter(membership::Column::MemberId.in_subquery(places_since(unit, on)))
        .filter(membership::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let from_then = |row: &membership::Model| (Ord::max(row.valid_from, on), row.valid_to);
    let days = |row: &membership::Model| (row.valid_from, row.valid_to);
    let (mut taken, mut coming): (DaysOfMembers, DaysOfMembers) = Default::default();
    there.iter().for_each(|row| taken.entry(row.member_id).or_default().push(days(row)));
    for row in rows.iter().filter(|row| row.kind == HOME) {
        coming.entry(row.member_id).or_default().push(from_then(row));
    }
    for other in there.iter().filter(|other| other.kind != HOME) {
        let homes = coming.get(&other.member_id).map(Vec::as_slice).unwrap_or_default();
        if homes.iter().any(|home| overlap(days(other), *home)) {
            keep_on_days(tx, other, into, without(days(other), homes)).await?;
        }
    }
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    for row in rows {
        let taken = taken.get(&row.member_id).map(Vec::as_slice).unwrap_or_default();
        let left = if row.kind == HOME { vec![from_then(&row)] } else { without(from_then(&row), taken) };
        if left == [from_then(&row)] { whole.push(row) } else { cut.push((row, left)) }
    }
    let count = whole.len().saturating_add(cut.iter().filter(|(_, left)| !left.is_empty()).count());
    for (row, left) in cut {
        if row.valid_from < on {
            keep_on_days(tx, &row, unit, vec![(row.valid_from, on)]).await?;
            add_places(tx, &row, into, left).await?;
        } else {
            keep_on_days(tx, &row, into, left).await?;
        }
    }
    move_memberships(tx, whole, into, on).await?;
    Ok(count)
}

/// Lets a place be one in `unit`, on these days: the first of them keep its row, the others get rows of their own. On none it
/// ends as it begins.
async fn keep_on_days(tx: &Tx, row: &membership::Model, unit: UnitId, days: Vec<Days>) -> Result<(), DbErr> {
    let mut days = days.into_iter();
    let (from, to) = days.next().unwrap_or((row.valid_from, row.valid_from));
    let kept = membership::Model { unit_id: unit.0, valid_from: from, valid_to: to, ..row.clone() };
    membership::Entity::update(kept.into_active_model().reset_all()).exec(tx).await?;
    add_places(tx, row, unit, days).await
}

async fn add_places(
    tx: &Tx,
    like: &membership::Model,
    unit: UnitId,
    days: impl IntoIterator<Item = Days>,
) -> Result<(), DbErr> {
    let rows = days.into_iter().map(|(valid_from, valid_to)| {
        let row =
            membership::Model { id: MembershipId::new().0, unit_id: unit.0, valid_from, valid_to, ..like.clone() };
        row.into_active_model().reset_all()
    });
    membership::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

/// What began before `on` ends then and goes on as a place of its own; what begins later is there from the start.
async fn move_memberships(tx: &Tx, rows: Vec<membership::Model>, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    let count = rows.len();
    for some in rows.chunks(AT_ONCE) {
        let (begun, later): (Vec<_>, Vec<_>) = some.iter().partition(|row| row.valid_from < on);
        membership::Entity::update_many()
            .col_expr(membership::Column::ValidTo, Expr::val(on))
            .filter(membership::Column::Id.is_in(begun.iter().map(|row| row.id)))
            .exec(tx)
            .await?;
        membership::Entity::update_many()
            .col_expr(membership::Column::UnitId, Expr::val(into.0))
            .filter(membership::Column::Id.is_in(later.iter().map(|row| row.id)))
            .exec(tx)
            .await?;
        let going_on = begun.into_iter().map(|row| {
            let mut row = row.clone().into_active_model().reset_all();
            row.id = Set(MembershipId::new().0);
            row.unit_id = Set(into.0);
            row.valid_from = Set(on);
            row
        });
        membership::Entity::insert_many(going_on).exec_without_returning(tx).await?;
    }
    Ok(count)
}

/// Lets every role over `unit` go on over `into` from `on`, on the days on which they do not have the same one there already. One
/// that is being taken back is waited for: it does not go on.
pub async fn carry_role_grants(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::UnitId.is_in([unit.0, into.0]))
        .filter(role_grant::Column::ValidTo.gt(on))
        .order_by_asc(role_grant::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    let (there, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.unit_id == Some(into.0));
    let count = rows.len();
    for row in rows {
        let same = there.iter().filter(|other| (other.member_id, &other.role) == (row.member_id, &row.role));
        let taken: Vec<Days> = same.map(|other| (other.valid_from, other.valid_to)).collect();
        let begins = Ord::max(row.valid_from, on);
        let mut going_on = without((begins, row.valid_to), &taken).into_iter();
        let before = (row.unit_id, row.valid_from, begins);
        let is_later = row.valid_from >= on;
        let first = if is_later { going_on.next().map(|(from, to)| (Some(into.0), from, to)) } else { None };
        let (unit_id, valid_from, valid_to) = first.unwrap_or(before);
        let kept = role_grant::Model { unit_id, valid_from, valid_to, ..row.clone() };
        role_grant::Entity::update(kept.into_active_model().reset_all()).exec(tx).await?;
        let going_on = going_on.map(|(valid_from, valid_to)| {
            let id = RoleGrantId::new().0;
            let row = role_grant::Model { id, unit_id: Some(into.0), valid_from, valid_to, ..row.clone() };
            row.into_active_model().reset_all()
        });
        role_grant::Entity::insert_many(going_on).exec_without_returning(tx).await?;
    }
    Ok(count)
}

/// Lets the places, headships and flags of `unit` go on with `into` from `on`, unless that one is in the cluster already.
pub async fn carry_cluster_places(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    change_clusters(tx, unit, on).await?;
    let places = cluster_unit::Entity::find()
        .filter(cluster_unit::Column::UnitId.eq(unit.0))
        .filter(cluster_unit::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let heads = cluster_head::Entity::find()
        .filter(cluster_head::Column::UnitId.eq(unit.0))
        .filter(cluster_head::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let flags = flag_holding::Entity::find()
        .filter(flag_holding::Column::UnitId.eq(unit.0))
        .filter(flag_holding::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    end_stays(tx, unit, on).await?;
    let count = places.len();
    for place in places {
        let is_there = cluster_unit::Entity::find()
            .filter(cluster_unit::Column::ClusterId.eq(place.cluster_id))
            .filter(cluster_unit::Column::UnitId.eq(into.0))
            .filter(cluster_unit::Column::ValidTo.gt(on))
            .one(tx)
            .await?;
        if is_there.is_none() {
            let from = Ord::max(place.valid_from, on);
            let row = cluster_unit::Model { unit_id: into.0, valid_from: from, ..place };
            let row = row.into_active_model().reset_all();
            cluster_unit::Entity::insert(row).exec_without_returning(tx).await?;
        }
    }
    let heads = heads.into_iter().map(|row| {
        let from = Ord::max(row.valid_from, on);
        let row = cluster_head::Model { id: Uuid::now_v7(), unit_id: into.0, valid_from: from, ..row };
        row.into_active_model().reset_all()
    });
    cluster_head::Entity::insert_many(heads).exec_without_returning(tx).await?;
    let flags = flags.into_iter().map(|row| {
        let from = Ord::max(row.valid_from, on);
        let row = flag_holding::Model { id: Uuid::now_v7(), unit_id: into.0, valid_from: from, ..row };
        row.into_active_model().reset_all()
    });
    flag_holding::Entity::insert_many(flags).exec_without_returning(tx).await?;
    Ok(count)
}

/// Ends every role over `unit` on `on`; one that was to begin later never does.
pub async fn end_role_grants(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::UnitId.eq(unit.0))
        .filter(role_grant::Column::ValidTo.gt(on))
        .order_by_asc(role_grant::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in rows {
        let end = Ord::max(row.valid_from, on);
        let mut row = row.into_active_model();
        row.valid_to = Set(end);
        role_grant::Entity::update(row).exec(tx).await?;
    }
    Ok(())
}

/// Ends the places, headships and flags of `unit` on `on`; those that were to begin later never do.
pub async fn end_cluster_places(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    change_clusters(tx, unit, on).await?;
    end_stays(tx, unit, on).await
}

/// Holds the clusters in which this unit has a place, a headship or a flag on `on` or later, and gives each its next version:
/// whoever saw one before has not seen what becomes of it.
async fn change_clusters(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    macro_rules! of {
        ($entity:ident) => {
            $entity::Entity::find()
                .select_only()
                .column($entity::Column::ClusterId)
                .filter($entity::Column::UnitId.eq(unit.0))
                .filter($entity::Column::ValidTo.gt(on))
                .into_query()
        };
    }
    let concerned = Condition::any()
        .add(cluster::Column::Id.in_subquery(of!(cluster_unit)))
        .add(cluster::Column::Id.in_subquery(of!(cluster_head)))
        .add(cluster::Column::Id.in_subquery(of!(flag_holding)));
    let held = cluster::Entity::find().filter(concerned).order_by_asc(cluster::Column::Id).lock_exclusive();
    let ids: Vec<Uuid> = held.all(tx).await?.into_iter().map(|row| row.id).collect();
    cluster::Entity::update_many()
        .col_expr(cluster::Column::Version, Expr::col(cluster::Column::Version).add(1))
        .filter(cluster::Column::Id.is_in(ids))
        .exec(tx)
        .await
        .map(|_rows| ())
}

async fn end_stays(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    macro_rules! end {
        ($($entity:ident),+) => {$(
            let of_unit = || $entity::Entity::delete_many().filter($entity::Column::UnitId.eq(unit.0));
            of_unit().filter($entity::Column::ValidFrom.gte(on)).exec(tx).await?;
            $entity::Entity::update_many()
                .col_expr($entity::Column::ValidTo, Expr::val(on))
                .filter($entity::Column::UnitId.eq(unit.0))
                .filter($entity::Column::ValidTo.gt(on))
                .exec(tx)
                .await?;
        )+};
    }
    end!(cluster_unit, cluster_head, flag_holding);
    Ok(())
}

/// Does any unit stand directly under this one on `on` or later?
pub async fn has_units_below(db: &impl ConnectionTrait, unit: UnitId, on: NaiveDate) -> Result<bool, DbErr> {
    let below = unit_version::Entity::find()
        .filter(unit_version::Column::ParentId.eq(unit.0))
        .filter(unit_version::Column::ValidTo.gt(on));
    Ok(below.one(db).await?.is_some())
}

/// Does anybody belong to this very unit on `on` or later?
pub async fn has_members(db: &impl ConnectionTrait, unit: UnitId, on: NaiveDate) -> Result<bool, DbErr> {
    let members = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::ValidTo.gt(on));
    Ok(members.one(db).await?.is_some())
}

/// Does a campaign run that this unit has launched, or one whose history it carries on on `day`?
pub async fn has_running_campaigns(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<bool, DbErr> {
    let running = campaign::Entity::find()
        .filter(campaign::Column::LaunchedByUnitId.is_in(with_resting(db, &[unit], day).await?))
        .filter(campaign::Column::Status.eq("launched"));
    Ok(running.one(db).await?.is_some())
}

/// Has this unit itself, or one whose history it carries on on `day`, pledged something in a campaign that runs?
pub async fn has_running_pledges(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<bool, DbErr> {
    let running = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::Status.eq("launched"))
        .into_query();
    let pledges = pledge::Entity::find()
        .filter(pledge::Column::UnitId.is_in(with_resting(db, &[unit], day).await?))
        .filter(pledge::Column::MemberId.is_null())
        .filter(pledge::Column::Status.eq("signed"))
        .filter(pledge::Column::CampaignId.in_subquery(running));
    Ok(pledges.one(db).await?.is_some())
}
