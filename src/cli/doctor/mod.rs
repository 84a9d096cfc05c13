//! `thidua doctor`: what is wrong with this configuration, and how to mend it. It changes nothing; that something could be
//! changed it finds out by writing a row and deleting it in the same transaction. What only keeps a part of
//! the product from working is a warning, and no reason to exit with 1.

mod jobs;

use std::{fs, io, path::Path};

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::{Host, Url};

use super::{
    Verdict,
    say::{in_words, say},
    setup::Setup,
};
use crate::{
    audit,
    config::Config,
    db::{Actor, BESIDE_REQUESTS, Db, dialect},
    identity::{data_requests, keys},
    kit::secrets::secret::random_token,
    operations::settings_in_use,
    outbox,
    relay::{media_folder, worker},
};

/// By how much the clocks of this machine and of the database may differ.
const CLOCKS_APART_SECONDS: i64 = 5;
/// What PostgreSQL keeps back for its administrator, unless it is told otherwise.
const RESERVED: u32 = 3;
/// 2026-01-01: this build is from later.
const EARLIEST_NOW: i64 = 1_767_225_600;

const MIB: u64 = 1 << 20;
/// Below so much free room something is wrong: the write-ahead log alone may take a few megabytes.
const LEAST_ROOM: u64 = 64 * MIB;
/// Below so much free room it is time to do something.
const ENOUGH_ROOM: u64 = 512 * MIB;

/// What was looked at, as it is found.
#[derive(Default)]
struct Findings {
    wrong: usize,
    warned: usize,
}

impl Findings {
    fn well(&self, what: impl std::fmt::Display) {
        say(format_args!("  ok     {what}"));
    }

    /// What is neither good nor bad.
    fn note(&self, what: impl std::fmt::Display) {
        say(format_args!("  -      {what}"));
    }

    fn warn(&mut self, what: impl std::fmt::Display, mend: &str) {
        self.warned += 1;
        say(format_args!("  warn   {what}\n         {mend}"));
    }

    fn wrong(&mut self, what: impl std::fmt::Display, mend: &str) {
        self.wrong += 1;
        say(format_args!("  WRONG  {what}\n         {mend}"));
    }
}

/// Looks at everything.
pub async fn run(setup: Setup) -> anyhow::Result<Verdict> {
    say("Settings in effect");
    show("", &serde_json::to_value(&setup.config)?);
    say("\nChecks");
    let mut findings = Findings::default();
    check_address(&setup.config, &mut findings);
    check_zalo(&setup.config, &mut findings);
    check_mini_app(&setup.config, &mut findings);
    check_clock(Utc::now(), &mut findings);
    check_erasures(&setup.config, &mut findings);
    check_room(&setup, &mut findings);
    check_database(&setup, &mut findings).await;
    jobs::check_jobs(&setup.config, Utc::now(), &mut findings).await;
    match (findings.wrong, findings.warned) {
        (0, 0) => say("\nAll is well"),
        (0, warned) => say(format_args!("\nNothing is wrong. Warnings: {warned}")),
        (wrong, 0) => say(format_args!("\nWrong: {wrong}")),
        (wrong, warned) => say(format_args!("\nWrong: {wrong}. Warnings: {warned}")),
    }
    Ok(if findings.wrong == 0 { Verdict::Well } else { Verdict::Wrong })
}

fn show(path: &str, value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            show(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, value);
        }),
        value => say(format_args!("  {path} = {value}")),
    }
}

