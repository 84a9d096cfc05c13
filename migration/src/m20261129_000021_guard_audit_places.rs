use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// On SQLite a row that takes the place of another one (`INSERT OR REPLACE`) deletes it without any trigger of deletions: so
/// what has its place in the chain is guarded against that too. PostgreSQL knows no such statement.
const ON_SQLITE: [&str; 2] = [
    "CREATE TRIGGER audit_row_is_new BEFORE INSERT ON audit_row \
     WHEN EXISTS (SELECT 1 FROM audit_row WHERE id = NEW.id AND position IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM audit_row WHERE position = NEW.position) \
     BEGIN SELECT RAISE(ABORT, 'audit_row is append only'); END",
    "CREATE TRIGGER audit_row_place_is_free BEFORE UPDATE OF position ON audit_row \
     WHEN EXISTS (SELECT 1 FROM audit_row WHERE position = NEW.position) \
     BEGIN SELECT RAISE(ABORT, 'audit_row is append only'); END",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            return Ok(());
        }
        for guard in ON_SQLITE {
            manager.get_connection().execute_unprepared(guard).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            return Ok(());
        }
        for name in ["audit_row_is_new", "audit_row_place_is_free"] {
            manager.get_connection().execute_unprepared(&format!("DROP TRIGGER {name}")).await?;
        }
        Ok(())
    }
}
