use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("delivery")
                    .col(uuid("id").primary_key())
                    .col(uuid("notification_id"))
                    .col(uuid("member_id"))
                    .col(text("channel"))
                    .col(text("status"))
                    .col(timestamp_with_time_zone("due_at"))
                    .col(text_null("lease_owner"))
                    .col(timestamp_with_time_zone_null("lease_until"))
                    .col(integer("attempt"))
                    .col(text_null("provider_message_id"))
                    .col(text_null("reason"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("finished_at"))
                    .foreign_key(ForeignKey::create().from("delivery", "notification_id").to("notification", "id"))
                    .foreign_key(ForeignKey::create().from("delivery", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("delivery_notification_id_member_id_channel")
                    .table("delivery")
                    .col("notification_id")
                    .col("member_id")
                    .col("channel")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("delivery_status_due_at").table("delivery").col("status").col("due_at").to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("delivery_member_id").table("delivery").col("member_id").to_owned())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("delivery_attempt")
                    .col(uuid("delivery_id"))
                    .col(integer("attempt"))
                    .col(timestamp_with_time_zone("started_at"))
                    .col(timestamp_with_time_zone("finished_at"))
                    .col(text("outcome"))
                    .col(text_null("answer"))
                    .primary_key(Index::create().col("delivery_id").col("attempt"))
                    .foreign_key(ForeignKey::create().from("delivery_attempt", "delivery_id").to("delivery", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("provider_token")
                    .col(text("provider").primary_key())
                    .col(text("access_cipher"))
                    .col(text("refresh_cipher"))
                    .col(timestamp_with_time_zone("access_expires_at"))
                    .col(timestamp_with_time_zone("renewed_at"))
                    .col(timestamp_with_time_zone_null("renewing_until"))
                    .col(text_null("renewing_owner"))
                    .col(timestamp_with_time_zone_null("failed_at"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("provider_token").to_owned()).await?;
        manager.drop_table(Table::drop().table("delivery_attempt").to_owned()).await?;
        manager.drop_table(Table::drop().table("delivery").to_owned()).await?;
        Ok(())
    }
}
