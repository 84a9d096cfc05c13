//! `thidua key`: the keys that sign access tokens.

use super::{Verdict, args::KeyCommand, say::say, setup::Setup};
use crate::{
    identity::keys::{self, KeyState, ListedKey, When},
    kit::values::Clock,
};

/// Rotates, or lists.
pub async fn run(setup: Setup, command: KeyCommand) -> anyhow::Result<Verdict> {
    let KeyCommand::Rotate { list, compromised } = command;
    let db = setup.open_migrated().await?;
    let clock = Clock::system();
    if !list {
        let when = if compromised { When::Compromised } else { When::Published };
        let rotation = keys::rotate(&db, &setup.vault()?, &clock, when).await?;
        let begun = if rotation.is_new { "Made" } else { "A rotation is under way:" };
        say(format_args!("{begun} {}, which signs from {}", rotation.kid, rotation.signs_from.format("%F %T UTC")));
    }
    let all = keys::list(db.reads()).await?;
    for key in &all {
        say(line(key, key.state(&all, clock.now())));
    }
    Ok(Verdict::Well)
}

fn line(key: &ListedKey, state: KeyState) -> String {
    let state = match state {
        KeyState::Next => "next",
        KeyState::Signing => "signing",
        KeyState::Retiring => "retiring",
        KeyState::Retired => "retired",
    };
    let until = key.verifies_until.map_or_else(|| "-".to_owned(), |until| until.format("%F %T").to_string());
    format!("{}  {state:<8}  signs from {}  verifies until {until}", key.kid, key.signs_from.format("%F %T"))
}
