//! `thidua staff`: the first admin has nobody who could make the account.

use std::io;

use anyhow::{Context as _, bail, ensure};
use tokio::sync::Semaphore;

use super::{Verdict, args::StaffCommand, ground::Setup, say::say};
use crate::{
    db::Actor,
    identity::staff,
    kit::{caller::Role, clock::Clock, ids::UnitId, secret::random_token},
    organisation::units,
};

/// The shortest password that is taken (NIST SP 800-63B asks for 15 where it stands alone; 12 is common here).
const SHORTEST_PASSWORD: usize = 12;
const PASSWORD_MADE_UP: usize = 20;

/// Makes the account.
pub async fn run(setup: Setup, command: StaffCommand) -> anyhow::Result<Verdict> {
    let StaffCommand::Add { username, role, unit, password_stdin } = command;
    let (role, unit) = (Role::from(role), unit.map(UnitId));
    ensure!(role != Role::Admin || unit.is_none(), "an admin's role is everywhere: leave --unit out");
    let given = password_stdin.then(read_password).transpose()?;
    let db = setup.open_migrated().await?;
    let (vault, clock) = (setup.vault()?, Clock::system());
    if let Some(unit) = unit
        && !units::exists_on(db.reads(), unit, clock.today()).await?
    {
        bail!("there is no unit {unit}");
    }
    ensure!(staff::find(db.reads(), &username).await?.is_none(), "there is a staff account {username} already");

    let password = given.clone().unwrap_or_else(make_password);
    let hash = staff::hash(&Semaphore::new(1), password.clone()).await?;
    let tx = db.begin(clock.now(), Actor::system()).await?;
    staff::create(&tx, &vault, &username, hash, role, unit).await?;
    tx.commit().await?;
    say(format_args!("Made {username}, {}", role.name()));
    if given.is_none() {
        say(format_args!("Password, shown this once: {password}"));
    }
    db.close().await.context("the database did not close")?;
    Ok(Verdict::Well)
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
