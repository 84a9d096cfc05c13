//! That a member's personal data is gone. The member's row stays, without a name.

use sea_orm::entity::prelude::*;

use crate::kit::values::MemberId;

/// Who asked for an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Source {
    /// The member, in the app.
    Member,
    /// An admin, for a request that came another way.
    Staff,
    /// Zalo: the member withdrew their consent there.
    Zalo,
    /// A backup from before the erasure was restored.
    Restore,
}

shown_as_kept!(Source);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub source: Source,
    pub requested_at: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub erased_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
