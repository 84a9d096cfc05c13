use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("outbox_event")
                    .col(uuid("id").primary_key())
                    .col(text("kind"))
                    .col(json_binary("payload"))
                    .col(uuid("subject_id"))
                    .col(timestamp_with_time_zone("recorded_at"))
                    .col(big_integer_null("position"))
                    .to_owned(),
            )
            .await?;
        // Two halves: what has its position, and what waits. With one index over both SQLite takes it to find what waits,
        // and sorts all of that for the first few.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX outbox_event_position ON outbox_event (position) WHERE position IS NOT NULL",
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX outbox_event_waiting ON outbox_event (recorded_at, id) WHERE position IS NULL",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("outbox_event").to_owned()).await?;
        Ok(())
    }
}
