//! What is looked up about whoever calls.

use std::num::NonZeroU32;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::{
    entity::{client_app, member, membership, role_grant, session},
    kit::{
        http::{Grant, Person, Role, caller::App},
        values::{ClientAppId, MemberId, SessionId},
    },
    organisation::units::within,
};

/// Does this session still hold?
pub async fn is_session_open(
    db: &impl ConnectionTrait,
    id: SessionId,
    member_id: MemberId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let session = session::Entity::find_by_id(id).one(db).await?;
    Ok(session.is_some_and(|session| {
        session.member_id == member_id && session.revoked_at.is_none() && session.expires_at > now
    }))
}

/// A person with their units and roles of `day`; none when they were erased.
pub async fn load_person(
    db: &impl ConnectionTrait,
    member_id: MemberId,
    session_id: SessionId,
    day: NaiveDate,
) -> Result<Option<Person>, DbErr> {
    let member = member::Entity::find_by_id(member_id).one(db).await?;
    if member.is_none_or(|member| member.erased_at.is_some()) {
        return Ok(None);
    }
    let memberships = membership::Entity::find()
        .filter(membership::Column::MemberId.eq(member_id))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        // "home" comes before "temporary".
        .order_by_asc(membership::Column::Kind)
        .all(db)
        .await?;
    let grants = role_grant::Entity::find()
        .filter(role_grant::Column::MemberId.eq(member_id))
        .filter(within(role_grant::Column::ValidFrom, role_grant::Column::ValidTo, day))
        .all(db)
        .await?;
    let grants = grants
        .into_iter()
        .filter_map(|grant| Role::named(&grant.role).map(|role| Grant { role, unit_id: grant.unit_id }))
        .collect();
    let unit_ids = memberships.into_iter().map(|membership| membership.unit_id).collect();
    Ok(Some(Person { member_id, session_id, unit_ids, grants }))
}

/// A client app that is not disabled.
pub async fn load_app(db: &impl ConnectionTrait, id: ClientAppId) -> Result<Option<App>, DbErr> {
    let app = client_app::Entity::find_by_id(id).one(db).await?;
    Ok(app.filter(|app| app.disabled_at.is_none()).map(|app| App {
        id,
        scopes: serde_json::from_value(app.scopes).unwrap_or_default(),
        requests_per_minute: app
            .requests_per_minute
            .and_then(|number| u32::try_from(number).ok())
            .and_then(NonZeroU32::new),
    }))
}
