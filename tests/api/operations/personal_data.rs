//! The inventory of personal data: complete, and obeyed by exports and erasures.

use std::{collections::BTreeSet, io, path::Path};

use sea_orm::{ActiveValue::Set, ConnectionTrait as _, DbBackend, EntityTrait as _, Statement};
use serde_json::json;
use thidua::{
    db::{Actor, Tx},
    entity,
    identity::staff::{self, StaffAccount},
    kit::values::MemberId,
    openapi,
    outbox::Event,
    personal_data::{self, ERASED_NAME, Found, How, Kind, Table, Tag},
};
use uuid::Uuid;

use super::command::{bare, complaint, out};
use crate::{
    harness::{Person, TestApp, Unit, ZaloStandIn, heard, listen},
    identity::me::unpack,
};

#[actix_web::test]
async fn every_column_of_the_schema_is_in_the_inventory_and_no_other() {
    let app = TestApp::start().await;
    let schema: BTreeSet<_> = personal_data::schema(app.app.db.reads()).await.unwrap().into_keys().collect();

    let mut known = BTreeSet::new();
    for table in personal_data::tables() {
        for column in table.columns {
            let name = (table.name.to_owned(), column.name.to_owned());
            assert!(known.insert(name), "{}.{} is there twice", table.name, column.name);
            let is_said = !column.tag.is_exported() || !column.about.is_empty();
            assert!(is_said, "{}.{} is exported without a word", table.name, column.name);
        }
    }

    let untagged: Vec<_> = schema.difference(&known).collect();
    assert!(untagged.is_empty(), "say in src/personal_data/inventory.rs what these are: {untagged:?}");
    let gone: Vec<_> = known.difference(&schema).collect();
    assert!(gone.is_empty(), "the schema has no such columns any more: {gone:?}");
}

/// Answers that are kept for repeated requests are found by these paths when the consent is withdrawn.
#[actix_web::test]
async fn what_needs_a_consent_is_shown_under_paths_that_there_are() {
    let document = openapi::document();
    let is_served = |path: &&str| openapi::operations(&document).any(|(served, ..)| served.contains(path));

    for table in personal_data::tables() {
        let needs_consent = table.columns.iter().any(|column| column.needs.is_some());
        assert!(!needs_consent || !table.shown_under.is_empty(), "{} is shown nowhere", table.name);
        let gone: Vec<_> = table.shown_under.iter().filter(|path| !is_served(path)).collect();
        assert!(gone.is_empty(), "{} is shown under {gone:?}, which are not served", table.name);
    }
}

/// Each column that a whole index of the schema begins with, by table and name.
async fn first_columns_of_indexes(app: &TestApp) -> BTreeSet<(String, String)> {
    let db = app.app.db.reads();
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT t.relname::text AS t, a.attname::text AS c FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] WHERE i.indpred IS NULL"
        }
        _ => {
            "SELECT m.name AS t, c.name AS c FROM sqlite_master m JOIN pragma_index_list(m.name) i \
             JOIN pragma_index_info(i.name) c WHERE m.type = 'table' AND i.partial = 0 AND c.seqno = 0"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "t").unwrap(), row.try_get("", "c").unwrap())).collect()
}

/// An export and an erasure go through every table: none may be read from end to end for one member.
#[actix_web::test]
async fn a_members_rows_are_found_along_an_index() {
    let app = TestApp::start().await;
    let indexed = first_columns_of_indexes(&app).await;

    let mut missing = BTreeSet::new();
    for table in personal_data::tables() {
        for found in table.found {
            let asked = match *found {
                Found::By(column) | Found::ByText(column) | Found::ByCaller(column) => vec![(table.name, column)],
                Found::Through { column, table: other, owner, .. } => vec![(table.name, column), (other, owner)],
            };
            missing.extend(
                asked
                    .into_iter()
                    .filter(|(table, column)| !indexed.contains(&((*table).to_owned(), (*column).to_owned()))),
            );
        }
    }

    assert!(missing.is_empty(), "no index begins with {missing:?}");
}

