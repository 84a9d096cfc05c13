use sea_orm_migration::{prelude::*, schema::*};

/// What is found by no other index: events that were set aside, and what has had its time.
const INDEXES: [(&str, &str); 1] = [("outbox_event_set_aside", "outbox_event (retry_at) WHERE retry_at IS NOT NULL")];
const FIRST_INDEXES: [(&str, &str); 2] = [
    ("inbox_row_notification_id", "inbox_row (notification_id)"),
    ("provider_event_worked", "provider_event (worked_at) WHERE worked_at IS NOT NULL"),
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Before the table of events is held: whoever records one waits from then on until this is committed.
        for (name, columns) in FIRST_INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        let event = || Table::alter().table("outbox_event").to_owned();
        manager.alter_table(event().add_column(integer("attempt").default(0)).to_owned()).await?;
        manager.alter_table(event().add_column(timestamp_with_time_zone_null("retry_at")).to_owned()).await?;
        manager
            .create_table(
                Table::create()
                    .table("outbox_mark")
                    .col(integer("id").primary_key())
                    .col(big_integer("pruned_to"))
                    .col(timestamp_with_time_zone("pruned_at"))
                    .to_owned(),
            )
            .await?;
        for (name, columns) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES.into_iter().chain(FIRST_INDEXES) {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        manager.drop_table(Table::drop().table("outbox_mark").to_owned()).await?;
        for column in ["retry_at", "attempt"] {
            manager.alter_table(Table::alter().table("outbox_event").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
