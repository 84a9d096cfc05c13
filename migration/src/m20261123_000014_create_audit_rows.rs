use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_row")
                    .col(uuid("id").primary_key())
                    .col(big_integer_null("position"))
                    .col(text("actor_kind"))
                    .col(text("actor_id"))
                    .col(text("action"))
                    .col(text("subject_kind"))
                    .col(text("subject_id"))
                    .col(json_binary_null("before"))
                    .col(json_binary_null("after"))
                    .col(text_null("request_id"))
                    .col(timestamp_with_time_zone("recorded_at"))
                    .col(text_null("previous_hash"))
                    .col(text_null("hash"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX audit_row_position ON audit_row (position) WHERE position IS NOT NULL",
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_row_subject_id_recorded_at")
                    .table("audit_row")
                    .col("subject_id")
                    .col("recorded_at")
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX audit_row_waiting ON audit_row (recorded_at, id) WHERE position IS NULL")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_row").to_owned()).await?;
        Ok(())
    }
}
