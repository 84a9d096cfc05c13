use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// At the end of each statement, over all its rows at once: a bulk insert costs one join. The members are locked first, so
/// that of two changes at once the later one sees the earlier one.
const POSTGRES: &str = "
CREATE FUNCTION membership_one_home() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM member WHERE id IN (SELECT member_id FROM changed WHERE kind = 'home') ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM changed AS one JOIN membership AS other ON other.member_id = one.member_id AND other.id <> one.id
        WHERE one.kind = 'home' AND other.kind = 'home'
            AND one.valid_from < one.valid_to AND other.valid_from < other.valid_to
            AND other.valid_from < one.valid_to AND one.valid_from < other.valid_to
    ) THEN
        RAISE EXCEPTION 'a member has one home at a time' USING ERRCODE = 'unique_violation', CONSTRAINT = 'membership_one_home';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER membership_one_home_insert AFTER INSERT ON membership
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION membership_one_home();
CREATE TRIGGER membership_one_home_update AFTER UPDATE ON membership
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION membership_one_home();
";

fn sqlite(when: &str) -> String {
    format!(
        "CREATE TRIGGER membership_one_home_{when} BEFORE {when} ON membership
        WHEN NEW.kind = 'home' AND NEW.valid_from < NEW.valid_to
        BEGIN
            SELECT RAISE(ABORT, 'a member has one home at a time') WHERE EXISTS (
                SELECT 1 FROM membership WHERE member_id = NEW.member_id AND id <> NEW.id AND kind = 'home'
                    AND valid_from < valid_to AND valid_from < NEW.valid_to AND NEW.valid_from < valid_to
            );
        END"
    )
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(POSTGRES).await?;
        } else {
            for when in ["insert", "update"] {
                db.execute_unprepared(&sqlite(when)).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for when in ["insert", "update"] {
            if manager.get_database_backend() == DbBackend::Postgres {
                db.execute_unprepared(&format!("DROP TRIGGER membership_one_home_{when} ON membership")).await?;
            } else {
                db.execute_unprepared(&format!("DROP TRIGGER membership_one_home_{when}")).await?;
            }
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared("DROP FUNCTION membership_one_home()").await?;
        }
        Ok(())
    }
}
