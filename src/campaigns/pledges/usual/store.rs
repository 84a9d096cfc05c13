//! All SQL about what is usual. Each query reads a bounded number of rows along an index.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::SAMPLE;
use crate::{
    campaigns::{
        campaigns::{Status, TargetKind},
        pledges::pledge::PledgeStatus,
    },
    db::Tx,
    entity::{
        campaign,
        checkin::{self, CheckinStatus},
        commitment, pledge, target,
    },
    kit::values::{CampaignId, Quantity, TargetId},
};

/// What the latest signed pledges of a campaign promise for these targets: for which, who (a member, or a unit), how much.
pub async fn pledged(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    targets: &[TargetId],
) -> Result<Vec<(TargetId, Uuid, Quantity)>, DbErr> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let latest = pledge::Entity::find()
        .select_only()
        .column(pledge::Column::Id)
        .filter(pledge::Column::CampaignId.eq(campaign))
        .filter(pledge::Column::Status.ne(PledgeStatus::Draft))
        .order_by_desc(pledge::Column::Id)
        .limit(SAMPLE)
        .into_query();
    let query = Query::select()
        .columns([(pledge::Entity, pledge::Column::MemberId), (pledge::Entity, pledge::Column::UnitId)])
        .columns([commitment::Column::TargetId, commitment::Column::Quantity].map(|one| (commitment::Entity, one)))
        .from(pledge::Entity)
        .inner_join(
            commitment::Entity,
            Expr::col((commitment::Entity, commitment::Column::PledgeId)).equals((pledge::Entity, pledge::Column::Id)),
        )
        .and_where(Expr::col((pledge::Entity, pledge::Column::Id)).in_subquery(latest))
        .and_where(Expr::col((commitment::Entity, commitment::Column::TargetId)).is_in(targets.iter().copied()))
        .to_owned();
    let rows = db.query_all(&query).await?;
    let promises = rows.iter().map(|row| {
        let (member, unit): (Option<Uuid>, Uuid) = (row.try_get("", "member_id")?, row.try_get("", "unit_id")?);
        let amount = Quantity::from_thousandths(row.try_get("", "quantity")?);
        Ok((row.try_get("", "target_id")?, member.unwrap_or(unit), amount))
    });
    promises.collect()
}

/// The latest check-ins for a target that a manager has verified: whose, and how much.
pub async fn verified(db: &impl ConnectionTrait, target: TargetId) -> Result<Vec<(Uuid, Quantity)>, DbErr> {
    let rows: Vec<(Uuid, i64)> = checkin::Entity::find()
        .select_only()
        .columns([checkin::Column::MemberId, checkin::Column::Quantity])
        .filter(checkin::Column::TargetId.eq(target))
        .filter(checkin::Column::Status.eq(CheckinStatus::Verified))
        .order_by_desc(checkin::Column::Id)
        .limit(SAMPLE)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(member, quantity)| (member, Quantity::from_thousandths(quantity))).collect())
}

/// Keeps what is usual for a target, as found now.
pub async fn keep(tx: &Tx, target: TargetId, usual: Option<Quantity>) -> Result<(), DbErr> {
    target::Entity::update_many()
        .col_expr(target::Column::UsualQuantity, Expr::value(usual.map(Quantity::thousandths)))
        .col_expr(target::Column::UsualFoundAt, Expr::value(tx.now()))
        .filter(target::Column::Id.eq(target))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Some of the running campaigns with a target of which what is usual was found before then, or never.
pub async fn outdated(db: &impl ConnectionTrait, before: DateTime<Utc>, limit: u64) -> Result<Vec<CampaignId>, DbErr> {
    let of_target = |column: target::Column| Expr::col((target::Entity, column));
    let outdated_target = Query::select()
        .column((target::Entity, target::Column::Id))
        .from(target::Entity)
        .and_where(of_target(target::Column::CampaignId).equals((campaign::Entity, campaign::Column::Id)))
        .and_where(of_target(target::Column::Kind).eq(TargetKind::Quantity))
        .and_where(
            of_target(target::Column::UsualFoundAt).is_null().or(of_target(target::Column::UsualFoundAt).lt(before)),
        )
        .to_owned();
    campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::Status.eq(Status::Launched))
        .filter(Expr::exists(outdated_target))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}
