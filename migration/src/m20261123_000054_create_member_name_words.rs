use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("member_name_word")
                    // As bytes, whose order is the same in every collation: a prefix is a range.
                    .col(blob("word"))
                    .col(uuid("member_id"))
                    .primary_key(Index::create().col("word").col("member_id"))
                    .foreign_key(ForeignKey::create().from("member_name_word", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("member_name_word_member_id")
                    .table("member_name_word")
                    .col("member_id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("member_name_word").to_owned()).await
    }
}
