use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("role_grant")
                    .col(uuid("id").primary_key())
                    .col(uuid("member_id"))
                    .col(text("role"))
                    .col(uuid_null("unit_id"))
                    .col(date("valid_from"))
                    .col(date("valid_to"))
                    .col(uuid_null("granted_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(ForeignKey::create().from("role_grant", "member_id").to("member", "id"))
                    .foreign_key(ForeignKey::create().from("role_grant", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("role_grant", "granted_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("role_grant_member_id_valid_from")
                    .table("role_grant")
                    .col("member_id")
                    .col("valid_from")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("role_grant_unit_id").table("role_grant").col("unit_id").to_owned())
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("role_grant").to_owned()).await?;
        Ok(())
    }
}
