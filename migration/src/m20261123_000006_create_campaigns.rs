use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("campaign")
                    .col(uuid("id").primary_key())
                    .col(text("kind"))
                    .col(text("title"))
                    .col(text("folded_title"))
                    .col(text_null("slogan"))
                    .col(text_null("summary"))
                    .col(text_null("body"))
                    .col(text("status"))
                    .col(date("starts_on"))
                    .col(date("ends_on"))
                    .col(uuid("launched_by_unit_id"))
                    .col(timestamp_with_time_zone_null("launched_at"))
                    .col(timestamp_with_time_zone_null("closed_at"))
                    .col(uuid_null("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("campaign", "launched_by_unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("campaign", "created_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("campaign_starts_on_id").table("campaign").col("starts_on").col("id").to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("campaign_version")
                    .col(uuid("campaign_id"))
                    .col(integer("number"))
                    .col(json_binary("content"))
                    .col(uuid_null("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("campaign_id").col("number"))
                    .foreign_key(ForeignKey::create().from("campaign_version", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("campaign_version", "created_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("campaign_audience")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(text_null("unit_kind"))
                    .col(uuid_null("unit_id"))
                    .col(uuid_null("cluster_id"))
                    .foreign_key(ForeignKey::create().from("campaign_audience", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("campaign_audience", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("campaign_audience", "cluster_id").to("cluster", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("campaign_audience_campaign_id")
                    .table("campaign_audience")
                    .col("campaign_id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("phase")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(integer("ordinal"))
                    .col(text("name"))
                    .col(date("starts_on"))
                    .col(date("ends_on"))
                    .col(text_null("focus"))
                    .foreign_key(ForeignKey::create().from("phase", "campaign_id").to("campaign", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("phase_campaign_id_ordinal")
                    .table("phase")
                    .col("campaign_id")
                    .col("ordinal")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("target")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(integer("ordinal"))
                    .col(text("name"))
                    .col(text("unit_of_measure"))
                    .col(text("kind"))
                    .col(big_integer_null("goal"))
                    .col(uuid_null("numerator_target_id"))
                    .col(big_integer_null("denominator"))
                    .foreign_key(ForeignKey::create().from("target", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("target", "numerator_target_id").to("target", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("target_campaign_id_ordinal")
                    .table("target")
                    .col("campaign_id")
                    .col("ordinal")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("criterion")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(integer("ordinal"))
                    .col(text("text"))
                    .foreign_key(ForeignKey::create().from("criterion", "campaign_id").to("campaign", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("criterion_campaign_id_ordinal")
                    .table("criterion")
                    .col("campaign_id")
                    .col("ordinal")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("milestone")
                    .col(uuid("id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(integer("ordinal"))
                    .col(text("name"))
                    .col(integer("month"))
                    .col(integer("day"))
                    .col(boolean("is_lunar"))
                    .foreign_key(ForeignKey::create().from("milestone", "campaign_id").to("campaign", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("milestone_campaign_id_ordinal")
                    .table("milestone")
                    .col("campaign_id")
                    .col("ordinal")
                    .unique()
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("milestone").to_owned()).await?;
        manager.drop_table(Table::drop().table("criterion").to_owned()).await?;
        manager.drop_table(Table::drop().table("target").to_owned()).await?;
        manager.drop_table(Table::drop().table("phase").to_owned()).await?;
        manager.drop_table(Table::drop().table("campaign_audience").to_owned()).await?;
        manager.drop_table(Table::drop().table("campaign_version").to_owned()).await?;
        manager.drop_table(Table::drop().table("campaign").to_owned()).await?;
        Ok(())
    }
}
