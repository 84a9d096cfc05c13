use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column a statement: SQLite takes no more.
        for column in ["code_cipher", "code_hash"] {
            manager
                .alter_table(Table::alter().table("member_private").add_column(text_null(column)).to_owned())
                .await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("member_private_code_hash")
                    .table("member_private")
                    .col("code_hash")
                    .unique()
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("member_private_code_hash").table("member_private").to_owned()).await?;
        for column in ["code_hash", "code_cipher"] {
            manager.alter_table(Table::alter().table("member_private").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