#[test]
fn a_column_can_be_found_where_it_is_to_be_erased() {
    for table in personal_data::tables() {
        let is_tagged = table.columns.iter().any(|column| column.tag.erasure().is_some());
        assert!(!is_tagged || table.is_personal(), "nobody finds a member's rows in {}", table.name);
        let goes_with_row = |how: How| matches!(how, How::WithRow);
        let is_whole = table.rows == personal_data::Rows::Go;
        for how in table.columns.iter().filter_map(|column| column.tag.erasure()) {
            assert_eq!(goes_with_row(how), is_whole, "{} contradicts itself", table.name);
        }
    }
}

/// Somebody who has done everything that leaves a trace.
struct Scene {
    app: TestApp,
    zalo: ZaloStandIn,
    unit: Unit,
    member: Person,
    manager: Person,
}

const NAME: &str = "Sentineltoerase";

async fn scene() -> Scene {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let manager = app.manager_of(&unit).await;
    let new =
        json!({"display_name": NAME, "home_unit_id": unit.id, "member_since": "2020-01-01", "phone": "0901 234 561"});
    let made = app.post("/v1/members").caller(&app.admin).header("Idempotency-Key", "made").json(new).await.expect(201);
    let (code, token) = (zalo.phone_code(zalo.follower()), &zalo.follower().access_token);
    let body = json!({"access_token": token, "phone_code": code});
    let session = app.post("/v1/auth/zalo").json(body).await.expect(200);
    assert_eq!(session["member"]["id"], made["id"]);
    let member = app.sign_in(made["id"].as_str().unwrap()).await;
    let scene = Scene { app, zalo, unit, member, manager };
    scene.live().await;
    scene
}

impl Scene {
    /// The member does what members do.
    async fn live(&self) {
        let Self { app, member, manager, unit, .. } = self;
        app.agree(member, "oa_messages").await;
        app.agree(member, "location").await;
        app.patch("/v1/me").caller(member).json(json!({"email": "sentineltoerase@example.vn"})).await.expect(200);
        let picture = image::DynamicImage::new_rgb8(64, 64);
        let mut bytes = io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        app.put("/v1/me/avatar").caller(member).bytes("image/png", bytes.into_inner()).await.expect(200);
        let campaign = app.campaign_of(unit).await;
        let pledge = app.pledge_of(member, &campaign).await;
        app.post(format!("/v1/campaigns/{}/pledges", campaign.id))
            .caller(member)
            .json(app.new_pledge(&campaign))
            .await
            .expect(201);
        let mut checkin = app.new_checkin(&pledge, 5.0);
        checkin["note"] = json!("Sentineltoerase đã viết");
        checkin["location"] = json!({"lat": 11.940419, "lon": 108.458313, "accuracy_m": 15});
        let url = format!("/v1/pledges/{}/checkins", pledge.id);
        let returned = app.post(&url).caller(member).header("Idempotency-Key", "kept").json(checkin).await.expect(201);
        let verified = app.check_in(member, &pledge, 7.0).await;
        app.post(format!("/v1/checkins/{verified}/verify")).caller(manager).json(json!({})).await.expect(200);
        let url = format!("/v1/checkins/{}/return", returned["id"].as_str().unwrap());
        let reason = json!({"reason": "Sentineltoerase hãy viết rõ hơn"});
        app.post(url).caller(manager).header("Idempotency-Key", "sent back").json(reason).await.expect(200);
        let request = json!({"kind": "correction", "detail": "Sentineltoerase muốn sửa"});
        app.post("/v1/me/data-requests").caller(member).json(request).await.expect(201);
        app.record(Event::RoleGranted { member_id: self.id(), role: "editor".to_owned(), unit_id: None }).await;
        app.app.change_as(Actor::system(), async |tx| self.sign_in_as_staff(tx).await).await.unwrap();
        app.post("/v1/role-grants")
            .caller(&app.admin)
            .json(json!({"member_id": member.id, "role": "unit_manager", "unit_id": unit.id}))
            .await
            .expect(201);
        let sheet = "Họ và tên,Đơn vị\nSentineltoerase Thị Mẫu,Không có\n";
        app.post("/v1/imports")
            .caller(&app.sign_in(&member.id).await)
            .multipart(&[("kind", "members"), ("dry_run", "true")], "sentineltoerase.csv", sheet.as_bytes())
            .await
            .expect(202);
        app.run_imports().await;
        app.run_relay().await;
        assert!(!self.zalo.sent().is_empty());
    }

