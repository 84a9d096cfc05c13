//! How fast the public list of activities is, beside a static answer of the same bytes: once through the same middleware,
//! once bare. All three are served by this process, on one worker, and measured in turns.
//!
//! `cargo bench --bench feed_page`. With `wrk` installed it is the client; without, a plain loop of our own, which costs
//! more than it measures: then look at the ratios only.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and says what it found"
)]

use std::{
    net::TcpListener,
    process::{Command, Stdio, id},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use thidua::{
    config::Config,
    db::Db,
    kit::{secrets::Vault, values::Clock},
    sandbox::demo::Demo,
    server::{Server, ServerParts},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const PAGE: &str = "/v1/activities?limit=20";
const STATIC: &str = "/static";
const ROUNDS: usize = 9;
const SECONDS: u64 = 3;
const CONNECTIONS: usize = 32;

fn main() {
    thidua::install_crypto();
    let (sent, served) = channel();
    thread::spawn(move || actix_web::rt::System::new().block_on(serve(|urls| sent.send(urls).unwrap())));
    let [page, same, bare] = served.recv().unwrap();
    let has_wrk = is_installed("wrk");
    if !has_wrk {
        println!("wrk is not installed (apt-get install wrk): measuring with a slower client of our own");
    }
    let is_pinned = pin_server();
    println!("{PAGE}, {ROUNDS} rounds of {SECONDS} s, {CONNECTIONS} connections; cores apart: {is_pinned}");

    let mut ratios = [Vec::new(), Vec::new()];
    let urls = [page, same, bare];
    for round in 1..=ROUNDS {
        let mut rates = [0.0; 3];
        // Each goes first as often as the others: a machine warms up, and gets tired.
        for place in (0..3).map(|turn| (turn + round) % 3) {
            rates[place] = requests_a_second(&urls[place], has_wrk, is_pinned);
        }
        let [page, same, bare] = rates;
        println!("round {round}: page {page:.0}/s, static in the same stack {same:.0}/s, bare static {bare:.0}/s");
        ratios.iter_mut().zip([page / same, page / bare]).for_each(|(all, one)| all.push(one));
    }
    for (name, mut all) in ["page / static in the same stack", "page / bare static"].into_iter().zip(ratios) {
        all.sort_by(f64::total_cmp);
        println!("{name}: {:.3} (from {:.3} to {:.3})", all[all.len() / 2], all[0], all[all.len() - 1]);
    }
}

/// Serves the demo, the static answer in the same stack, and the same bare.
async fn serve(ready: impl FnOnce([String; 3])) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::load(None).unwrap();
    for limit in [&mut config.rate_limit.per_address, &mut config.rate_limit.per_member] {
        *limit = u32::MAX.try_into().unwrap();
    }
    config.server.public_url = "http://127.0.0.1:1".into();
    let db = Db::connect(&format!("sqlite://{}/thidua.db", folder.path().display()), 1).await.unwrap();
    db.migrate().await.unwrap();
    let (clock, vault) = (Clock::system(), Vault::new([7; 32]));
    Demo::read().unwrap().fill(&db, &clock, &vault).await.unwrap();
    let server = Server::build(ServerParts { config, db, clock, vault }).await.unwrap();
    let body = page_bytes(&server).await;
    let [rooms, plain] = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let urls = [(&rooms, PAGE), (&rooms, STATIC), (&plain, STATIC)];
    let urls = urls.map(|(listener, path)| format!("http://{}{path}", listener.local_addr().unwrap()));

    let same = body.clone();
    let server = HttpServer::new(move || server.service().route(STATIC, fixed(same.clone())));
    let server = server.workers(1).listen(rooms).unwrap().run();
    let bare = HttpServer::new(move || App::new().route(STATIC, fixed(body.clone())));
    let bare = bare.workers(1).listen(plain).unwrap().run();
    ready(urls);
    futures_util::future::try_join(server, bare).await.unwrap();
}

async fn page_bytes(server: &Server) -> web::Bytes {
    let service = actix_web::test::init_service(server.service()).await;
    let request = actix_web::test::TestRequest::with_uri(PAGE).to_request();
    let response = actix_web::test::call_service(&service, request).await;
    assert_eq!(response.status(), 200, "{PAGE}");
    actix_web::test::read_body(response).await
}

fn fixed(body: web::Bytes) -> actix_web::Route {
    web::get().to(move || {
        let body = body.clone();
        async move { HttpResponse::Ok().content_type("application/json").body(body) }
    })
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The server on the first core; the client gets the second.
fn pin_server() -> bool {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut taskset = Command::new("taskset");
    taskset.args(["-a", "-c", "-p", "0", &id().to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    cores > 1 && taskset.status().is_ok_and(|status| status.success())
}

fn requests_a_second(url: &str, has_wrk: bool, is_pinned: bool) -> f64 {
    if !has_wrk {
        return actix_web::rt::System::new().block_on(count(url));
    }
    let mut command = Command::new(if is_pinned { "taskset" } else { "wrk" });
    if is_pinned {
        command.args(["-c", "1", "wrk"]);
    }
    let output = command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{SECONDS}s"), url]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("Non-2xx"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    line.unwrap().trim().parse().unwrap()
}

/// One request after the other on each connection, none before the last is answered.
async fn count(url: &str) -> f64 {
    let url = url::Url::parse(url).unwrap();
    let address = url.socket_addrs(|| None).unwrap()[0];
    let path = url.as_str().split_once(&address.to_string()).unwrap().1.to_owned();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let began = Instant::now();
    let end = began + Duration::from_secs(SECONDS);
    let clients = (0..CONNECTIONS).map(|_| converse(address, &request, end));
    let answered: u32 = futures_util::future::join_all(clients).await.into_iter().sum();
    f64::from(answered) / began.elapsed().as_secs_f64()
}

async fn converse(address: std::net::SocketAddr, request: &str, end: Instant) -> u32 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut buffer, mut answered) = (vec![0; 64 * 1024], 0);
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut read, mut expected) = (0, usize::MAX);
        while read < expected {
            read += stream.read(&mut buffer[read..]).await.unwrap();
            let head = String::from_utf8_lossy(&buffer[..read]);
            if let Some((head, _)) = head.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                expected = head.len() + 4 + length.parse::<usize>().unwrap();
            }
        }
        answered += 1;
    }
    answered
}
