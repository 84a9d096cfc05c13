//! `thidua demo`: a filled database, the server with its relay, and a stand-in for the Zalo platform beside it.

mod credentials;
mod welcome;

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_web::web::Data;
use anyhow::{Context as _, bail, ensure};
use secrecy::ExposeSecret as _;

use super::{
    Verdict,
    args::DemoArgs,
    listeners::{self, Listeners, reachable},
    say::{complain, say},
    serve,
    setup::{ERASURES, Setup, hold_alone},
};
use crate::{
    config::Config,
    db::Db,
    kit::values::Clock,
    sandbox::{
        demo::{APP_ID, APP_SECRET, Content, Demo, MINI_APP_API_KEY, content},
        zalo::{self, Stage},
    },
    server::{Server, ServerParts},
};

/// Long enough for an afternoon: nobody signs in again in the middle of a demonstration.
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Shows everything, until somebody asks it to stop.
pub async fn run(mut setup: Setup, args: DemoArgs) -> anyhow::Result<Verdict> {
    fs::create_dir_all(&setup.data).with_context(|| format!("the data directory {}", setup.data.display()))?;
    let is_ours = setup.config.database.url.expose_secret().is_empty();
    if args.fresh && is_ours {
        remove_database(&setup)?;
    }
    let public = serve::listen(&mut setup, args.listen)?;
    let internal = listeners::bind_internal_nearby(&mut setup.config.server)?;
    let address = public.local_addr().context("the address listened on")?;
    let zalo_listener = listen_beside(address)?;
    let zalo_url = format!("http://{}", reachable(zalo_listener.local_addr().context("the stand-in's address")?));
    let demo = Demo::read()?;
    let stage_clock = Clock::system();
    let stage = Data::new(demo.stage(Arc::new(move || stage_clock.now())));
    prepare(&mut setup.config, address, &zalo_url, &stage)?;

    let (clock, vault) = (Clock::system(), setup.config.vault(&setup.data, true)?);
    let mut db = setup.open_to_serve().await?;
    db.migrate().await.context("the schema cannot be brought up to date")?;
    let is_filled = content(db.reads()).await?;
    ensure!(!args.fresh || is_filled == Content::Nothing, "--fresh does not empty a database named by --database");
    if is_filled != Content::Demo {
        fill(&demo, is_filled, &db, &clock, &vault).await?;
        // What filled it keeps pages and statements in memory that a server hardly needs.
        db.close().await.context("the database that was filled")?;
        db = setup.open_to_serve().await?;
    }
    let server = Server::build(ServerParts { config: setup.config, db, clock: clock.clone(), vault }).await?;

    let webhook = format!("{}/v1/hooks/zalo/mini-app", server.app.config.public_url());
    let stage = demo.stage(Arc::new(move || clock.now())).telling(webhook, MINI_APP_API_KEY);
    let stage = Data::new(stage);
    let stand_in = zalo::serve(zalo_listener, Data::<Stage>::clone(&stage)).context("the Zalo stand-in")?;
    let stand_in_handle = stand_in.handle();
    let standing_in = actix_web::rt::spawn(stand_in);
    let credentials = credentials::make(&server.app, &demo, zalo_url).await?;
    let path = setup.data.join("demo-credentials.json");
    credentials.write(&path).with_context(|| path.display().to_string())?;
    if !address.ip().is_loopback() {
        complain(
            "thidua: the demo's passwords are known to everybody; listen on 127.0.0.1 unless that is what you want",
        );
    }
    let figures = internal.is_some().then(|| listeners::figures_url(&server.app.config.server));
    let listeners = Listeners { public, internal };
    serve::serve(server, listeners, true, || say(welcome::text(&credentials, &path, figures.as_deref()))).await?;
    stand_in_handle.stop(false).await;
    standing_in.await.context("the stand-in's task")?.context("the Zalo stand-in")?;
    Ok(Verdict::Well)
}

async fn fill(
    demo: &Demo,
    content: Content,
    db: &Db,
    clock: &Clock,
    vault: &crate::kit::secrets::vault::Vault,
) -> anyhow::Result<()> {
    match content {
        Content::Nothing => {
            say("Đang tạo dữ liệu mẫu… (Filling in the demo data…)");
            demo.fill(db, clock, vault).await.context("the demo data cannot be filled in")
        }
        Content::Demo => Ok(()),
        Content::Other => bail!("the database holds other data than the demo's; name an empty one by --database"),
    }
}

fn remove_database(setup: &Setup) -> anyhow::Result<()> {
    let Some(file) = setup.config.embedded_file(&setup.data) else { return Ok(()) };
    let _nobody_else = hold_alone(&file)?;
    // The new data has the same ids: whoever was erased before is not erased from it.
    remove(&setup.data.join(ERASURES))?;
    for suffix in ["", "-wal", "-shm"] {
        let mut path = file.clone().into_os_string();
        path.push(suffix);
        remove(&PathBuf::from(path))?;
    }
    Ok(())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).with_context(|| path.display().to_string()),
        _ => Ok(()),
    }
}

/// On the next port, or on any that is free.
fn listen_beside(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
    let any = SocketAddr::new(address.ip(), 0);
    TcpListener::bind(next).or_else(|_taken| TcpListener::bind(any)).context("no port for the Zalo stand-in")
}

fn prepare(config: &mut Config, address: SocketAddr, zalo_url: &str, stage: &Stage) -> anyhow::Result<()> {
    if config.server.public_url.is_empty() {
        config.server.public_url = format!("http://{}", reachable(address));
    }
    let zalo = &mut config.zalo;
    for url in [&mut zalo.graph_url, &mut zalo.oauth_url, &mut zalo.openapi_url] {
        zalo_url.clone_into(url);
    }
    APP_ID.clone_into(&mut zalo.app_id);
    zalo.app_secret = APP_SECRET.into();
    zalo.mini_app_api_key = MINI_APP_API_KEY.into();
    // Another one at each start: if the tokens kept from before have died, the relay begins anew with it.
    zalo.oa_refresh_token = stage.first_refresh_token().into();
    // A load tool is one address and one member: with the usual limits it would measure the limits. What somebody has
    // set stays.
    let (limits, usual) = (&mut config.rate_limit, Config::defaults()?.rate_limit);
    let limits = [
        (&mut limits.per_address, usual.per_address),
        (&mut limits.per_member, usual.per_member),
        (&mut limits.per_app, usual.per_app),
    ];
    for (limit, usual) in limits {
        if *limit == usual {
            *limit = NonZeroU32::MAX;
        }
    }
    Ok(())
}
