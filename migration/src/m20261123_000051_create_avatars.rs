use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("avatar")
                    .col(uuid("member_id").primary_key())
                    .col(text("content_hash"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(ForeignKey::create().from("avatar", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("avatar_content_hash").table("avatar").col("content_hash").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("avatar").to_owned()).await
    }
}
