use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let waiting = "data_request (status, due_at, acknowledge_by) WHERE status IN ('open', 'acknowledged')";
        let create = format!("CREATE INDEX data_request_waiting ON {waiting}");
        manager.get_connection().execute_unprepared(&create).await.map(|_done| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("data_request_waiting").table("data_request").to_owned()).await
    }
}
