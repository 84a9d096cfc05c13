use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("data_request")
                    .col(uuid("id").primary_key())
                    .col(uuid("member_id"))
                    .col(text("kind"))
                    .col(text("source"))
                    .col(text_null("detail"))
                    .col(text("status"))
                    .col(timestamp_with_time_zone("requested_at"))
                    .col(timestamp_with_time_zone("acknowledge_by"))
                    .col(timestamp_with_time_zone("due_at"))
                    .col(timestamp_with_time_zone_null("acknowledged_at"))
                    .col(timestamp_with_time_zone_null("resolved_at"))
                    .col(uuid_null("resolved_by"))
                    .col(text_null("resolution"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("data_request", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("data_request_member_id_id")
                    .table("data_request")
                    .col("member_id")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("data_request_due_at_id").table("data_request").col("due_at").col("id").to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("erasure")
                    .col(uuid("member_id").primary_key())
                    .col(text("source"))
                    .col(timestamp_with_time_zone("requested_at"))
                    .col(timestamp_with_time_zone("due_at"))
                    .col(timestamp_with_time_zone("erased_at"))
                    .foreign_key(ForeignKey::create().from("erasure", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("erasure").to_owned()).await?;
        manager.drop_table(Table::drop().table("data_request").to_owned()).await
    }
}