    async fn sign_in_as_staff(&self, tx: &Tx) -> Result<(), thidua::kit::problems::problem::Problem> {
        let account = StaffAccount::new(self.id(), "sentineltoerase-user", "sentineltoerase-hash".to_owned(), tx.now());
        staff::insert(tx, account).await?;
        let code = entity::authorization_code::ActiveModel {
            code_hash: Set("sentineltoerase-code".to_owned()),
            client_id: Set("swagger-ui".to_owned()),
            member_id: Set(self.id()),
            redirect_uri: Set(String::new()),
            code_challenge: Set("sentineltoerase-challenge".to_owned()),
            expires_at: Set(tx.now()),
            used_at: Set(None),
            session_id: Set(None),
        };
        entity::authorization_code::Entity::insert(code).exec_without_returning(tx).await?;
        let recovery = entity::recovery_code::ActiveModel {
            code_hash: Set("sentineltoerase-recovery".to_owned()),
            member_id: Set(self.id()),
            created_at: Set(tx.now()),
            used_at: Set(None),
        };
        entity::recovery_code::Entity::insert(recovery).exec_without_returning(tx).await?;
        Ok(())
    }

    fn id(&self) -> MemberId {
        MemberId(self.member.id.parse().unwrap())
    }

    async fn run(&self, sql: String) -> u64 {
        let run = async |tx: &Tx| Ok(tx.execute_raw(Statement::from_string(tx.get_database_backend(), sql)).await?);
        self.app.app.change_as(Actor::system(), run).await.unwrap().rows_affected()
    }

    /// Writes a text of its own into every tagged column that can hold one. Gives the texts.
    async fn plant(&self) -> Vec<String> {
        let db = self.app.app.db.reads();
        let backend = db.get_database_backend();
        let schema = personal_data::schema(db).await.unwrap();
        let mut planted = Vec::new();
        for table in personal_data::tables().filter(|table| table.is_personal()) {
            let finders: Vec<_> = table.found.iter().map(column_of).collect();
            for column in table.columns {
                if column.tag.erasure().is_none() || finders.contains(&column.name) {
                    continue;
                }
                // The name of a file that must go with it.
                if (table.name, column.name) == ("avatar", "content_hash") {
                    planted.push(self.avatar_hash().await);
                    continue;
                }
                let sentinel = format!("sentineltoerase.{}.{}", table.name, column.name);
                let value = match schema[&(table.name.to_owned(), column.name.to_owned())] {
                    Kind::Text => format!("'{sentinel}'"),
                    Kind::Bytes if backend == DbBackend::Postgres => format!("convert_to('{sentinel}', 'UTF8')"),
                    Kind::Bytes => format!("CAST('{sentinel}' AS blob)"),
                    Kind::Document => {
                        let fields = ["pledger_name", "reason", "commitment_title"];
                        let fields = fields.map(|field| format!("\"{field}\": \"{sentinel}\"")).join(", ");
                        format!("'{{{fields}}}'")
                    }
                    _ => continue,
                };
                let value = match (column.tag, backend) {
                    (Tag::Personal(How::Fields(_)), DbBackend::Postgres) => {
                        format!("\"{}\" || {value}::jsonb", column.name)
                    }
                    (Tag::Personal(How::Fields(_)), _) => format!("json_patch(\"{}\", {value})", column.name),
                    (_, DbBackend::Postgres) if value.starts_with("'{") => format!("{value}::jsonb"),
                    _ => value,
                };
                let mut rows = format!("({})", condition(table, self.id().0, backend));
                if let Tag::Personal(How::TextWhere(_, is_so)) = column.tag {
                    rows = format!("{rows} AND {is_so}");
                }
                let rows =
                    self.run(format!("UPDATE \"{}\" SET \"{}\" = {value} WHERE {rows}", table.name, column.name)).await;
                assert!(rows > 0, "nothing of this member is in {}", table.name);
                planted.push(sentinel);
            }
        }
        planted
    }

