use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("unit").add_column(text_null("code")).to_owned()).await?;
        manager.create_index(Index::create().name("unit_code").table("unit").col("code").unique().to_owned()).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("unit_code").table("unit").to_owned()).await?;
        manager.alter_table(Table::alter().table("unit").drop_column("code").to_owned()).await?;
        Ok(())
    }
}
