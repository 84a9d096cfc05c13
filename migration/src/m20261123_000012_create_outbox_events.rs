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
        manager
            .create_index(
                Index::create().name("outbox_event_position").table("outbox_event").col("position").unique().to_owned(),
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
