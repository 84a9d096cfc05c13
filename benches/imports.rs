//! How fast a spreadsheet of members comes in, and how much memory that takes: 120,000 rows, one in a hundred of them faulty,
//! over HTTP and through the worker of this process; then the same file once more, which changes nothing.
//!
//! It fails when a row is made, changed or left out otherwise than the files say, so that a speed is that of the whole work.
//!
//! `cargo bench --bench imports`, on an embedded database; with `DATABASE_URL=postgres://…` in a new database on that server.
//! `-- ROWS` takes another number of rows.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and says what it found"
)]

use std::{env, fmt::Write as _, fs, time::Instant};

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use sea_orm::{ConnectionTrait as _, Database};
use thidua::{
    config::Config,
    db::{Actor, Db},
    identity::{sessions, staff},
    kit::{
        http::Role,
        secrets::{Vault, jwt::ACCESS_TOKEN_LIFE},
        values::Clock,
    },
    organisation::imports::{self, Step},
    server::{Server, ServerParts},
};

const ROWS: usize = 120_000;
const UNITS: usize = 3_000;
const BOUNDARY: &str = "bench";

fn main() {
    thidua::install_crypto();
    let rows = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROWS);
    actix_web::rt::System::new().block_on(measure(rows));
}

async fn measure(rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = env::var("DATABASE_URL").ok().filter(|url| url.starts_with("postgres"));
    let name = format!("thidua_bench_{}", std::process::id());
    let url = match &server {
        None => format!("sqlite://{}/thidua.db", folder.path().display()),
        Some(server) => {
            run(server, &format!("CREATE DATABASE {name}")).await;
            let mut url = url::Url::parse(server).unwrap();
            url.set_path(&name);
            url.into()
        }
    };
    bring_in(&url, rows).await;
    if let Some(server) = server {
        run(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn bring_in(url: &str, rows: usize) {
    let mut config = Config::load(None).unwrap();
    config.server.public_url = "http://127.0.0.1:1".into();
    config.imports.max_rows = u32::try_from(rows).unwrap().max(config.imports.max_rows);
    config.imports.max_file_bytes = u64::MAX;
    let db = Db::connect(url, 4).await.unwrap();
    db.migrate().await.unwrap();
    let (clock, vault) = (Clock::system(), Vault::new([7; 32]));
    let server = Server::build(ServerParts { config, db, clock, vault }).await.unwrap();
    println!("{} units and {rows} members on {}", UNITS, url.split(':').next().unwrap());
    let faulty = (0..rows).filter(|place| is_faulty(*place)).count();
    report(&server, "units", units(), Expected { created: UNITS, unchanged: 0, left_out: 0 }).await;
    let members = members(rows);
    let first = Expected { created: rows - faulty, unchanged: 0, left_out: faulty };
    report(&server, "members", members.clone(), first).await;
    let again = Expected { created: 0, unchanged: rows - faulty, left_out: faulty };
    report(&server, "members", members, again).await;
    server.app.db.clone().close().await.unwrap();
}

/// What must become of the rows of a file; none is to be changed.
struct Expected {
    created: usize,
    unchanged: usize,
    left_out: usize,
}

/// Sends a file, works on it, and says how long that took.
async fn report(server: &Server, kind: &str, file: String, expected: Expected) {
    let app = &server.app;
    let token = app
        .change_as(Actor::system(), async |tx| {
            let name = uuid::Uuid::now_v7().simple().to_string();
            let id = staff::create(tx, &app.vault, &name, "no password".into(), Role::Admin, None).await?;
            sessions::token_for_scripts(app, tx, id, ACCESS_TOKEN_LIFE).await
        })
        .await
        .unwrap();
    let service = init_service(server.service()).await;
    let bytes = file.len();
    let body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
    );
    drop(file);
    let request = TestRequest::post()
        .uri("/v1/imports")
        .insert_header(("Authorization", format!("Bearer {token}")))
        .insert_header(("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}")))
        .set_payload(body)
        .to_request();
    // The peak from here on (proc(5), clear_refs).
    let _not_on_linux = fs::write("/proc/self/clear_refs", "5");
    let resting = memory("VmRSS:");
    let began = Instant::now();
    let response = call_service(&service, request).await;
    assert_eq!(response.status(), 202);
    let import: serde_json::Value = serde_json::from_slice(&read_body(response).await).unwrap();
    let sent = began.elapsed().as_secs_f64();
    while imports::step(app).await.unwrap() != Step::Idle {}
    let seconds = began.elapsed().as_secs_f64();
    let request = TestRequest::get()
        .uri(&format!("/v1/imports/{}", import["id"].as_str().unwrap()))
        .insert_header(("Authorization", format!("Bearer {token}")))
        .to_request();
    let import: serde_json::Value =
        serde_json::from_slice(&read_body(call_service(&service, request).await).await).unwrap();
    let rows = import["rows_total"].as_f64().unwrap();
    println!(
        "{kind}: {rows} rows ({} MB) in {seconds:.1} s ({sent:.1} s of it the upload), {:.0} rows/s; {} created, {} changed, {} \
         unchanged, {} left out; {}; {resting} MB resident before, {} MB at the most",
        bytes / 1_000_000,
        rows / seconds,
        import["created"],
        import["changed"],
        import["unchanged"],
        import["conflict_count"],
        import["status"],
        memory("VmHWM:"),
    );
    assert_eq!(import["status"], "done", "{kind}");
    let figures = ["created", "changed", "unchanged", "conflict_count"].map(|field| import[field].as_u64().unwrap());
    let Expected { created, unchanged, left_out } = expected;
    assert_eq!(figures, [created, 0, unchanged, left_out].map(|figure| u64::try_from(figure).unwrap()), "{kind}");
    assert_eq!(import["rows_done"], import["rows_total"], "{kind}");
}

/// A line of /proc/self/status, in megabytes.
fn memory(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or_default() / 1024
}

fn units() -> String {
    let mut file = String::from("Mã đơn vị,Tên đơn vị,Mã đơn vị cấp trên\nT,Đảng bộ tỉnh,\n");
    for place in 1..UNITS {
        let parent = if place <= 100 { "T".to_owned() } else { format!("D{}", place % 100 + 1) };
        writeln!(file, "D{place},Chi bộ {place},{parent}").unwrap();
    }
    file
}

/// One row in a hundred has no phone number that is one.
const fn is_faulty(place: usize) -> bool {
    place % 100 == 50
}

fn members(rows: usize) -> String {
    const FAMILY: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"];
    const MIDDLE: [&str; 6] = ["Văn", "Thị", "Minh", "Ngọc", "Thanh", "Quốc"];
    const GIVEN: [&str; 10] = ["An", "Bình", "Châu", "Dũng", "Đức", "Giang", "Hạnh", "Khánh", "Linh", "Yến"];
    let mut file = String::from("STT,Mã đảng viên,Họ và tên,Số điện thoại,Email,Mã đơn vị,Ngày vào\n");
    for place in 0..rows {
        let name = [FAMILY[place % 8], MIDDLE[place / 8 % 6], GIVEN[place / 48 % 10]].join(" ");
        let phone = if is_faulty(place) { "không có".to_owned() } else { format!("09{place:08}") };
        let unit = place % (UNITS - 1) + 1;
        writeln!(file, "{place},DV{place:06},{name},{phone},nguoi{place}@example.vn,D{unit},01/07/2025").unwrap();
    }
    file
}

async fn run(server: &str, statement: &str) {
    let connection = Database::connect(server).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}
