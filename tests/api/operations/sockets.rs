//! Clients that are slow on purpose, against the real binary: none holds a connection beyond its time, and nobody else waits
//! for them. Everything stays on 127.0.0.1 and ends by itself.

use std::{
    io,
    process::Command,
    time::{Duration, Instant},
};

use actix_web::rt::{spawn, task::JoinHandle, time::sleep};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::command::{Place, Running, client, complaint};
use crate::harness::have_the_machine_alone;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const SECOND: Duration = Duration::from_secs(1);
const GET: &str = "GET /v1/activities HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str =
    "POST /v1/auth/zalo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
const CHUNKED: &str =
    "POST /v1/auth/zalo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

fn address(server: &Running) -> String {
    server.url.strip_prefix("http://").unwrap().to_owned()
}

/// What became of a client.
#[derive(Debug)]
struct Gone {
    after: Duration,
    read: Vec<u8>,
}

impl Gone {
    fn said(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.read).contains(text)
    }
}

/// Sends `opening`, then `drip` each second, and reads whatever comes, until the connection ends.
async fn drip(address: String, opening: &'static str, drip: &'static str) -> Gone {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let begun = Instant::now();
    let mut gone = Gone { after: Duration::ZERO, read: Vec::new() };
    let mut alive = stream.write_all(opening.as_bytes()).await.is_ok();
    while alive && begun.elapsed() < Duration::from_secs(90) {
        match timeout(SECOND, stream.read_buf(&mut gone.read)).await {
            Ok(Ok(read)) => alive = read > 0,
            Ok(Err(_)) => alive = false,
            Err(_nothing_came) => alive = stream.write_all(drip.as_bytes()).await.is_ok(),
        }
    }
    // What was answered before the connection was reset.
    let _reset = timeout(SECOND, stream.read_to_end(&mut gone.read)).await;
    gone.after = begun.elapsed();
    gone
}

/// Asks for something large, and takes at most one byte of it each second.
async fn ask_and_not_read(address: String, takes: usize) -> Gone {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let begun = Instant::now();
    let mut gone = Gone { after: Duration::ZERO, read: Vec::new() };
    stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    while begun.elapsed() < Duration::from_secs(90) {
        sleep(SECOND).await;
        let mut byte = vec![0; takes];
        let is_reset = stream.take_error().unwrap().is_some()
            || matches!(stream.try_read(&mut byte), Err(error) if error.kind() != io::ErrorKind::WouldBlock);
        if is_reset {
            break;
        }
    }
    gone.after = begun.elapsed();
    let _reset = timeout(SECOND, stream.read_to_end(&mut gone.read)).await;
    gone
}

fn many(count: usize, one: impl Fn(usize) -> JoinHandle<Gone>) -> Vec<JoinHandle<Gone>> {
    (0..count).map(one).collect()
}

async fn all(tasks: Vec<JoinHandle<Gone>>) -> Vec<Gone> {
    let mut gone = Vec::new();
    for task in tasks {
        gone.push(task.await.unwrap());
    }
    gone
}

/// How long each of so many requests took, one after the other.
async fn latencies(client: &reqwest::Client, url: &str, count: usize) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for _ in 0..count {
        let begun = Instant::now();
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
        latencies.push(begun.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
    latencies.sort();
    latencies
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() * 99 / 100]
}

/// A figure of the server's, by its name with labels.
async fn figure(client: &reqwest::Client, server: &Running, name: &str) -> Option<f64> {
    let figures = client.get(server.figures.as_deref().unwrap()).send().await.unwrap().text().await.unwrap();
    figures.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[actix_web::test]
async fn slow_clients_are_gone_at_their_deadlines_and_nobody_waits_for_them() {
    have_the_machine_alone();
    let place = Place::migrated().await;
    let server = place.start(&SERVE);
    let (client, at) = (client(), address(&server));
    let url = format!("{}/v1/activities", server.url);
    latencies(&client, &url, 5).await;
    let idle = p99(&latencies(&client, &url, 40).await);

    let silent = many(60, |_| spawn(drip(at.clone(), "", "")));
    let heads = many(60, |_| spawn(drip(at.clone(), "GET / HTTP/1.1\r\nX: ", "a")));
    let second_heads = many(60, |_| spawn(drip(at.clone(), GET, "G")));
    let bodies = many(60, |_| spawn(drip(at.clone(), POST, " ")));
    let chunks = many(60, |_| spawn(drip(at.clone(), CHUNKED, "1\r\n \r\n")));
    let unread = many(150, |_| spawn(ask_and_not_read(at.clone(), 0)));
    let sipped = many(150, |_| spawn(ask_and_not_read(at.clone(), 1)));
    let (mut flooded, mut open) = (Vec::new(), 0.0_f64);
    for _ in 0..12 {
        flooded.extend(latencies(&client, &url, 10).await);
        open = open.max(figure(&client, &server, "http_connections{listener=\"public\"}").await.unwrap());
    }
    flooded.sort();

    assert!(open >= 600.0, "{open}");
    assert!(flooded.iter().all(|took| *took < SECOND), "{:?}", flooded.last());
    eprintln!("p99 idle {idle:?}, among 600 slow clients {:?}", p99(&flooded));
    let gone_within = |gone: &[Gone], seconds: u64| {
        let last = gone.iter().map(|gone| gone.after).max().unwrap();
        assert!(last < Duration::from_secs(seconds), "the last was gone after {last:?}");
    };
    gone_within(&all(silent).await, 16);
    gone_within(&all(heads).await, 16);
    let second_heads = all(second_heads).await;
    gone_within(&second_heads, 18);
    assert!(second_heads.iter().all(|gone| gone.said("HTTP/1.1 200 OK")));
    for bodies in [all(bodies).await, all(chunks).await] {
        gone_within(&bodies, 34);
        assert!(bodies.iter().all(|gone| gone.said("HTTP/1.1 408 ") && gone.said("\"code\":\"body_too_slow\"")));
        assert!(bodies.iter().all(|gone| gone.said("connection: close")));
    }
    for unread in [all(unread).await, all(sipped).await] {
        gone_within(&unread, 45);
    }
    latencies(&client, &url, 1).await;
    assert_eq!(server.stop(), Some(0));
}

#[actix_web::test]
async fn more_sockets_than_descriptors_keep_no_new_client_out() {
    let place = Place::migrated().await;
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 1024; exec \"$@\"", "sh"]);
    let inner = place.command(&SERVE);
    command.arg(inner.get_program()).args(inner.get_args()).env_remove("DATABASE_URL");
    for (name, value) in inner.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        command.env(name, value);
    }
    let server = Running::start(command);
    let at = address(&server);
    // Each sends a byte, and comes again as soon as it is cut.
    let flood = |_| {
        let at = at.clone();
        spawn(async move {
            loop {
                if let Ok(mut stream) = TcpStream::connect(&at).await {
                    let _refused = stream.write_all(b"G").await;
                    let _cut = stream.read(&mut [0; 64]).await;
                }
                sleep(Duration::from_millis(100)).await;
            }
        })
    };
    let flood: Vec<JoinHandle<()>> = (0..1100).map(flood).collect();
    sleep(2 * SECOND).await;

    let mut served = 0;
    for _ in 0..30 {
        // A client of its own each time: a new connection.
        let asked = client().get(format!("{}/v1/activities", server.url)).timeout(3 * SECOND).send().await;
        served += usize::from(asked.is_ok_and(|answer| answer.status() == 200));
        sleep(Duration::from_millis(100)).await;
    }
    let open = figure(&client(), &server, "http_connections{listener=\"public\"}").await.unwrap();
    flood.iter().for_each(JoinHandle::abort);

    assert!(served >= 29, "{served} of 30 new clients were served");
    assert!((300.0..=768.0).contains(&open), "{open} connections are open");
    assert_eq!(server.stop(), Some(0));
}

