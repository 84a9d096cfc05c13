use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const POSTGRES: &str = "
CREATE FUNCTION membership_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO unit_member_count (unit_id, members)
        SELECT unit_id, count(*) FROM added, member_count_day
        WHERE kind = 'home' AND valid_from <= day AND valid_to > day GROUP BY unit_id ORDER BY unit_id
        ON CONFLICT (unit_id) DO UPDATE SET members = unit_member_count.members + excluded.members;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO unit_member_count (unit_id, members)
        SELECT unit_id, -count(*) FROM removed, member_count_day
        WHERE kind = 'home' AND valid_from <= day AND valid_to > day GROUP BY unit_id ORDER BY unit_id
        ON CONFLICT (unit_id) DO UPDATE SET members = unit_member_count.members + excluded.members;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER membership_counted_insert AFTER INSERT ON membership
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION membership_counted();
CREATE TRIGGER membership_counted_update AFTER UPDATE ON membership
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION membership_counted();
CREATE TRIGGER membership_counted_delete AFTER DELETE ON membership
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION membership_counted();
";

fn sqlite(name: &str, when: &str, row: &str, sign: &str) -> String {
    format!(
        "CREATE TRIGGER membership_counted_{name} AFTER {when} ON membership
        WHEN {row}.kind = 'home' AND {row}.valid_from <= (SELECT day FROM member_count_day)
            AND {row}.valid_to > (SELECT day FROM member_count_day)
        BEGIN
            INSERT INTO unit_member_count (unit_id, members) VALUES ({row}.unit_id, {sign}1)
            ON CONFLICT (unit_id) DO UPDATE SET members = members + excluded.members;
        END"
    )
}

const SQLITE: [(&str, &str, &str, &str); 4] = [
    ("insert", "INSERT", "NEW", ""),
    ("update_new", "UPDATE", "NEW", ""),
    ("update_old", "UPDATE", "OLD", "-"),
    ("delete", "DELETE", "OLD", "-"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("unit_member_count")
                    .col(uuid("unit_id").primary_key())
                    .col(big_integer("members"))
                    .foreign_key(ForeignKey::create().from("unit_member_count", "unit_id").to("unit", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create().table("member_count_day").col(integer("id").primary_key()).col(date("day")).to_owned(),
            )
            .await?;
        for column in ["valid_from", "valid_to"] {
            let name = format!("membership_{column}");
            manager.create_index(Index::create().name(name).table("membership").col(column).to_owned()).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared("INSERT INTO member_count_day (id, day) VALUES (1, '1970-01-01')").await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(POSTGRES).await?;
        } else {
            for (name, when, row, sign) in SQLITE {
                db.execute_unprepared(&sqlite(name, when, row, sign)).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            for when in ["insert", "update", "delete"] {
                db.execute_unprepared(&format!("DROP TRIGGER membership_counted_{when} ON membership")).await?;
            }
            db.execute_unprepared("DROP FUNCTION membership_counted()").await?;
        } else {
            for (name, ..) in SQLITE {
                db.execute_unprepared(&format!("DROP TRIGGER membership_counted_{name}")).await?;
            }
        }
        for column in ["valid_from", "valid_to"] {
            let name = format!("membership_{column}");
            manager.drop_index(Index::drop().name(name).table("membership").to_owned()).await?;
        }
        manager.drop_table(Table::drop().table("member_count_day").to_owned()).await?;
        manager.drop_table(Table::drop().table("unit_member_count").to_owned()).await
    }
}
