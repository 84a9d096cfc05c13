//! Listening: sockets and their options, how many connections there may be, and the server over them.

use std::{
    fmt,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use actix_http::{HttpService, Request, Response, error::DispatchError};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{body::MessageBody, dev::AppConfig, rt::net::TcpStream};
use anyhow::Context as _;
use rustix::{
    net::{listen, sockopt},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use uuid::Uuid;

use crate::{
    config,
    kit::{
        http::{
            Connections, GuardedStream, Place,
            connections::{HEAD, KEEP_ALIVE, UNREAD},
        },
        problems::{Code, Problem},
        values::Language,
    },
};

/// How many connections wait to be taken: a flood's do, for a moment, while others are cut for them.
const BACKLOG: i32 = 1024;
/// The most bytes of an answer that the system keeps for a client. It bounds what many slow ones take, and is taken in within
/// `UNREAD` by the slowest that is put up with.
const SEND_BUFFER: usize = 128 * 1024;
/// The most connections where nothing is set, however many descriptors there are.
const MOST: usize = 8192;
/// The most connections of the internal listener.
const INTERNAL: usize = 64;
/// How many threads of a worker do what takes long: compress what is large, hash, write files. Each compressor takes memory, and
/// all of them together take no more of a processor than the workers can spare.
const BLOCKING: usize = 8;
/// How often connections are looked at.
const SWEEP: Duration = Duration::from_secs(1);
/// Ports that are tried where the first is taken.
const PORTS: u16 = 100;

/// What is listened on.
pub struct Listeners {
    /// For everybody.
    pub public: TcpListener,
    /// For operators and their tools.
    pub internal: Option<TcpListener>,
}

/// How a server is run.
pub struct Running {
    /// Worker threads.
    pub workers: usize,
    /// How long requests may take after it was asked to stop, in seconds.
    pub shutdown_seconds: u64,
    /// How many connections there may be.
    pub room: Room,
}

/// How long a connection whose body is still on its way is drained after its answer, so that the answer is read and not lost
/// in a reset.
const LINGER: Duration = Duration::from_secs(4);

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    name: &'static str,
    most: usize,
    of_one: usize,
    /// Newcomers that are taken while others are still being cut for them.
    spare: usize,
}

impl Room {
    /// For the public, as the settings and the process's descriptors permit.
    pub fn public(server: &config::Server) -> Self {
        let configured = usize::try_from(server.max_connections).unwrap_or(usize::MAX);
        // A proxy's connections are everybody's: behind one, requests are counted by address (`kit::http::rate_limit`).
        let of_one = match server.forwarded_hops {
            0 => usize::try_from(server.max_connections_per_address).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let room = Self::of_descriptors(descriptors(), configured, of_one);
        if configured > room.most {
            tracing::warn!(
                configured,
                permitted = room.most,
                "server.max_connections is more than the process has descriptors for; raise its limit (ulimit -n)"
            );
        }
        room
    }

    /// For operators and their tools.
    pub const fn internal() -> Self {
        Self { name: "internal", most: INTERNAL, of_one: INTERNAL, spare: 16 }
    }

    /// A quarter of the descriptors is kept for the database, files, outgoing calls and the internal listener.
    fn of_descriptors(descriptors: usize, configured: usize, of_one: usize) -> Self {
        let reserve = (descriptors / 4).clamp(128, 1024).min(descriptors / 2);
        let permitted = descriptors.saturating_sub(reserve).max(1);
        let most = if configured == 0 { permitted.min(MOST) } else { configured.min(permitted) };
        Self { name: "public", most, of_one, spare: (reserve / 4).max(1) }
    }
}

/// How many descriptors this process may have, after its limit was raised as far as it may raise it itself.
fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _not_permitted = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
    let now = getrlimit(Resource::Nofile).current;
    now.and_then(|now| usize::try_from(now).ok()).unwrap_or(usize::MAX)
}

/// Listens on an address.
pub fn bind(address: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    settle(&listener).with_context(|| format!("cannot listen on {address} as is needed"))?;
    Ok(listener)
}

/// What the listener's connections inherit.
fn settle(listener: &TcpListener) -> io::Result<()> {
    listen(listener, BACKLOG)?;
    sockopt::set_socket_send_buffer_size(listener, SEND_BUFFER)?;
    // Clients that have gone without a word.
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(listener, u32::try_from(UNREAD.as_millis()).unwrap_or(u32::MAX).saturating_mul(2))?;
    Ok(())
}

/// Listens for operators and their tools as the settings say, and puts the address that it got into them.
pub fn bind_internal(server: &mut config::Server) -> anyhow::Result<Option<TcpListener>> {
    if server.internal_listen.is_empty() {
        return Ok(None);
    }
    let listener = bind(&server.internal_listen).context(
        "the internal address (server.internal_listen) is not free: set another one, or an empty one for none",
    )?;
    note(server, listener).map(Some)
}

/// The same; where the port is taken, on the next that is free.
pub fn bind_internal_nearby(server: &mut config::Server) -> anyhow::Result<Option<TcpListener>> {
    let Ok(first) = server.internal_listen.parse::<SocketAddr>() else { return bind_internal(server) };
    let ports = (0..PORTS).map(|further| first.port().saturating_add(further));
    let mut addresses = ports.map(|port| SocketAddr::new(first.ip(), port).to_string());
    match addresses.find_map(|address| bind(&address).ok()) {
        Some(listener) => note(server, listener).map(Some),
        None => bind_internal(server),
    }
}

fn note(server: &mut config::Server, listener: TcpListener) -> anyhow::Result<TcpListener> {
    server.internal_listen = listener.local_addr().context("the internal address")?.to_string();
    Ok(listener)
}

/// Where a tool of this machine finds the figures.
pub fn figures_url(server: &config::Server) -> String {
    match server.internal_listen.parse() {
        Ok(address) => format!("http://{}/metrics", reachable(address)),
        Err(_not_an_address) => format!("http://{}/metrics", server.internal_listen),
    }
}

/// An address that this machine can call.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()) } else { address }
}

