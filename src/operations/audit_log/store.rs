//! All SQL about reading the audit log.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::wire::{AuditFilter, AuditRowView};
use crate::{
    entity::audit_row::{Column, Entity, Model},
    kit::{http::Page, values::clock::start_in_vietnam},
};

/// A page of the rows that have their place in the chain, newest first.
pub async fn page_of(
    db: &impl ConnectionTrait,
    filter: &AuditFilter,
    page: &Page<i64>,
) -> Result<Vec<AuditRowView>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Position.is_not_null())
        .filter(matching(filter))
        .filter(Condition::all().add_option(page.after.map(|after| Column::Position.lt(after))))
        .order_by_desc(Column::Position)
        .limit(page.fetch())
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(from_row).collect())
}

fn matching(filter: &AuditFilter) -> Condition {
    let actor = filter.actor.as_deref().map(|actor| match actor {
        "system" | "anonymous" => Column::ActorId.eq("").and(Column::ActorKind.eq(actor)),
        id => Column::ActorId.eq(id),
    });
    Condition::all()
        .add_option(actor)
        .add_option(filter.action.as_deref().map(|action| Column::Action.eq(action)))
        .add_option(filter.subject_kind.as_deref().map(|kind| Column::SubjectKind.eq(kind)))
        .add_option(filter.subject_id.as_deref().map(|id| Column::SubjectId.eq(id)))
        .add_option(filter.from.map(|day| Column::RecordedAt.gte(start_in_vietnam(day))))
        .add_option(filter.to.and_then(|day| day.succ_opt()).map(|day| Column::RecordedAt.lt(start_in_vietnam(day))))
}

fn from_row(row: Model) -> Option<AuditRowView> {
    Some(AuditRowView {
        id: row.id,
        position: row.position?,
        recorded_at: row.recorded_at,
        actor_kind: row.actor_kind,
        actor_id: Some(row.actor_id).filter(|id| !id.is_empty()),
        action: row.action,
        subject_kind: row.subject_kind,
        subject_id: row.subject_id,
        before: row.before,
        after: row.after,
        request_id: row.request_id,
        previous_hash: row.previous_hash.unwrap_or_default(),
        hash: row.hash?,
    })
}
