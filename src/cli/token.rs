//! `thidua token`: a short-lived access token, for scripts.

use anyhow::Context as _;

use super::{Verdict, ground::Setup, say::say};
use crate::{
    db::Actor,
    identity::{sessions, staff},
    kit::jwt::ACCESS_TOKEN_LIFE,
};

/// Prints the token and nothing else.
pub async fn run(setup: Setup, username: String) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    let app = setup.house(db).await?.app;
    let account = staff::find(app.db.reads(), &username)
        .await?
        .with_context(|| format!("there is no staff account {username}; `thidua staff add` makes one"))?;
    let token = app
        .change_as(Actor::system(), async |tx| {
            sessions::token_for_scripts(&app, tx, account.member_id, ACCESS_TOKEN_LIFE).await
        })
        .await?;
    say(token);
    Ok(Verdict::Well)
}
