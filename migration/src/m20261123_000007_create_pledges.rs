use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("pledge")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(text("pledger_kind"))
                    .col(uuid("unit_id"))
                    .col(uuid_null("member_id"))
                    .col(text("status"))
                    .col(integer("current_version"))
                    .col(timestamp_with_time_zone_null("signed_at"))
                    .col(uuid_null("signed_by"))
                    .col(text_null("verification_code"))
                    .col(date_null("next_due_on"))
                    .col(uuid("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("pledge", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("pledge", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("pledge", "member_id").to("member", "id"))
                    .foreign_key(ForeignKey::create().from("pledge", "signed_by").to("member", "id"))
                    .foreign_key(ForeignKey::create().from("pledge", "created_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("pledge_verification_code")
                    .table("pledge")
                    .col("verification_code")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("pledge_campaign_id_id").table("pledge").col("campaign_id").col("id").to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("pledge_member_id_id").table("pledge").col("member_id").col("id").to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("pledge_unit_id_id").table("pledge").col("unit_id").col("id").to_owned())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("pledge_version")
                    .col(uuid("pledge_id"))
                    .col(integer("number"))
                    .col(text("statement"))
                    .col(integer("campaign_version"))
                    .col(blob_null("sealed_bytes"))
                    .col(text_null("seal"))
                    .col(timestamp_with_time_zone_null("sealed_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("pledge_id").col("number"))
                    .foreign_key(ForeignKey::create().from("pledge_version", "pledge_id").to("pledge", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("commitment")
                    .col(uuid("id").primary_key())
                    .col(uuid("pledge_id"))
                    .col(integer("ordinal"))
                    .col(uuid_null("target_id"))
                    .col(text("title"))
                    .col(text("unit_of_measure"))
                    .col(big_integer("quantity"))
                    .col(date("due_on"))
                    .col(text("cadence"))
                    .foreign_key(ForeignKey::create().from("commitment", "pledge_id").to("pledge", "id"))
                    .foreign_key(ForeignKey::create().from("commitment", "target_id").to("target", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("commitment_pledge_id_ordinal")
                    .table("commitment")
                    .col("pledge_id")
                    .col("ordinal")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("commitment_target_id").table("commitment").col("target_id").to_owned())
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("commitment").to_owned()).await?;
        manager.drop_table(Table::drop().table("pledge_version").to_owned()).await?;
        manager.drop_table(Table::drop().table("pledge").to_owned()).await?;
        Ok(())
    }
}
