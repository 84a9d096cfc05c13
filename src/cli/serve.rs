//! `thidua serve`: the server, until somebody asks it to stop. Then it says so to load balancers, takes no more requests,
//! finishes those under way, and closes the database.

use std::{net::TcpListener, num::NonZeroUsize, thread, time::Duration};

use actix_server::ServerHandle;
use actix_web::web::Data;
use anyhow::Context as _;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
    time::sleep,
};

use super::{
    Verdict,
    args::ServeArgs,
    listeners::{self, Listeners, Room, Running},
    say::say,
    setup::Setup,
};
use crate::{
    app::App,
    db::{Actor, Tx},
    kit::problems::{Code, Problem},
    operations::settings_in_use,
    relay::{replicas, worker},
    server::Server,
};

/// How often the server's URL is noted again where the database takes no changes.
const NOTED_AGAIN: Duration = Duration::from_secs(30);

/// Serves.
pub async fn run(mut setup: Setup, args: ServeArgs) -> anyhow::Result<Verdict> {
    if let Some(workers) = args.workers {
        setup.config.server.workers = workers.get().into();
    }
    let public = listen(&mut setup, args.listen)?;
    let internal = listeners::bind_internal(&mut setup.config.server)?;
    if internal.is_some() {
        say(format_args!("Figures on {}", listeners::figures_url(&setup.config.server)));
    }
    let db = setup.open_to_serve().await?;
    if !args.no_migrate {
        db.migrate().await.context("the schema cannot be brought up to date")?;
    }
    let server = setup.server(db).await?;
    let url = server.app.config.public_url();
    serve(server, Listeners { public, internal }, !args.no_relay, || say(format_args!("Listening on {url}"))).await?;
    Ok(Verdict::Well)
}

/// Listens, and puts the address that it got into the settings: port 0 is any that is free.
pub fn listen(setup: &mut Setup, address: Option<String>) -> anyhow::Result<TcpListener> {
    let server = &mut setup.config.server;
    let address = address.unwrap_or_else(|| server.listen.clone());
    let listener = listeners::bind(&address)?;
    server.listen = listener.local_addr().context("the address listened on")?.to_string();
    Ok(listener)
}

/// Answers requests until SIGTERM or SIGINT. `ready` is called once it does.
pub async fn serve(server: Server, listeners: Listeners, has_relay: bool, ready: impl FnOnce()) -> anyhow::Result<()> {
    let app = server.app.clone();
    let noting = note_url(&app).await?;
    let settings = &app.config.server;
    let workers = match settings.workers {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        workers => workers,
    };
    // From before it says that it is ready: whoever hears that may ask it to stop at once.
    let stop = StopRequests::heed()?;
    let inside = serve_inside(&server, listeners.internal)?;
    let running = Running { workers, shutdown_seconds: settings.shutdown_seconds, room: Room::public(settings) };
    let server = listeners::serve(listeners.public, &running, move || server.service()).context("cannot listen")?;
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let attending = actix_web::rt::spawn(replicas::attend(app.clone()));
    let relay = has_relay.then(|| actix_web::rt::spawn(worker::run(app.clone())));
    ready();

    stop.asked().await;
    tracing::info!("stopping");
    app.stop();
    handle.stop(true).await;
    serving.await.context("the server's task")?.context("the server")?;
    if let Some(relay) = relay {
        relay.await.context("the relay's task")?;
    }
    if let Some(noting) = noting {
        noting.abort();
        let _aborted = noting.await;
    }
    attending.abort();
    // Its connection goes back before the database is closed.
    let _aborted = attending.await;
    inside.stop().await;
    close(app).await
}

/// The server for operators and their tools.
pub struct Inside(Option<ServerHandle>);

/// Answers operators and their tools, with a thread of its own: also while the public keeps all others busy.
pub fn serve_inside(server: &Server, listener: Option<TcpListener>) -> anyhow::Result<Inside> {
    let Some(listener) = listener else { return Ok(Inside(None)) };
    let running = Running { workers: 1, shutdown_seconds: 1, room: Room::internal() };
    let server = server.clone();
    let server =
        listeners::serve(listener, &running, move || server.internal_service()).context("cannot listen internally")?;
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the internal server has ended");
        }
    });
    Ok(Inside(Some(handle)))
}

impl Inside {
    /// Ends it. Nobody waits for its answers then.
    pub async fn stop(self) {
        if let Some(handle) = self.0 {
            handle.stop(false).await;
        }
    }
}

/// Keeps the URL by which this server is reached for commands that make tokens for it. Where the database takes no changes for
/// the moment, the server starts all the same and serves reads; this is tried again meanwhile, by the task that is given.
async fn note_url(app: &Data<App>) -> anyhow::Result<Option<JoinHandle<()>>> {
    match try_to_note_url(app).await {
        Ok(()) => Ok(None),
        Err(problem) if matches!(problem.code, Code::StorageFull | Code::Unavailable | Code::OutcomeUnknown) => {
            tracing::warn!(error = %problem, cause = ?problem.cause, "the database takes no changes: only reads are served until it does");
            Ok(Some(actix_web::rt::spawn(keep_noting_url(app.clone()))))
        }
        Err(problem) => Err(problem).context("the database cannot be written to"),
    }
}

async fn try_to_note_url(app: &App) -> Result<(), Problem> {
    let url = app.config.public_url();
    if settings_in_use::find(app.db.reads(), settings_in_use::PUBLIC_URL).await?.as_deref() == Some(&url) {
        return Ok(());
    }
    let note = async |tx: &Tx| Ok(settings_in_use::note(tx, settings_in_use::PUBLIC_URL, &url).await?);
    app.change_as(Actor::system(), note).await
}

async fn keep_noting_url(app: Data<App>) {
    loop {
        sleep(NOTED_AGAIN).await;
        match try_to_note_url(&app).await {
            Ok(()) => return tracing::info!("the database takes changes again"),
            Err(problem) => tracing::debug!(error = %problem, "the server's URL cannot be noted yet"),
        }
    }
}

/// SIGTERM and SIGINT, which from then on no longer end the process by themselves.
pub struct StopRequests {
    terminate: Signal,
    interrupt: Signal,
}

impl StopRequests {
    /// Takes heed of them.
    pub fn heed() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("SIGINT")?,
        })
    }

    /// Waits for one; one that came meanwhile counts.
    pub async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Closes the database, after everything that used it.
pub async fn close(app: Data<App>) -> anyhow::Result<()> {
    app.db.clone().close().await.context("the database did not close")
}
