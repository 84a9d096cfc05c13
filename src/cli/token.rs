//! `thidua token`: a short-lived access token, for scripts. It names the server that it is for: by `server.public_url`, or
//! else by the URL with which a server last started on this database.

use anyhow::Context as _;

use super::{
    Verdict,
    say::{complain, say},
    setup::Setup,
};
use crate::{
    db::Actor,
    identity::{sessions, staff},
    kit::secrets::jwt::ACCESS_TOKEN_LIFE,
    operations::settings_in_use,
};

/// Prints the token and nothing else.
pub async fn run(mut setup: Setup, username: String) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    if setup.config.server.public_url.is_empty() {
        match settings_in_use::find(db.reads(), settings_in_use::PUBLIC_URL).await? {
            Some(url) => setup.config.server.public_url = url,
            None => complain(format_args!(
                "thidua: no server has run on this database yet; the token is good at {} alone",
                setup.config.public_url()
            )),
        }
    }
    let app = setup.server(db).await?.app;
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
