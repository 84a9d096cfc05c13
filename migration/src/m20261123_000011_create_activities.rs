use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("activity")
                    .col(uuid("id").primary_key())
                    .col(text("kind"))
                    .col(text("title"))
                    .col(text("summary"))
                    .col(text("body_markdown"))
                    .col(text("body_html"))
                    .col(text("folded_text"))
                    .col(uuid_null("campaign_id"))
                    .col(uuid("unit_id"))
                    .col(json_binary("tags"))
                    .col(text("status"))
                    .col(boolean("is_pinned"))
                    .col(timestamp_with_time_zone_null("publish_at"))
                    .col(timestamp_with_time_zone_null("published_at"))
                    .col(uuid_null("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("activity", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("activity", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("activity", "created_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("activity_status_is_pinned_published_at_id")
                    .table("activity")
                    .col("status")
                    .col("is_pinned")
                    .col("published_at")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("activity_status_campaign_id_is_pinned_published_at_id")
                    .table("activity")
                    .col("status")
                    .col("campaign_id")
                    .col("is_pinned")
                    .col("published_at")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("activity_status_unit_id_is_pinned_published_at_id")
                    .table("activity")
                    .col("status")
                    .col("unit_id")
                    .col("is_pinned")
                    .col("published_at")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        // Few ever wait, so the index is nearly empty.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX activity_publish_at ON activity (publish_at) WHERE publish_at IS NOT NULL",
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("activity_tag")
                    .col(uuid("activity_id"))
                    .col(text("tag"))
                    .primary_key(Index::create().col("activity_id").col("tag"))
                    .foreign_key(ForeignKey::create().from("activity_tag", "activity_id").to("activity", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("activity_tag_tag_activity_id")
                    .table("activity_tag")
                    .col("tag")
                    .col("activity_id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("activity_revision")
                    .col(uuid("activity_id"))
                    .col(integer("number"))
                    .col(json_binary("content"))
                    .col(uuid_null("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("activity_id").col("number"))
                    .foreign_key(ForeignKey::create().from("activity_revision", "activity_id").to("activity", "id"))
                    .foreign_key(ForeignKey::create().from("activity_revision", "created_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("activity_revision").to_owned()).await?;
        manager.drop_table(Table::drop().table("activity_tag").to_owned()).await?;
        manager.drop_table(Table::drop().table("activity").to_owned()).await?;
        Ok(())
    }
}
