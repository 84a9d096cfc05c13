use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("unit")
                    .col(uuid("id").primary_key())
                    .col(uuid_null("successor_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("unit", "successor_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("unit_version")
                    .col(uuid("id").primary_key())
                    .col(uuid("unit_id"))
                    .col(text("name"))
                    .col(text_null("short_name"))
                    .col(text("folded_name"))
                    .col(text("kind"))
                    .col(uuid_null("parent_id"))
                    .col(date("valid_from"))
                    .col(date("valid_to"))
                    .foreign_key(ForeignKey::create().from("unit_version", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("unit_version", "parent_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("unit_version_unit_id_valid_from")
                    .table("unit_version")
                    .col("unit_id")
                    .col("valid_from")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("unit_version_parent_id_valid_from")
                    .table("unit_version")
                    .col("parent_id")
                    .col("valid_from")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("unit_closure")
                    .col(uuid("ancestor_id"))
                    .col(uuid("descendant_id"))
                    .col(date("valid_from"))
                    .col(date("valid_to"))
                    .col(integer("depth"))
                    .primary_key(Index::create().col("ancestor_id").col("descendant_id").col("valid_from"))
                    .foreign_key(ForeignKey::create().from("unit_closure", "ancestor_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("unit_closure", "descendant_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("unit_closure_ancestor_id_valid_to")
                    .table("unit_closure")
                    .col("ancestor_id")
                    .col("valid_to")
                    .col("valid_from")
                    .col("descendant_id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("unit_closure_descendant_id_ancestor_id")
                    .table("unit_closure")
                    .col("descendant_id")
                    .col("ancestor_id")
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("unit_closure").to_owned()).await?;
        manager.drop_table(Table::drop().table("unit_version").to_owned()).await?;
        manager.drop_table(Table::drop().table("unit").to_owned()).await?;
        Ok(())
    }
}
