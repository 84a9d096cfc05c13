use sea_orm_migration::prelude::*;

/// What an export and an erasure find a member's rows by.
const INDEXES: [(&str, &str); 3] = [
    ("authorization_code_member_id", "authorization_code (member_id)"),
    ("ledger_entry_member_id", "ledger_entry (member_id)"),
    ("notification_subject_id", "notification (subject_id)"),
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
