//! How often secrets were guessed wrong in a window of time. A bucket is a kind and a keyed hash: no address and no username
//! stands here.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "wrong_guess")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub window_ends: DateTimeUtc,
    pub guesses: i64,
}

impl ActiveModelBehavior for ActiveModel {}
