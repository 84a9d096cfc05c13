use sea_orm_migration::{prelude::*, schema::*};

/// When somebody last signed in with Zalo. Rows of before, and those that an older build writes, have none.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = timestamp_with_time_zone_null("signed_in_at");
        manager.alter_table(Table::alter().table("zalo_identity").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("zalo_identity").drop_column("signed_in_at").to_owned()).await
    }
}
