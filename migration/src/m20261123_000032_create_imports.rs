use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("import")
                    .col(uuid("id").primary_key())
                    .col(uuid("member_id"))
                    .col(text("kind"))
                    .col(boolean("dry_run"))
                    .col(text("status"))
                    .col(text("file_name"))
                    .col(text("file_hash"))
                    .col(big_integer("file_size"))
                    .col(json_binary("headers"))
                    .col(integer_null("rows_total"))
                    .col(integer("planned_to"))
                    .col(integer("applied_to"))
                    .col(integer("created"))
                    .col(integer("changed"))
                    .col(integer("unchanged"))
                    .col(integer("refused"))
                    .col(text_null("failure"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("started_at"))
                    .col(timestamp_with_time_zone_null("finished_at"))
                    .col(text_null("lease_owner"))
                    .col(timestamp_with_time_zone_null("lease_until"))
                    .col(integer("attempt"))
                    .col(big_integer("version"))
                    .foreign_key(ForeignKey::create().from("import", "member_id").to("member", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("import_member_id_id").table("import").col("member_id").col("id").to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX import_waiting ON import (id) WHERE status IN ('queued', 'running')")
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("import_chunk")
                    .col(uuid("import_id"))
                    .col(integer("ordinal"))
                    .col(blob("content_cipher"))
                    .primary_key(Index::create().col("import_id").col("ordinal"))
                    .foreign_key(ForeignKey::create().from("import_chunk", "import_id").to("import", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("import_row")
                    .col(uuid("import_id"))
                    .col(integer("ordinal"))
                    .col(integer("number"))
                    .col(text("content_cipher"))
                    .primary_key(Index::create().col("import_id").col("ordinal"))
                    .foreign_key(ForeignKey::create().from("import_row", "import_id").to("import", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("import_plan")
                    .col(uuid("import_id"))
                    .col(integer("ordinal"))
                    .col(integer("number"))
                    .col(text("outcome"))
                    .col(uuid_null("subject_id"))
                    .primary_key(Index::create().col("import_id").col("ordinal"))
                    .foreign_key(ForeignKey::create().from("import_plan", "import_id").to("import", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("import_plan_import_id_subject_id")
                    .table("import_plan")
                    .col("import_id")
                    .col("subject_id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("import_conflict")
                    .col(uuid("import_id"))
                    .col(integer("number"))
                    .col(integer("place"))
                    .col(text_null("column_name"))
                    .col(text("code"))
                    .col(json_binary("worded_with"))
                    .primary_key(Index::create().col("import_id").col("number").col("place"))
                    .foreign_key(ForeignKey::create().from("import_conflict", "import_id").to("import", "id"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["import_conflict", "import_plan", "import_row", "import_chunk", "import"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
