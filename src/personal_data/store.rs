//! All SQL about personal data. It is made from the inventory, for tables that only the inventory knows by name.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    Statement,
    sea_query::{Expr, Query, SimpleExpr},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Source,
    tag::{Column, Found, How, Rows, Table},
};
use crate::{
    app::idempotency,
    db::{Tx, dialect},
    entity::{avatar, erasure, member},
    kit::values::MemberId,
};

/// What kind of value a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A moment.
    Moment,
    /// A calendar day.
    Day,
    /// JSON.
    Document,
    /// A UUID.
    Id,
    /// Bytes.
    Bytes,
}

/// Every column that the database has, by table and name.
pub type Schema = BTreeMap<(String, String), Kind>;

/// Reads the schema from the database itself.
pub async fn schema(db: &impl ConnectionTrait) -> Result<Schema, DbErr> {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k FROM information_schema.columns \
         WHERE table_schema = current_schema()"
    } else {
        "SELECT m.name AS t, p.name AS c, p.type AS k FROM sqlite_master m JOIN pragma_table_info(m.name) p \
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
    };
    let mut schema = Schema::new();
    for row in db.query_all_raw(Statement::from_string(backend, sql)).await? {
        let (table, column): (String, String) = (row.try_get("", "t")?, row.try_get("", "c")?);
        let declared: String = row.try_get("", "k")?;
        if table != "seaql_migrations" {
            schema.insert((table, column), kind_of(&declared.to_lowercase()));
        }
    }
    Ok(schema)
}

fn kind_of(declared: &str) -> Kind {
    if declared.starts_with("uuid") {
        Kind::Id
    } else if declared.starts_with("timestamp") {
        Kind::Moment
    } else if declared.starts_with("date") {
        Kind::Day
    } else if declared.starts_with("json") {
        Kind::Document
    } else if declared.starts_with("bool") {
        Kind::Boolean
    } else if declared.contains("int") || declared.starts_with("real") {
        Kind::Integer
    } else if declared.starts_with("blob") || declared == "bytea" {
        Kind::Bytes
    } else {
        Kind::Text
    }
}

/// That a row is one of this member's.
fn rows_of(table: &Table, member: MemberId) -> Condition {
    table.found.iter().fold(Condition::any(), |any, found| {
        any.add(match *found {
            Found::By(column) => Expr::col(column).eq(member),
            Found::ByText(column) => Expr::col(column).eq(member.to_string()),
            Found::ByCaller(column) => Expr::col(column).eq(format!("member:{member}")),
            Found::Through { column, table, key, owner } => {
                let theirs = Query::select().column(key).from(table).and_where(Expr::col(owner).eq(member)).to_owned();
                Expr::col(column).in_subquery(theirs)
            }
        })
    })
}

/// The exported columns of a member's rows, each as JSON. Sealed ones are still sealed.
pub async fn rows_to_export(
    db: &impl ConnectionTrait,
    schema: &Schema,
    table: &Table,
    member: MemberId,
) -> Result<Vec<Map<String, Value>>, DbErr> {
    let columns: Vec<(&'static str, Kind)> = table
        .exported()
        .filter_map(|column| Some((column.name, *schema.get(&(table.name.to_owned(), column.name.to_owned()))?)))
        .collect();
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::select().from(table.name).cond_where(rows_of(table, member)).to_owned();
    for (name, kind) in &columns {
        query.expr_as(dialect::as_text(db, name, matches!(kind, Kind::Bytes), matches!(kind, Kind::Id)), *name);
    }
    let rows = db.query_all(&query).await?;
    let rows = rows.iter().map(|row| {
        let fields = columns.iter().map(|(name, kind)| {
            let text: Option<String> = row.try_get("", name)?;
            Ok(((*name).to_owned(), text.map_or(Value::Null, |text| value_of(*kind, text))))
        });
        fields.collect()
    });
    rows.collect()
}

/// A value that the database gave as text.
fn value_of(kind: Kind, text: String) -> Value {
    let value = match kind {
        Kind::Integer => text.parse::<i64>().ok().map(Value::from),
        Kind::Boolean => Some(Value::from(matches!(text.as_str(), "1" | "t" | "true"))),
        Kind::Document => serde_json::from_str(&text).ok(),
        Kind::Id => Uuid::parse_str(&text).ok().map(|id| Value::from(id.to_string())),
        Kind::Moment => {
            moment(&text).map(|moment| Value::from(moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)))
        }
        Kind::Text | Kind::Day | Kind::Bytes => None,
    };
    value.unwrap_or(Value::String(text))
}

/// SQLite keeps RFC 3339 or nearly so, PostgreSQL says `2026-03-10 02:00:00+00`.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %:z"));
    read.ok().map(|moment| moment.with_timezone(&Utc))
}

/// Does to a member's rows in this table what the inventory says.
pub async fn erase_rows(tx: &Tx, table: &Table, member: MemberId) -> Result<(), DbErr> {
    if table.rows == Rows::Go {
        let delete = Query::delete().from_table(table.name).cond_where(rows_of(table, member)).to_owned();
        return tx.execute(&delete).await.map(|_done| ());
    }
    let columns: Vec<_> =
        table.columns.iter().filter_map(|column| Some((column.name, column.tag.erasure()?))).collect();
    clear(tx, table, &columns, member).await
}

/// Clears the columns of a member's rows that `is_one` picks.
pub async fn clear_columns(
    tx: &Tx,
    table: &Table,
    member: MemberId,
    is_one: impl Fn(&Column) -> bool,
) -> Result<(), DbErr> {
    let picked = table.columns.iter().filter(|column| is_one(column));
    let columns: Vec<_> = picked.filter_map(|column| Some((column.name, column.tag.erasure()?))).collect();
    clear(tx, table, &columns, member).await
}