    /// Each column that an erasure leaves null, with how many of the member's rows have something in it.
    async fn nulled(&self) -> Vec<(String, i64)> {
        let db = self.app.app.db.reads();
        let backend = db.get_database_backend();
        let mut counted = Vec::new();
        for table in personal_data::tables().filter(|table| table.is_personal()) {
            for column in table.columns.iter().filter(|column| matches!(column.tag.erasure(), Some(How::Null))) {
                let of_member = condition(table, self.id().0, backend);
                let name = format!("{}.{}", table.name, column.name);
                let sql = format!(
                    "SELECT COUNT(*) FROM \"{}\" WHERE ({of_member}) AND \"{}\" IS NOT NULL",
                    table.name, column.name
                );
                let row = db.query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
                counted.push((name, row.try_get_by_index(0).unwrap()));
            }
        }
        counted
    }

    async fn avatar_hash(&self) -> String {
        let row = entity::avatar::Entity::find_by_id(self.id().0).one(self.app.app.db.reads()).await.unwrap();
        row.unwrap().content_hash
    }

    async fn found(&self, texts: &[String]) -> Vec<String> {
        found_in(&self.app, texts).await
    }
}

/// Where any of these texts still stand: in the database, in files beside it.
pub async fn found_in(app: &TestApp, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    match app.database_file() {
        Some(file) => {
            let wal = file.with_extension("db-wal");
            for path in [file, wal] {
                look_into(&path, texts, &mut found);
            }
        }
        None => look_into_tables(app, texts, &mut found).await,
    }
    look_below(app.files.path(), texts, &mut found);
    found
}

async fn look_into_tables(app: &TestApp, texts: &[String], found: &mut Vec<String>) {
    let db = app.app.db.reads();
    for ((table, column), kind) in personal_data::schema(db).await.unwrap() {
        let column_text = match kind {
            Kind::Bytes => format!("encode(\"{column}\", 'escape')"),
            _ => format!("\"{column}\"::text"),
        };
        let sql = format!("SELECT {column_text} AS content FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
        for row in db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap() {
            let content: String = row.try_get("", "content").unwrap();
            look(&format!("{table}.{column}"), content.as_bytes(), texts, found);
        }
    }
}

const fn column_of(found: &Found) -> &'static str {
    match found {
        Found::By(column) | Found::ByText(column) | Found::ByCaller(column) | Found::Through { column, .. } => column,
    }
}

/// That a row is the member's, as SQL of our own: not the product's.
fn condition(table: &Table, member: Uuid, backend: DbBackend) -> String {
    let id = match backend {
        DbBackend::Postgres => format!("'{member}'::uuid"),
        _ => format!("x'{}'", member.simple()),
    };
    let each = table.found.iter().map(|found| match found {
        Found::By(column) => format!("\"{column}\" = {id}"),
        Found::ByText(column) => format!("\"{column}\" = '{member}'"),
        Found::ByCaller(column) => format!("\"{column}\" = 'member:{member}'"),
        Found::Through { column, table, key, owner } => {
            format!("\"{column}\" IN (SELECT \"{key}\" FROM \"{table}\" WHERE \"{owner}\" = {id})")
        }
    });
    each.collect::<Vec<_>>().join(" OR ")
}

fn look(place: &str, bytes: &[u8], texts: &[String], found: &mut Vec<String>) {
    let content: String = bytes.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    for text in texts {
        if content.contains(&text.to_ascii_lowercase()) {
            found.push(format!("{text} in {place}"));
        }
    }
}