fn check_address(config: &Config, findings: &mut Findings) {
    let url = config.public_url();
    match Url::parse(&url) {
        Err(error) => findings.wrong(
            format_args!("server.public_url {url}: {error}"),
            "Set THIDUA_SERVER__PUBLIC_URL to the URL by which clients reach the server.",
        ),
        Ok(parsed) if parsed.scheme() != "https" && !is_loopback(&parsed) => findings.wrong(
            format_args!("server.public_url {url} is not https: tokens would travel in the open"),
            "Put a proxy with TLS in front, and set THIDUA_SERVER__PUBLIC_URL to its https:// URL.",
        ),
        Ok(_) => findings.well(format_args!("server.public_url {url}")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn check_zalo(config: &Config, findings: &mut Findings) {
    let zalo = &config.zalo;
    if zalo.app_id.is_empty() || zalo.app_secret.expose_secret().is_empty() {
        findings.warn(
            "the Zalo app is not set: members cannot sign in",
            "Set THIDUA_ZALO__APP_ID and THIDUA_ZALO__APP_SECRET from the Zalo developer console.",
        );
    } else {
        findings.well("the Zalo app is set");
    }
    if zalo.oa_refresh_token.expose_secret().is_empty() {
        findings.warn(
            "the Official Account's first refresh token is not set: nobody is told anything on Zalo",
            "Set THIDUA_ZALO__OA_REFRESH_TOKEN from Zalo's API Explorer; later ones are kept in the database.",
        );
    } else {
        findings.well("the Official Account's first refresh token is set");
    }
}

fn check_mini_app(config: &Config, findings: &mut Findings) {
    if config.zalo.mini_app_api_key.expose_secret().is_empty() {
        findings.warn(
            "the Mini App's Open API key is not set: who withdraws their consent at Zalo is not erased",
            "Set THIDUA_ZALO__MINI_APP_API_KEY, and the webhook URL …/v1/hooks/zalo/mini-app in the console.",
        );
    } else {
        findings.well("the Mini App's Open API key is set");
    }
}

fn check_clock(now: DateTime<Utc>, findings: &mut Findings) {
    if now.timestamp() < EARLIEST_NOW {
        findings.wrong(format_args!("the clock says {now}"), "Set this machine's clock; let NTP keep it.");
    } else {
        findings.well(format_args!("the clock says {}", now.format("%F %T UTC")));
    }
}

/// Without the list a restored backup brings back whoever was erased since.
fn check_erasures(config: &Config, findings: &mut Findings) {
    let list = config.erasures.log.as_str();
    if list.is_empty() {
        return findings.wrong(
            "erasures.log is not set: a restored backup would bring back whoever was erased since",
            "Set THIDUA_ERASURES__LOG to a file outside the database that every replica shares.",
        );
    }
    match can_append(Path::new(list)) {
        Ok(()) => findings.well(format_args!("erasures.log {list}")),
        Err(error) => findings.wrong(
            format_args!("erasures.log {list} cannot be written: {error}"),
            "Nobody can be erased until it can. Make its folder, and let the server's user write there.",
        ),
    }
}

/// Could a line be added to this file? Where there is none yet, whether one could be made beside it. Nothing is left behind.
fn can_append(file: &Path) -> io::Result<()> {
    match fs::OpenOptions::new().append(true).open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(|_file| ()),
    }
    let mut trial = file.as_os_str().to_owned();
    trial.push(format!(".{}", random_token()));
    fs::OpenOptions::new().write(true).create_new(true).open(&trial)?;
    fs::remove_file(&trial)
}

/// Is there room for what will be written to the disks of this machine?
fn check_room(setup: &Setup, findings: &mut Findings) {
    let database = setup.config.embedded_file(&setup.data);
    // A backup takes as much as the database.
    let taken = database.as_deref().and_then(|file| fs::metadata(file).ok()).map_or(0, |about| about.len());
    let places = [database.is_some().then_some(setup.data.as_path()), Some(Path::new(&setup.config.media.directory))];
    for place in places.into_iter().flatten() {
        let Ok(free) = free_bytes(place) else { continue };
        let words = format!("{} MiB are free for {}", free / MIB, place.display());
        if free < LEAST_ROOM {
            findings.wrong(words, "Make room: what cannot be stored is refused (507 storage_full) until there is.");
        } else if free < ENOUGH_ROOM.max(taken) {
            findings.warn(
                words,
                "Make room before it is full; a backup beside the database takes as much as the database.",
            );
        } else {
            findings.well(words);
        }
    }
}

/// What is free for this process on the disk of a folder, or of the folder in which it would be made.
fn free_bytes(folder: &Path) -> io::Result<u64> {
    let folder = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Can a change be committed? A disk that fails and a database that is read-only answer every question all the same.
async fn check_writing(db: &Db, findings: &mut Findings) {
    let trial = async {
        let tx = db.begin(Utc::now(), Actor::system()).await?;
        settings_in_use::note_nothing(&tx).await?;
        tx.commit().await
    };
    match trial.await {
        Ok(_no_effects) => findings.well("a change can be committed"),
        Err(problem) => findings.wrong(
            format_args!("nothing can be written to the database: {}", in_words(&problem.into())),
            "Reads go on. Make room on its disk, or see what the message names; then changes go on, without a restart.",
        ),
    }
}

async fn check_database(setup: &Setup, findings: &mut Findings) {
    if setup.config.embedded_file(&setup.data).is_some_and(|file| !file.exists()) {
        return findings.wrong(
            format_args!("there is no database in {} yet", setup.data.display()),
            "`thidua migrate up` makes it, with its master key; or name another by --database or --data.",
        );
    }
    let db = match setup.open().await {
        Ok(db) => db,
        Err(error) => {
            return findings.wrong(in_words(&error), "Check DATABASE_URL and that the server is running.");
        }
    };
    if let Err(error) = look_into(setup, &db, findings).await {
        findings.wrong(
            format_args!("the database: {}", in_words(&error)),
            "See the message; the database must answer to go on.",
        );
    }
    let _closed_anyway = db.close().await;
}

async fn look_into(setup: &Setup, db: &Db, findings: &mut Findings) -> anyhow::Result<()> {
    for (name, answer) in dialect::describe(db.reads()).await? {
        match name {
            dialect::MAX_CONNECTIONS => check_connections(&setup.config, &answer, findings),
            _ => check_setting(name, &answer, findings),
        }
    }
    let pending = db.pending_migrations().await?;
    if pending.is_empty() {
        findings.well("the schema is up to date");
        check_writing(db, findings).await;
        check_keys(setup, db, findings).await;
        check_audit_log(db, findings).await?;
        check_background(setup, db, findings).await?;
        check_data_requests(db, findings).await?;
        check_media(setup, db, findings).await?;
    } else {
        findings.wrong(format_args!("migrations pending: {}", pending.len()), "Run `thidua migrate up`.");
    }
    Ok(())
}

/// A replica that is refused a connection (53300) answers 503.
fn check_connections(config: &Config, most: &str, findings: &mut Findings) {
    let needed = config.database.connections.saturating_add(BESIDE_REQUESTS);
    let words = format!("PostgreSQL takes {most} connections; each replica opens up to {needed}");
    if most.parse::<u32>().is_ok_and(|most| most.saturating_sub(RESERVED) < needed) {
        findings.warn(words, "Raise max_connections in postgresql.conf, or lower database.connections.");
    } else {
        findings.well(words);
    }
}

fn check_setting(name: &str, answer: &str, findings: &mut Findings) {
    match (name, answer) {
        ("synchronous_commit", "off" | "local" | "remote_write") => findings.wrong(
            format_args!("synchronous_commit is {answer}: a commit that was answered for may be lost"),
            "Set synchronous_commit = on in postgresql.conf.",
        ),
        ("journal_mode", mode) if mode != "wal" => findings.wrong(
            format_args!("SQLite's journal_mode is {mode}"),
            "Put the data directory on a local disk: WAL does not work on network file systems.",
        ),
        (dialect::DATABASE_TIME, seconds) => {
            let apart = Utc::now().timestamp().saturating_sub(seconds.parse().unwrap_or_default());
            if apart.abs() > CLOCKS_APART_SECONDS {
                findings.wrong(
                    format_args!("the clocks of this machine and of the database are {apart} seconds apart"),
                    "Let NTP keep both.",
                );
            } else {
                findings.well("the clocks of this machine and of the database agree");
            }
        }
        _ => findings.well(format_args!("{name} {answer}")),
    }
}

/// The law and Zalo's data agreement set deadlines for what people ask about their data.
async fn check_data_requests(db: &Db, findings: &mut Findings) -> anyhow::Result<()> {
    let (waiting, overdue) = data_requests::count_waiting(db.reads(), Utc::now()).await?;
    if overdue > 0 {
        findings.wrong(
            format_args!("{overdue} of {waiting} requests about personal data are overdue"),
            "An admin answers them: GET /v1/data-requests?overdue=true, then acknowledge and resolve.",
        );
    } else {
        findings.well(format_args!("{waiting} requests about personal data wait, none of them overdue"));
    }
    Ok(())
}

/// A picture that one replica keeps on a disk of its own is not found by the others.
async fn check_media(setup: &Setup, db: &Db, findings: &mut Findings) -> anyhow::Result<()> {
    let directory = setup.config.media.directory.as_str();
    let (processes, apart) = media_folder::count(db, Utc::now()).await?;
    if apart > 0 {
        findings.wrong(
            format_args!("media.directory is not shared: of {processes} servers and relays that ran in the last minutes {apart} miss the files of others"),
            "Set THIDUA_MEDIA__DIRECTORY on every replica to one folder that all of them mount; look at it again in a minute.",
        );
    } else if processes > 1 {
        findings.well(format_args!(
            "media.directory {directory} is shared by the {processes} servers and relays that ran in the last minutes"
        ));
    } else {
        findings.well(format_args!("media.directory {directory}"));
    }
    Ok(())
}

async fn check_keys(setup: &Setup, db: &Db, findings: &mut Findings) {
    let vault = match setup.config.vault(&setup.data, false) {
        Ok(vault) => vault,
        Err(error) => return findings.wrong(error, "Without it nothing that is kept encrypted can be read."),
    };
    findings.well("the master key is there");
    match keys::load(db.reads(), &vault, &setup.config.public_url(), Utc::now()).await {
        Ok(Some(_)) => findings.well("the master key opens the signing keys"),
        Ok(None) => findings.well("there is no signing key yet; the server makes one when it starts"),
        Err(_unreadable) => findings.wrong(
            "the master key does not open the signing keys",
            "It is another one than they were made with. Bring the old one back; keep it apart from the backups.",
        ),
    }
}

async fn check_audit_log(db: &Db, findings: &mut Findings) -> anyhow::Result<()> {
    match audit::verify(db.reads()).await? {
        Ok(chain) if chain.position == 0 => findings.well("the audit log is empty"),
        Ok(chain) => findings.well(format_args!(
            "the audit log holds from row {} to row {}, whose hash is {}",
            chain.pruned.saturating_add(1),
            chain.position,
            chain.hash
        )),
        Err(broken) => findings.wrong(
            broken,
            "Somebody has changed the database past the application. Keep it as it is, and compare it with a backup.",
        ),
    }
    Ok(())
}

/// Does anybody do what is to be done in the background? A living worker lets nothing wait for a minute.
async fn check_background(setup: &Setup, db: &Db, findings: &mut Findings) -> anyhow::Result<()> {
    let now = Utc::now();
    let waiting = worker::waiting(db, &setup.config, now).await?;
    for late in waiting.iter().filter(|kind| kind.is_late(now)) {
        let since = late.since.map(|since| since.format("%F %T UTC").to_string()).unwrap_or_default();
        if late.name == worker::DELIVERIES {
            findings.warn(
                format_args!("{} since {since}", late.words),
                "Does Zalo answer, and is the Official Account's token good? The relay's log says so: search it for `alarm`.",
            );
            continue;
        }
        findings.wrong(
            format_args!("{} since {since}", late.words),
            "Is a relay running (`thidua relay`, or `thidua serve` without --no-relay)? Then its log says why: search it for `alarm`.",
        );
    }
    if !waiting.iter().any(|kind| kind.is_late(now)) {
        findings.well("no background work is late");
    }
    let set_aside = outbox::count_set_aside(db.reads()).await?;
    if set_aside > 0 {
        findings.wrong(
            format_args!("people could not be told of {set_aside} events, which are set aside"),
            "The log names them (alarm `event_set_aside`). They are tried again by themselves; a newer build may be needed.",
        );
    }
    Ok(())
}
