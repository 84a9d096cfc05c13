use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("notification")
                    .col(uuid("id").primary_key())
                    .col(uuid("event_id"))
                    .col(text("kind"))
                    .col(uuid("subject_id"))
                    .col(json_binary("values"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(ForeignKey::create().from("notification", "event_id").to("outbox_event", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("notification_event_id_kind")
                    .table("notification")
                    .col("event_id")
                    .col("kind")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("inbox_row")
                    .col(uuid("member_id"))
                    .col(uuid("notification_id"))
                    .col(big_integer("position"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("read_at"))
                    .primary_key(Index::create().col("member_id").col("notification_id"))
                    .foreign_key(ForeignKey::create().from("inbox_row", "member_id").to("member", "id"))
                    .foreign_key(ForeignKey::create().from("inbox_row", "notification_id").to("notification", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("inbox_row_member_id_position")
                    .table("inbox_row")
                    .col("member_id")
                    .col("position")
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("inbox_row").to_owned()).await?;
        manager.drop_table(Table::drop().table("notification").to_owned()).await?;
        Ok(())
    }
}
