use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

/// What the audit log is searched by, in the order of its chain.
const INDEXES: [(&str, &str); 5] = [
    ("audit_row_actor_id_position", "audit_row (actor_id, position)"),
    ("audit_row_action_position", "audit_row (action, position)"),
    ("audit_row_subject_kind_position", "audit_row (subject_kind, position)"),
    ("audit_row_subject_id_position", "audit_row (subject_id, position)"),
    ("audit_row_recorded_at", "audit_row (recorded_at)"),
];

/// Nothing that was written down changes. A row gets its place in the chain once, and goes only after a checkpoint has taken
/// over what the chain needs of it.
const ON_SQLITE: [&str; 3] = [
    "CREATE TRIGGER audit_row_content_stays BEFORE UPDATE OF id, actor_kind, actor_id, action, subject_kind, subject_id, \
     before, after, request_id, recorded_at ON audit_row \
     BEGIN SELECT RAISE(ABORT, 'audit_row is append only'); END",
    "CREATE TRIGGER audit_row_place_stays BEFORE UPDATE OF position, previous_hash, hash ON audit_row \
     WHEN OLD.position IS NOT NULL \
     BEGIN SELECT RAISE(ABORT, 'audit_row is append only'); END",
    "CREATE TRIGGER audit_row_stays BEFORE DELETE ON audit_row \
     WHEN OLD.position IS NULL OR OLD.position > (SELECT COALESCE(MAX(position), 0) FROM audit_checkpoint) \
     BEGIN SELECT RAISE(ABORT, 'audit_row is append only'); END",
];

const ON_POSTGRES: [&str; 3] = [
    "CREATE FUNCTION audit_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$ \
     BEGIN \
       IF TG_OP = 'TRUNCATE' THEN \
         RAISE EXCEPTION 'audit_row is append only'; \
       END IF; \
       IF TG_OP = 'DELETE' THEN \
         IF OLD.position IS NULL OR OLD.position > (SELECT COALESCE(MAX(position), 0) FROM audit_checkpoint) THEN \
           RAISE EXCEPTION 'audit_row is append only'; \
         END IF; \
         RETURN OLD; \
       END IF; \
       IF OLD.position IS NOT NULL \
         OR (NEW.id, NEW.actor_kind, NEW.actor_id, NEW.action, NEW.subject_kind, NEW.subject_id, NEW.recorded_at) \
           IS DISTINCT FROM \
           (OLD.id, OLD.actor_kind, OLD.actor_id, OLD.action, OLD.subject_kind, OLD.subject_id, OLD.recorded_at) \
         OR (NEW.before, NEW.after, NEW.request_id) IS DISTINCT FROM (OLD.before, OLD.after, OLD.request_id) THEN \
         RAISE EXCEPTION 'audit_row is append only'; \
       END IF; \
       RETURN NEW; \
     END $$",
    "CREATE TRIGGER audit_row_stays BEFORE UPDATE OR DELETE ON audit_row \
     FOR EACH ROW EXECUTE FUNCTION audit_row_stays()",
    "CREATE TRIGGER audit_table_stays BEFORE TRUNCATE ON audit_row \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_row_stays()",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_checkpoint")
                    .col(big_integer("position").primary_key())
                    .col(text("hash"))
                    .col(big_integer("row_count"))
                    .col(timestamp_with_time_zone("pruned_at"))
                    .to_owned(),
            )
            .await?;
        let connection = manager.get_connection();
        for (name, columns) in INDEXES {
            connection.execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        // The one over positions serves what it served.
        manager
            .drop_index(Index::drop().name("audit_row_subject_id_recorded_at").table("audit_row").to_owned())
            .await?;
        let guards: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &ON_POSTGRES,
            _ => &ON_SQLITE,
        };
        for guard in guards {
            connection.execute_unprepared(guard).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let unguard: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &[
                "DROP TRIGGER audit_table_stays ON audit_row",
                "DROP TRIGGER audit_row_stays ON audit_row",
                "DROP FUNCTION audit_row_stays()",
            ],
            _ => &[
                "DROP TRIGGER audit_row_content_stays",
                "DROP TRIGGER audit_row_place_stays",
                "DROP TRIGGER audit_row_stays",
            ],
        };
        for statement in unguard {
            connection.execute_unprepared(statement).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("audit_row_subject_id_recorded_at")
                    .table("audit_row")
                    .col("subject_id")
                    .col("recorded_at")
                    .to_owned(),
            )
            .await?;
        for (name, _) in INDEXES {
            connection.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        manager.drop_table(Table::drop().table("audit_checkpoint").to_owned()).await
    }
}
