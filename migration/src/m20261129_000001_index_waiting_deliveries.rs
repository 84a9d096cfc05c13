use sea_orm_migration::prelude::*;

/// What a worker claims next, in the order in which it does: what is due, and what somebody claimed and never finished.
const INDEXES: [(&str, &str); 2] = [
    ("delivery_waiting", "delivery (channel, due_at) WHERE status IN ('pending', 'failed')"),
    ("delivery_sending", "delivery (channel, lease_until) WHERE status = 'sending'"),
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        manager.drop_index(Index::drop().name("delivery_status_due_at").table("delivery").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create().name("delivery_status_due_at").table("delivery").col("status").col("due_at").to_owned(),
            )
            .await?;
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