async fn clear(tx: &Tx, table: &Table, columns: &[(&'static str, How)], member: MemberId) -> Result<(), DbErr> {
    let mut values: Vec<(&'static str, SimpleExpr)> = Vec::new();
    for (column, how) in columns.iter().copied() {
        match how {
            How::WithRow => {}
            How::Null => values.push((column, Expr::cust("NULL"))),
            How::Text(text) => values.push((column, Expr::val(text))),
            How::Made(make) => values.push((column, Expr::val(make()))),
            How::Bytes(make) => values.push((column, Expr::val(make()))),
            How::TextWhere(text, is_so) => {
                let update = Query::update()
                    .table(table.name)
                    .value(column, text)
                    .cond_where(rows_of(table, member))
                    .and_where(Expr::cust(is_so))
                    .to_owned();
                tx.execute(&update).await?;
            }
            How::Fields(fields) => clear_fields(tx, table, column, fields, member).await?,
        }
    }
    if values.is_empty() {
        return Ok(());
    }
    let update = Query::update().table(table.name).values(values).cond_where(rows_of(table, member)).to_owned();
    tx.execute(&update).await.map(|_done| ())
}

/// In tables whose key is `id`: replaces the fields of a document that it has.
async fn clear_fields(
    tx: &Tx,
    table: &Table,
    column: &'static str,
    fields: &[(&'static str, Option<&'static str>)],
    member: MemberId,
) -> Result<(), DbErr> {
    let query =
        Query::select().column("id").column(column).from(table.name).cond_where(rows_of(table, member)).to_owned();
    for row in tx.query_all(&query).await? {
        let (id, mut document): (Uuid, Value) = (row.try_get("", "id")?, row.try_get("", column)?);
        let mut is_changed = false;
        for (name, text) in fields {
            if let Some(field) = document.get_mut(*name) {
                *field = text.map_or(Value::Null, Value::from);
                is_changed = true;
            }
        }
        if is_changed {
            let update = Query::update()
                .table(table.name)
                .value(column, Expr::val(document))
                .and_where(Expr::col("id").eq(id))
                .to_owned();
            tx.execute(&update).await?;
        }
    }
    Ok(())
}

/// Empties the answers that are kept for others and name this member: they may show them. One that is kept sealed is known by
/// where it is or where it was asked for. The keys stay, so that nothing is done a second time; the answer then says that it
/// is gone.
pub async fn empty_kept_answers(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    let anywhere = format!("%{member}%");
    let names_member = Condition::any()
        .add(dialect::bytes_contain(tx, "body", &member.to_string()))
        .add(Expr::col("headers").cast_as("text").like(anywhere.as_str()))
        .add(Expr::col("operation").like(anywhere.as_str()));
    idempotency::empty(tx, names_member).await
}

/// Empties the answers that show rows of this member in a table, whoever they are kept for. The member is held: an answer
/// that is still to be kept is one of a change that waits for them, or has been waited for.
pub async fn empty_kept_answers_about(tx: &Tx, table: &Table, member: MemberId) -> Result<(), DbErr> {
    let under = |any: Condition, path: &&str| any.add(Expr::col("operation").like(format!("%{path}%")));
    let shows_rows = Condition::all()
        .add(table.shown_under.iter().fold(Condition::any(), under))
        .add(dialect::bytes_contain(tx, "body", &member.to_string()));
    idempotency::empty(tx, shows_rows).await
}

/// The version of a member's row, held against other changes; none when there is no such member or they are erased.
pub async fn lock_member(tx: &Tx, member: MemberId) -> Result<Option<i64>, DbErr> {
    use sea_orm::QuerySelect as _;
    let row = member::Entity::find_by_id(member).lock_exclusive().one(tx).await?;
    Ok(row.filter(|row| row.erased_at.is_none()).map(|row| row.version))
}

/// Lets nobody erase a member until this change is done; where they belong may change meanwhile, as a merge of their unit
/// does. False when there is no such member or they are erased.
pub async fn lock_member_shared(tx: &Tx, member: MemberId) -> Result<bool, DbErr> {
    use sea_orm::{QuerySelect as _, sea_query::LockType};
    let row = member::Entity::find_by_id(member).lock(LockType::KeyShare).one(tx).await?;
    Ok(row.is_some_and(|row| row.erased_at.is_none()))
}

/// Keeps that a member was erased.
pub async fn insert_erasure(
    tx: &Tx,
    member: MemberId,
    source: Source,
    requested_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = erasure::ActiveModel {
        member_id: Set(member),
        source: Set(source),
        requested_at: Set(requested_at),
        due_at: Set(due_at),
        erased_at: Set(tx.now()),
    };
    erasure::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The hash of the picture that a member has put up.
pub async fn avatar_of(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<String>, DbErr> {
    Ok(avatar::Entity::find_by_id(member).one(db).await?.map(|own| own.content_hash))
}

/// Lets nobody put up, take down or sweep the avatar of this hash until this change is done.
pub async fn hold_avatar(tx: &Tx, hash: &str) -> Result<(), DbErr> {
    dialect::lock_name_until_commit(tx, &format!("avatar {hash}")).await
}

/// Does anybody have this avatar?
pub async fn is_avatar_used(db: &impl ConnectionTrait, hash: &str) -> Result<bool, DbErr> {
    let found = avatar::Entity::find().filter(avatar::Column::ContentHash.eq(hash)).one(db).await?;
    Ok(found.is_some())
}
