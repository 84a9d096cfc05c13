//! What people usually pledge and report for a target at once, by which an unlikely check-in is told.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite takes no more.
        for column in [big_integer_null("usual_quantity"), timestamp_with_time_zone_null("usual_found_at")] {
            manager.alter_table(Table::alter().table("target").add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["usual_quantity", "usual_found_at"] {
            manager.alter_table(Table::alter().table("target").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
