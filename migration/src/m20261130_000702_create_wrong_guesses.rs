use sea_orm_migration::{prelude::*, schema::*};

/// How often secrets were guessed wrong in a window of time, by what is counted together (`bucket`).
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("wrong_guess")
                    .col(text("bucket"))
                    .col(timestamp_with_time_zone("window_ends"))
                    .col(big_integer("guesses"))
                    .primary_key(Index::create().col("bucket").col("window_ends"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("wrong_guess_window_ends").table("wrong_guess").col("window_ends").to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("wrong_guess").to_owned()).await
    }
}
