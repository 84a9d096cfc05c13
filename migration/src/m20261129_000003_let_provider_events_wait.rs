use sea_orm_migration::{prelude::*, schema::*};

/// Before every moment there is: what waits already is due, and so is what an older build adds.
const AT_ONCE: &str = "1970-01-01T00:00:00+00:00";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [integer("attempt").default(0), timestamp_with_time_zone("due_at").default(AT_ONCE)] {
            manager.alter_table(Table::alter().table("provider_event").add_column(column).to_owned()).await?;
        }
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX provider_event_waiting ON provider_event (due_at, id) WHERE worked_at IS NULL",
            )
            .await?;
        manager.drop_index(Index::drop().name("provider_event_worked_at_id").table("provider_event").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("provider_event_worked_at_id")
                    .table("provider_event")
                    .col("worked_at")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager.drop_index(Index::drop().name("provider_event_waiting").table("provider_event").to_owned()).await?;
        for column in ["due_at", "attempt"] {
            manager.alter_table(Table::alter().table("provider_event").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
