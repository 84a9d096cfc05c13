//! `thidua staff`: the first admin has nobody who could make the account; and whoever is locked out needs somebody at the
//! server.

use std::io;

use anyhow::{Context as _, anyhow, bail, ensure};

use super::{
    Verdict,
    args::{StaffCommand, StaffRole},
    say::say,
    setup::Setup,
};
use crate::{
    db::{Actor, Db},
    identity::{
        staff::{self, StaffAccount},
        totp,
    },
    kit::{
        http::Role,
        problems::{Code, Problem},
        secrets::secret::random_token,
        values::{Clock, Language, UnitId},
        work::ConcurrencyLimit,
    },
    organisation::units,
};

/// The shortest password that is taken (NIST SP 800-63B asks for 15 where it stands alone; 12 is common here).
const SHORTEST_PASSWORD: usize = 12;
const PASSWORD_MADE_UP: usize = 20;

/// Does it.
pub async fn run(setup: Setup, command: StaffCommand) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    match command {
        StaffCommand::Add { username, role, unit, password_stdin } => {
            add(&setup, &db, &username, role, unit.map(UnitId), password_stdin).await?;
        }
        StaffCommand::Password { username, password_stdin } => set_password(&db, &username, password_stdin).await?,
        StaffCommand::Disable { username } => {
            let account = known(&db, &username).await?;
            let tx = db.begin(Clock::system().now(), Actor::system()).await?;
            staff::disable(&tx, &account).await.map_err(in_words)?;
            tx.commit().await?;
            say(format_args!("Nobody signs in as {username} any more"));
        }
        StaffCommand::Enable { username } => {
            let account = known(&db, &username).await?;
            let tx = db.begin(Clock::system().now(), Actor::system()).await?;
            staff::enable(&tx, &account).await?;
            tx.commit().await?;
            say(format_args!("{username} may sign in again"));
        }
        StaffCommand::RemoveTotp { username } => {
            let account = known(&db, &username).await?;
            let tx = db.begin(Clock::system().now(), Actor::system()).await?;
            totp::remove(&tx, account.member_id).await?;
            tx.commit().await?;
            say(format_args!("{username} signs in with the password alone"));
        }
    }
    db.close().await.context("the database did not close")?;
    Ok(Verdict::Well)
}

async fn add(
    setup: &Setup,
    db: &Db,
    username: &str,
    role: StaffRole,
    unit: Option<UnitId>,
    password_stdin: bool,
) -> anyhow::Result<()> {
    let role = Role::from(role);
    ensure!(role != Role::Admin || unit.is_none(), "an admin's role is everywhere: leave --unit out");
    let (vault, clock) = (setup.vault()?, Clock::system());
    if let Some(unit) = unit
        && !units::exists_on(db.reads(), unit, clock.today()).await?
    {
        bail!("there is no unit {unit}");
    }
    ensure!(staff::find_any(db.reads(), username).await?.is_none(), "there is a staff account {username} already");
    let (hash, made_up) = password(password_stdin).await?;
    let tx = db.begin(clock.now(), Actor::system()).await?;
    staff::create(&tx, &vault, username, hash, role, unit).await?;
    tx.commit().await?;
    say(format_args!("Made {username}, {}", role.name()));
    show(made_up);
    Ok(())
}

async fn set_password(db: &Db, username: &str, password_stdin: bool) -> anyhow::Result<()> {
    let account = known(db, username).await?;
    let (hash, made_up) = password(password_stdin).await?;
    let tx = db.begin(Clock::system().now(), Actor::system()).await?;
    staff::reset_password(&tx, &account, hash).await?;
    tx.commit().await?;
    say(format_args!("{username} has a new password"));
    show(made_up);
    Ok(())
}

/// What one of our rules refuses is said in its words; what is unexpected keeps its cause.
fn in_words(problem: Problem) -> anyhow::Error {
    if problem.code == Code::LastAdmin { anyhow!(problem.detail(Language::English)) } else { problem.into() }
}

async fn known(db: &Db, username: &str) -> anyhow::Result<StaffAccount> {
    let account = staff::find_any(db.reads(), username).await?;
    account.with_context(|| format!("there is no staff account {username}"))
}

/// The hash of a password that was given; or that of one that is made up here, with it.
async fn password(is_given: bool) -> anyhow::Result<(String, Option<String>)> {
    let given = is_given.then(read_password).transpose()?;
    let made_up = given.is_none().then(make_password);
    let password = given.or_else(|| made_up.clone()).unwrap_or_default();
    let hash = staff::hash(&ConcurrencyLimit::new(1), password).await?;
    Ok((hash, made_up))
}

fn show(made_up: Option<String>) {
    if let Some(password) = made_up {
        say(format_args!("Password, shown this once: {password}"));
    }
}

fn read_password() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("standard input")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(
        password.chars().count() >= SHORTEST_PASSWORD,
        "the password must have at least {SHORTEST_PASSWORD} characters"
    );
    Ok(password)
}

fn make_password() -> String {
    random_token().chars().filter(char::is_ascii_alphanumeric).take(PASSWORD_MADE_UP).collect()
}
