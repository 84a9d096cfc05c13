use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("consent")
                    .col(uuid("member_id"))
                    .col(text("kind"))
                    .col(integer("text_version"))
                    .col(boolean("is_agreed"))
                    .col(timestamp_with_time_zone("decided_at"))
                    .primary_key(Index::create().col("member_id").col("kind"))
                    .foreign_key(ForeignKey::create().from("consent", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("consent_decision")
                    .col(uuid("id").primary_key())
                    .col(uuid("member_id"))
                    .col(text("kind"))
                    .col(integer("text_version"))
                    .col(boolean("is_agreed"))
                    .col(text("client_id"))
                    .col(timestamp_with_time_zone("decided_at"))
                    .foreign_key(ForeignKey::create().from("consent_decision", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("consent_decision_member_id_id")
                    .table("consent_decision")
                    .col("member_id")
                    .col("id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("consent_decision").to_owned()).await?;
        manager.drop_table(Table::drop().table("consent").to_owned()).await
    }
}
