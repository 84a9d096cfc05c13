use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("cluster")
                    .col(uuid("id").primary_key())
                    .col(text("name"))
                    .col(integer("year"))
                    .col(text_null("motto"))
                    .col(date_null("signed_on"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("cluster_unit")
                    .col(uuid("cluster_id"))
                    .col(uuid("unit_id"))
                    .col(date("valid_from"))
                    .col(date("valid_to"))
                    .primary_key(Index::create().col("cluster_id").col("unit_id").col("valid_from"))
                    .foreign_key(ForeignKey::create().from("cluster_unit", "cluster_id").to("cluster", "id"))
                    .foreign_key(ForeignKey::create().from("cluster_unit", "unit_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("cluster_unit_unit_id").table("cluster_unit").col("unit_id").to_owned())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("flag_holding")
                    .col(uuid("id").primary_key())
                    .col(uuid("cluster_id"))
                    .col(uuid("unit_id"))
                    .col(date("valid_from"))
                    .col(date("valid_to"))
                    .foreign_key(ForeignKey::create().from("flag_holding", "cluster_id").to("cluster", "id"))
                    .foreign_key(ForeignKey::create().from("flag_holding", "unit_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("flag_holding_cluster_id_valid_from")
                    .table("flag_holding")
                    .col("cluster_id")
                    .col("valid_from")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("cluster_head")
                    .col(uuid("id").primary_key())
                    .col(uuid("cluster_id"))
                    .col(uuid("unit_id"))
                    .col(date("valid_from"))
                    .col(date("valid_to"))
                    .foreign_key(ForeignKey::create().from("cluster_head", "cluster_id").to("cluster", "id"))
                    .foreign_key(ForeignKey::create().from("cluster_head", "unit_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("cluster_head_cluster_id_valid_from")
                    .table("cluster_head")
                    .col("cluster_id")
                    .col("valid_from")
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("cluster_head").to_owned()).await?;
        manager.drop_table(Table::drop().table("flag_holding").to_owned()).await?;
        manager.drop_table(Table::drop().table("cluster_unit").to_owned()).await?;
        manager.drop_table(Table::drop().table("cluster").to_owned()).await?;
        Ok(())
    }
}
