use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("work")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(uuid("unit_id"))
                    .col(text("kind"))
                    .col(text("title"))
                    .col(text_null("summary"))
                    .col(text_null("place"))
                    .col(text_null("unit_of_measure"))
                    .col(big_integer_null("goal"))
                    .col(big_integer_null("achieved"))
                    .col(text("status"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("work", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("work", "unit_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("work_campaign_id_id").table("work").col("campaign_id").col("id").to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("work_unit_id").table("work").col("unit_id").to_owned()).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("work").to_owned()).await?;
        Ok(())
    }
}