#[actix_web::test]
async fn connections_are_capped_by_the_settings_in_all_and_by_address() {
    for setting in ["THIDUA_SERVER__MAX_CONNECTIONS", "THIDUA_SERVER__MAX_CONNECTIONS_PER_ADDRESS"] {
        let place = Place::migrated().await;
        let server = place.start_with(&SERVE, setting, "3");
        let mut open = Vec::new();
        for _ in 0..9 {
            let mut stream = TcpStream::connect(address(&server)).await.unwrap();
            stream.write_all(b"G").await.unwrap();
            open.push(async move { stream.read(&mut [0; 64]).await });
        }
        let mut cut: FuturesUnordered<_> = open.into_iter().collect();

        // All are let in at last, each for one that was there before.
        for _ in 0..6 {
            let ended = timeout(5 * SECOND, cut.next()).await.expect(setting);
            assert!(matches!(ended, Some(Err(_) | Ok(0))), "{ended:?}");
        }
        let mut answer = String::new();
        let mut last = TcpStream::connect(address(&server)).await.unwrap();
        last.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
        last.read_to_string(&mut answer).await.unwrap();

        assert!(answer.starts_with("HTTP/1.0 200 OK") || answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(timeout(5 * SECOND, cut.next()).await.is_ok(), "{setting}");
        assert!(timeout(SECOND, cut.next()).await.is_err(), "{setting}: more were cut than had to");
        assert_eq!(server.stop(), Some(0));
    }
}

#[actix_web::test]
async fn the_internal_address_has_figures_and_probes_and_one_that_is_taken_is_told() {
    let place = Place::migrated().await;
    let server = place.start(&SERVE);
    let figures = server.figures.clone().unwrap();
    let inside = figures.strip_suffix("/metrics").unwrap();

    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(client().get(format!("{inside}{path}")).send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(client().get(format!("{}/metrics", server.url)).send().await.unwrap().status(), 404);
    let taken = inside.strip_prefix("http://").unwrap();
    let second = place.command(&SERVE).env("THIDUA_SERVER__INTERNAL_LISTEN", taken).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(complaint(&second).contains("server.internal_listen"), "{}", complaint(&second));
    assert!(complaint(&second).contains(taken), "{}", complaint(&second));
    // A relay takes the next that is free.
    let mut relay = place.command(&["relay"]);
    relay.env("THIDUA_SERVER__INTERNAL_LISTEN", taken).stdout(std::process::Stdio::piped());
    let mut relay = relay.spawn().unwrap();
    let mut line = String::new();
    io::BufRead::read_line(&mut io::BufReader::new(relay.stdout.take().unwrap()), &mut line).unwrap();
    let of_the_relay = line.trim().strip_prefix("Figures on ").unwrap().to_owned();
    assert_ne!(of_the_relay, figures);
    relay.kill().unwrap();
    relay.wait().unwrap();
    assert_eq!(server.stop(), Some(0));
}

#[actix_web::test]
async fn without_an_internal_address_there_are_no_figures() {
    let place = Place::migrated().await;

    let server = place.start_with(&SERVE, "THIDUA_SERVER__INTERNAL_LISTEN", "");

    assert_eq!(server.figures, None);
    assert_eq!(client().get(format!("{}/metrics", server.url)).send().await.unwrap().status(), 404);
    let refused = place.command(&SERVE).env("THIDUA_SERVER__INTERNAL_LISTEN", "nowhere").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(server.stop(), Some(0));
}
