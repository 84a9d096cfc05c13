use sea_orm_migration::prelude::*;

/// What lists and searches walk along; each index serves one query. SQLite and PostgreSQL read them the same way.
const INDEXES: [(&str, &str); 7] = [
    ("unit_version_folded_name", "unit_version (folded_name, unit_id)"),
    ("member_folded_name", "member (folded_name)"),
    ("delivery_status_id", "delivery (status, id)"),
    ("delivery_member_id_id", "delivery (member_id, id)"),
    ("inbox_row_unread", "inbox_row (member_id, position) WHERE read_at IS NULL"),
    ("role_grant_member_id_id", "role_grant (member_id, id)"),
    ("activity_status_kind_is_pinned_published_at_id", "activity (status, kind, is_pinned, published_at, id)"),
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        // The longer one serves whatever it served.
        manager.drop_index(Index::drop().name("delivery_member_id").table("delivery").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(Index::create().name("delivery_member_id").table("delivery").col("member_id").to_owned())
            .await?;
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
