//! All SQL about Zalo ids.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

use crate::{
    db::Tx,
    entity::{
        member_private,
        zalo_identity::{ActiveModel, Column, Entity, Model},
    },
    kit::{
        secrets::{Unreadable, Vault},
        values::MemberId,
    },
    organisation::members::store::PHONE,
};

const APP_USER: &str = "zalo_identity.app_user";
const OA_USER: &str = "zalo_identity.oa_user";

/// A person's ids with Zalo, as far as it gives them.
#[derive(Clone, Debug)]
pub struct ZaloLink {
    /// The app's id of them.
    pub app_user_id: String,
    /// The Official Account's id of them, once they have dealt with it. Zalo leaves it out at times: none is no news.
    pub oa_user_id: Option<String>,
    /// Do they follow the Official Account? None is no news.
    pub follows_oa: Option<bool>,
}

/// The keyed hash of an id of the app.
pub fn app_user_hash(vault: &Vault, app_user_id: &str) -> String {
    vault.look_up(APP_USER, app_user_id)
}

/// The keyed hash of a phone number (`84…`).
pub fn phone_hash(vault: &Vault, phone: &str) -> String {
    vault.look_up(PHONE, phone)
}

/// The member with this id of the app.
pub async fn find_by_app_user(
    db: &impl ConnectionTrait,
    vault: &Vault,
    app_user_id: &str,
) -> Result<Option<MemberId>, DbErr> {
    let linked = find_by_zalo_hash(db, &zalo_look_up(vault, app_user_id)).await?;
    Ok(linked.map(|(member, _signed_in_at)| member))
}

/// The keyed hash by which an id of the app is found again.
pub fn zalo_look_up(vault: &Vault, app_user_id: &str) -> String {
    vault.look_up(APP_USER, app_user_id)
}

/// The member with the id of the app that this is the keyed hash of, and when they last signed in with it; what an older
/// build did not write down is the moment of the link.
pub async fn find_by_zalo_hash(
    db: &impl ConnectionTrait,
    hash: &str,
) -> Result<Option<(MemberId, DateTime<Utc>)>, DbErr> {
    let row = Entity::find().filter(Column::AppUserHash.eq(hash)).one(db).await?;
    let last = |row: &Model| Ord::max(row.signed_in_at.unwrap_or(row.linked_at), row.linked_at);
    Ok(row.map(|row| (MemberId(row.member_id), last(&row))))
}

/// Is this member linked to a Zalo account?
pub async fn is_linked(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(member.0).one(db).await?.is_some())
}

/// Keeps the phone number (`84…`) that a member has now.
pub async fn set_phone(tx: &Tx, vault: &Vault, member: MemberId, phone: &str) -> Result<(), DbErr> {
    member_private::Entity::update_many()
        .col_expr(member_private::Column::PhoneCipher, Expr::value(vault.seal(PHONE, phone)))
        .col_expr(member_private::Column::PhoneHash, Expr::value(phone_hash(vault, phone)))
        .filter(member_private::Column::MemberId.eq(member.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Makes one member's Zalo account another's.
pub async fn move_link(tx: &Tx, from: MemberId, to: MemberId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::MemberId, Expr::value(to.0))
        .col_expr(Column::LinkedAt, Expr::value(tx.now()))
        .filter(Column::MemberId.eq(from.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Links a member to Zalo who signs in with it, or brings the link up to date with what Zalo gives.
pub async fn link_zalo(tx: &Tx, vault: &Vault, member: MemberId, link: &ZaloLink) -> Result<(), DbErr> {
    let oa_user_hash = link.oa_user_id.as_ref().map(|id| vault.look_up(OA_USER, id));
    if let Some(hash) = &oa_user_hash {
        // Zalo says whose it is now; whoever had it before does not any more.
        Entity::update_many()
            .col_expr(Column::OaUserCipher, Expr::value(None::<String>))
            .col_expr(Column::OaUserHash, Expr::value(None::<String>))
            .filter(Column::OaUserHash.eq(hash.as_str()))
            .filter(Column::MemberId.ne(member.0))
            .exec(tx)
            .await?;
    }
    let row = ActiveModel {
        member_id: Set(member.0),
        app_user_cipher: Set(vault.seal(APP_USER, &link.app_user_id)),
        app_user_hash: Set(vault.look_up(APP_USER, &link.app_user_id)),
        oa_user_cipher: Set(link.oa_user_id.as_ref().map(|id| vault.seal(OA_USER, id))),
        oa_user_hash: Set(oa_user_hash),
        shown_user_cipher: Set(None),
        shown_user_hash: Set(None),
        follows_oa: Set(link.follows_oa.unwrap_or(link.oa_user_id.is_some())),
        linked_at: Set(tx.now()),
        signed_in_at: Set(Some(tx.now())),
    };
    let mut given = vec![Column::AppUserCipher, Column::AppUserHash, Column::SignedInAt];
    if link.oa_user_id.is_some() {
        given.extend([Column::OaUserCipher, Column::OaUserHash]);
    }
    if link.follows_oa.is_some() {
        given.push(Column::FollowsOa);
    }
    let update = OnConflict::column(Column::MemberId).update_columns(given).to_owned();
    Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

/// The Official Account's ids of those of these members who follow it, each as far as it can be read.
pub async fn oa_users_of(
    db: &impl ConnectionTrait,
    vault: &Vault,
    members: &[MemberId],
) -> Result<HashMap<MemberId, Result<String, Unreadable>>, DbErr> {
    let ids = members.iter().map(|member| member.0);
    let followers = Column::FollowsOa.eq(true).and(Column::OaUserCipher.is_not_null());
    let rows = Entity::find().filter(Column::MemberId.is_in(ids)).filter(followers).all(db).await?;
    let read =
        rows.into_iter().filter_map(|row| Some((MemberId(row.member_id), vault.open(OA_USER, &row.oa_user_cipher?))));
    Ok(read.collect())
}

/// Forgets a member's ids with Zalo, and the phone number by which they would be linked again. False when there are none.
pub async fn unlink_zalo(tx: &Tx, member: MemberId) -> Result<bool, DbErr> {
    if Entity::delete_by_id(member.0).exec(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    member_private::Entity::update_many()
        .col_expr(member_private::Column::PhoneCipher, Expr::value(None::<String>))
        .col_expr(member_private::Column::PhoneHash, Expr::value(None::<String>))
        .filter(member_private::Column::MemberId.eq(member.0))
        .exec(tx)
        .await?;
    Ok(true)
}
