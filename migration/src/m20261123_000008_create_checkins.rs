use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("checkin")
                    .col(uuid("id").primary_key())
                    .col(uuid("pledge_id"))
                    .col(uuid("commitment_id"))
                    .col(uuid("campaign_id"))
                    .col(uuid_null("target_id"))
                    .col(uuid_null("phase_id"))
                    .col(uuid("unit_id"))
                    .col(uuid("member_id"))
                    .col(big_integer("quantity"))
                    .col(text_null("note"))
                    .col(timestamp_with_time_zone("occurred_at"))
                    .col(timestamp_with_time_zone("received_at"))
                    .col(date("day"))
                    .col(integer_null("latitude_e6"))
                    .col(integer_null("longitude_e6"))
                    .col(integer_null("accuracy_m"))
                    .col(text("status"))
                    .col(json_binary("flags"))
                    .col(text_null("return_reason"))
                    .col(uuid_null("decided_by"))
                    .col(timestamp_with_time_zone_null("decided_at"))
                    .col(text("content_hash"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("checkin", "pledge_id").to("pledge", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "commitment_id").to("commitment", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "campaign_id").to("campaign", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "target_id").to("target", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "phase_id").to("phase", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "member_id").to("member", "id"))
                    .foreign_key(ForeignKey::create().from("checkin", "decided_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("checkin_pledge_id_id").table("checkin").col("pledge_id").col("id").to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("checkin_commitment_id").table("checkin").col("commitment_id").to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("checkin_unit_id_status_id")
                    .table("checkin")
                    .col("unit_id")
                    .col("status")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("checkin_target_id_status_id")
                    .table("checkin")
                    .col("target_id")
                    .col("status")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("checkin_member_id_id").table("checkin").col("member_id").col("id").to_owned(),
            )
            .await?;
        // The review queue of whoever manages everything: what came first, first, without sorting all that waits, and without
        // reading what waits in another campaign.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX checkin_waiting ON checkin (received_at, id, campaign_id, status)
                WHERE status IN ('submitted', 'held')",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("checkin").to_owned()).await?;
        Ok(())
    }
}
