//! All SQL about Zalo ids.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};

use crate::{
    db::Tx,
    entity::zalo_identity::{ActiveModel, Column, Entity},
    kit::{ids::MemberId, problem::Problem, vault::Vault},
};

const APP_USER: &str = "zalo_identity.app_user";
const OA_USER: &str = "zalo_identity.oa_user";

/// What Zalo says of a person who signs in.
#[derive(Clone, Debug)]
pub struct ZaloLink {
    /// The app's id of them.
    pub app_user_id: String,
    /// The Official Account's id of them, once they have dealt with it.
    pub oa_user_id: Option<String>,
    /// Do they follow the Official Account?
    pub follows_oa: bool,
}

/// The member with this id of the app.
pub async fn find_by_zalo(
    db: &impl ConnectionTrait,
    vault: &Vault,
    app_user_id: &str,
) -> Result<Option<MemberId>, DbErr> {
    let row = Entity::find().filter(Column::AppUserHash.eq(vault.look_up(APP_USER, app_user_id))).one(db).await?;
    Ok(row.map(|row| MemberId(row.member_id)))
}

/// Links a member to Zalo, or brings the link up to date.
pub async fn link_zalo(tx: &Tx, vault: &Vault, member: MemberId, link: &ZaloLink) -> Result<(), DbErr> {
    let row = ActiveModel {
        member_id: Set(member.0),
        app_user_cipher: Set(vault.seal(APP_USER, &link.app_user_id)),
        app_user_hash: Set(vault.look_up(APP_USER, &link.app_user_id)),
        oa_user_cipher: Set(link.oa_user_id.as_ref().map(|id| vault.seal(OA_USER, id))),
        oa_user_hash: Set(link.oa_user_id.as_ref().map(|id| vault.look_up(OA_USER, id))),
        shown_user_cipher: Set(None),
        shown_user_hash: Set(None),
        follows_oa: Set(link.follows_oa),
        linked_at: Set(tx.now()),
    };
    let update = OnConflict::column(Column::MemberId)
        .update_columns([
            Column::AppUserCipher,
            Column::AppUserHash,
            Column::OaUserCipher,
            Column::OaUserHash,
            Column::FollowsOa,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

/// The Official Account's id of a member who follows it.
pub async fn oa_user_of(db: &impl ConnectionTrait, vault: &Vault, member: MemberId) -> Result<Option<String>, Problem> {
    let row = Entity::find_by_id(member.0).one(db).await?;
    let sealed = row.filter(|row| row.follows_oa).and_then(|row| row.oa_user_cipher);
    sealed.map(|sealed| vault.open(OA_USER, &sealed).map_err(Problem::internal)).transpose()
}