fn look_into(path: &Path, texts: &[String], found: &mut Vec<String>) {
    if let Ok(bytes) = std::fs::read(path) {
        look(&path.file_name().unwrap().to_string_lossy(), &bytes, texts, found);
    }
}

fn look_below(folder: &Path, texts: &[String], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        look("a file's name", path.file_name().unwrap().as_encoded_bytes(), texts, found);
        if path.is_dir() { look_below(&path, texts, found) } else { look_into(&path, texts, found) }
    }
}

#[actix_web::test]
async fn after_an_erasure_nothing_that_was_planted_is_anywhere_and_every_figure_stands() {
    listen();
    let scene = scene().await;
    let person = scene.zalo.follower();
    let mut texts = scene.plant().await;
    assert!(texts.len() > 30, "{texts:?}");
    texts.extend(
        [NAME, "84901234561", "sentineltoerase@example.vn", &person.zalo_id, &person.oa_user_id].map(str::to_owned),
    );
    let before = scene.found(&texts).await;
    assert!(
        texts.iter().take(texts.len() - 5).all(|text| before.iter().any(|found| found.starts_with(text))),
        "{before:?}"
    );

    for (column, rows) in scene.nulled().await {
        assert!(rows > 0, "{column} has nothing to be erased");
    }

    scene.app.delete("/v1/me").caller(&scene.member).await.expect(204);
    scene.app.run_relay().await;
    scene.app.app.db.forget_freed_pages().await.unwrap();

    let left = scene.found(&texts).await;
    assert!(left.is_empty(), "{left:#?}");
    let manager = scene.app.sign_in(&scene.manager.id).await;
    for (name, bytes) in unpack(&scene.app.get("/v1/me/export").caller(&manager).await.body) {
        let mut found = Vec::new();
        look(&name, &bytes, &texts, &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
    for (column, rows) in scene.nulled().await {
        assert_eq!(rows, 0, "{column}");
    }
    let log = heard();
    assert!(log.contains("answered") && log.contains("DELETE"), "the erasure was not heard of:\n{log}");
    let mut logged = Vec::new();
    look("the log", log.as_bytes(), &texts, &mut logged);
    assert!(logged.is_empty(), "{logged:?}");
    let url = scene.app.database_url();
    let recounted =
        bare(&["recount", "--verify", "--database", &url]).current_dir(scene.app.files.path()).output().unwrap();
    assert_eq!(recounted.status.code(), Some(0), "{}{}", out(&recounted), complaint(&recounted));
    let member = entity::member::Entity::find_by_id(scene.id().0).one(scene.app.app.db.reads()).await.unwrap().unwrap();
    assert_eq!((member.display_name.as_str(), member.erased_at.is_some()), (ERASED_NAME, true));
}

#[actix_web::test]
async fn what_others_read_of_the_erased_goes_on_without_a_name() {
    let scene = scene().await;

    scene.app.delete("/v1/me").caller(&scene.member).await.expect(204);

    let manager = scene.app.sign_in(&scene.manager.id).await;
    let inbox = scene.app.inbox_of(&manager).await;
    assert!(inbox.iter().any(|one| one.to_string().contains(ERASED_NAME)), "{inbox:?}");
    // A repeated request is still the same request: nothing is done a second time.
    let new = json!({"display_name": NAME, "home_unit_id": scene.unit.id, "member_since": "2020-01-01", "phone": "0901 234 561"});
    let again =
        scene.app.post("/v1/members").caller(&scene.app.admin).header("Idempotency-Key", "made").json(new).await;
    again.is_problem(410, "answer_gone");
}

#[actix_web::test]
async fn a_backup_from_before_an_erasure_is_erased_again() {
    let scene = scene().await;
    let bystander = scene.app.member_named(&scene.unit, "Lê Văn Còn").await;
    scene.app.delete("/v1/me").caller(&scene.member).await.expect(204);
    // As the database was before.
    let backend = scene.app.app.db.backend();
    let id = match backend {
        DbBackend::Postgres => format!("'{}'::uuid", scene.id()),
        _ => format!("x'{}'", scene.id().0.simple()),
    };
    scene.run(format!("UPDATE member SET erased_at = NULL, display_name = '{NAME}' WHERE id = {id}")).await;
    scene.run(format!("DELETE FROM erasure WHERE member_id = {id}")).await;

    let replica = scene.app.replica().await;

    let read = async |id: Uuid| entity::member::Entity::find_by_id(id).one(replica.db.reads()).await.unwrap().unwrap();
    assert_eq!(read(scene.id().0).await.display_name, ERASED_NAME);
    let erasure = entity::erasure::Entity::find_by_id(scene.id().0).one(replica.db.reads()).await.unwrap().unwrap();
    assert_eq!(erasure.source.to_string(), "restore");
    assert_eq!(read(bystander.id.parse().unwrap()).await.display_name, "Lê Văn Còn");
    assert_eq!(personal_data::apply_erasures_again(&replica).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_guest_who_became_somebody_else_leaves_nothing_behind() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let manager = app.manager_of(&unit).await;
    let token = &zalo.follower().access_token;
    let body = json!({"access_token": token});
    let session = app.post("/v1/auth/zalo").header("User-Agent", "sentineltoerase-device").json(body).await.expect(200);
    let guest = app.sign_in(session["member"]["id"].as_str().unwrap()).await;
    let named = json!({"display_name": NAME, "email": "sentineltoerase@example.vn"});
    app.patch("/v1/me").caller(&guest).header("Idempotency-Key", "sentineltoerase-key").json(named).await.expect(200);
    let mut bytes = io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(64, 64).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    app.put("/v1/me/avatar").caller(&guest).bytes("image/png", bytes.into_inner()).await.expect(200);
    let request = json!({"kind": "correction", "detail": "Sentineltoerase muốn sửa"});
    app.post("/v1/me/data-requests").caller(&guest).json(request).await.expect(201);
    let scene = Scene { app, zalo, unit, member: guest, manager };
    let texts = vec![NAME.to_owned()];
    assert!(!scene.found(&texts).await.is_empty());
    let Scene { app, zalo, .. } = &scene;
    let new = json!({"display_name": "Trần Văn An", "home_unit_id": scene.unit.id, "phone": zalo.follower().phone});
    let imported = app.post("/v1/members").caller(&app.admin).json(new).await.expect(201);

    let code = zalo.phone_code(zalo.follower());
    let body = json!({"access_token": zalo.follower().access_token, "phone_code": code});
    let session = app.post("/v1/auth/zalo").json(body).await.expect(200);

    assert_eq!(session["member"]["id"], imported["id"]);
    app.app.db.forget_freed_pages().await.unwrap();
    let left = scene.found(&texts).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(app.count("SELECT member_id FROM avatar"), 0);
    app.get("/v1/me").caller(&scene.member).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn what_was_to_begin_after_an_erasure_ends_when_it_would_have_begun() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let member = app.member_of(&unit).await;
    let grant = json!({"member_id": member.id, "role": "editor", "unit_id": unit.id, "valid_from": "2026-06-01"});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
    let later = json!({"unit_id": other.id, "kind": "home", "valid_from": "2026-05-01"});
    app.post(format!("/v1/members/{}/memberships", member.id)).caller(&app.admin).json(later).await.expect(201);

    app.delete("/v1/me").caller(&member).await.expect(204);

    assert_eq!(app.count("SELECT id FROM membership WHERE valid_to < valid_from"), 0);
    assert_eq!(app.count("SELECT id FROM membership WHERE valid_from = valid_to"), 1);
    assert_eq!(app.count("SELECT id FROM role_grant WHERE valid_to < valid_from"), 0);
    assert_eq!(app.count("SELECT id FROM role_grant WHERE valid_from = valid_to"), 1);
}
