use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("ledger_entry")
                    .col(big_pk_auto("id"))
                    .col(uuid("checkin_id"))
                    .col(uuid("commitment_id"))
                    .col(uuid_null("target_id"))
                    .col(uuid("unit_id"))
                    .col(uuid("member_id"))
                    .col(uuid_null("phase_id"))
                    .col(date("day"))
                    .col(text("figure"))
                    .col(big_integer("delta"))
                    .col(text("cause"))
                    .col(timestamp_with_time_zone("recorded_at"))
                    .foreign_key(ForeignKey::create().from("ledger_entry", "checkin_id").to("checkin", "id"))
                    .foreign_key(ForeignKey::create().from("ledger_entry", "commitment_id").to("commitment", "id"))
                    .foreign_key(ForeignKey::create().from("ledger_entry", "target_id").to("target", "id"))
                    .foreign_key(ForeignKey::create().from("ledger_entry", "unit_id").to("unit", "id"))
                    .foreign_key(ForeignKey::create().from("ledger_entry", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("ledger_entry_checkin_id").table("ledger_entry").col("checkin_id").to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("ledger_entry_commitment_id")
                    .table("ledger_entry")
                    .col("commitment_id")
                    .to_owned(),
            )
            .await?;
        // Figures as of a day are read from this index alone, and in its order.
        manager
            .create_index(
                Index::create()
                    .name("ledger_entry_target_id_unit_id_figure_day_delta")
                    .table("ledger_entry")
                    .col("target_id")
                    .col("unit_id")
                    .col("figure")
                    .col("day")
                    .col("delta")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("target_unit_total")
                    .col(uuid("target_id"))
                    .col(uuid("unit_id"))
                    .col(uuid("phase_id"))
                    .col(big_integer("reported"))
                    .col(big_integer("verified"))
                    .primary_key(Index::create().col("target_id").col("unit_id").col("phase_id"))
                    .foreign_key(ForeignKey::create().from("target_unit_total", "target_id").to("target", "id"))
                    .foreign_key(ForeignKey::create().from("target_unit_total", "unit_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("target_unit_total").to_owned()).await?;
        manager.drop_table(Table::drop().table("ledger_entry").to_owned()).await?;
        Ok(())
    }
}
