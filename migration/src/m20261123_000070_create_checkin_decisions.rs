//! What managers decide about check-ins, each decision as it was made: whoever is told of one is told that, whatever becomes
//! of the check-in meanwhile.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("checkin_decision")
                    .col(uuid("id").primary_key())
                    .col(uuid("checkin_id"))
                    .col(uuid("member_id"))
                    .col(text("status"))
                    .col(big_integer("quantity"))
                    .col(text_null("reason"))
                    .col(uuid_null("decided_by"))
                    .col(timestamp_with_time_zone("decided_at"))
                    .foreign_key(ForeignKey::create().from("checkin_decision", "checkin_id").to("checkin", "id"))
                    .foreign_key(ForeignKey::create().from("checkin_decision", "member_id").to("member", "id"))
                    .foreign_key(ForeignKey::create().from("checkin_decision", "decided_by").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("checkin_decision_member_id")
                    .table("checkin_decision")
                    .col("member_id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("checkin_decision").to_owned()).await
    }
}