/// Serves what `factory` makes, once a worker. Signals are not its business.
pub fn serve<F, I, S, B>(listener: TcpListener, running: &Running, factory: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let Running { workers, shutdown_seconds, room } = *running;
    let connections = Connections::new(room.name, room.most, room.of_one);
    sweep(Arc::downgrade(&connections))?;
    let address = listener.local_addr()?;
    let builder = Server::build()
        .workers(workers)
        .worker_max_blocking_threads(BLOCKING)
        .max_concurrent_connections(room.most.saturating_add(room.spare).div_ceil(workers).max(1))
        .shutdown_timeout(shutdown_seconds)
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen(address.to_string(), listener, move || {
        let (connections, stopping) = (Arc::clone(&connections), stopping.clone());
        let application = factory().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD)
            // An answer that comes before the end of a body is read before the connection is reset.
            .client_disconnect_timeout(LINGER)
            .tcp_nodelay(true)
            .local_addr(address)
            .on_connect_ext(|stream: &GuardedStream, data| {
                data.insert(Arc::clone(stream.connection()));
            })
            .h1(map_config(application, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let admitted = admit(&connections, stream);
            async move { admitted.map_err(DispatchError::Io) }
        })
        .and_then(http)
    })?;
    Ok(builder.run())
}

/// Finds a place for a connection. One that the server has none for is told so.
fn admit(connections: &Arc<Connections>, stream: TcpStream) -> io::Result<(GuardedStream, Option<SocketAddr>)> {
    let peer = stream.peer_addr()?;
    stream.set_nodelay(true)?;
    let place: Option<Place> = connections.admit(peer.ip());
    let Some(place) = place else {
        metrics::counter!("http_connections_refused_total").increment(1);
        let _gone_already = stream.try_write(&refusal());
        return Err(io::ErrorKind::ConnectionRefused.into());
    };
    Ok((GuardedStream::new(stream, place), Some(peer)))
}

/// The answer to whoever finds no place: nobody has read what they ask, nor in which language.
fn refusal() -> Vec<u8> {
    let (language, problem) = (Language::default(), Problem::new(Code::Unavailable));
    let id = Uuid::now_v7().to_string();
    let body = serde_json::to_vec(&problem.worded(language, &id)).unwrap_or_default();
    let mut answer = Vec::new();
    let _in_memory = write!(
        answer,
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-language: {}\r\n\
         cache-control: no-store\r\nx-request-id: {id}\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        language.tag(),
        body.len()
    );
    answer.extend(body);
    answer
}

/// Looks at connections for as long as there are any to come, on a thread that nothing else keeps busy.
fn sweep(connections: Weak<Connections>) -> io::Result<()> {
    let name = thread::Builder::new().name("connections".to_owned());
    name.spawn(move || {
        while let Some(connections) = connections.upgrade() {
            connections.sweep();
            drop(connections);
            thread::sleep(SWEEP);
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_stay_below_the_descriptors_whatever_is_set() {
        let room = |descriptors, configured| Room::of_descriptors(descriptors, configured, 5).most;

        assert_eq!(room(1024, 0), 768);
        assert_eq!(room(1024, 100), 100);
        assert_eq!(room(1024, 100_000), 768);
        assert_eq!(room(usize::MAX, 0), MOST);
        assert_eq!(room(64, 0), 32);
        for descriptors in [16, 64, 256, 1024, 65_536] {
            let room = Room::of_descriptors(descriptors, 0, 5);
            assert!(room.most + room.spare < descriptors, "{room:?}");
        }
    }

    #[test]
    fn an_internal_address_that_is_taken_is_an_error_or_the_next_one_is_used() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = config::Config::defaults().unwrap().server;
        server.internal_listen = taken.local_addr().unwrap().to_string();

        let error = bind_internal(&mut server.clone()).unwrap_err();
        let next = bind_internal_nearby(&mut server).unwrap().unwrap();

        assert!(format!("{error:#}").contains("server.internal_listen"), "{error:#}");
        assert_eq!(next.local_addr().unwrap().to_string(), server.internal_listen);
        assert!(server.internal_listen.starts_with("127.0.0.1:"));
        server.internal_listen.clear();
        assert!(bind_internal(&mut server).unwrap().is_none());
    }
}
