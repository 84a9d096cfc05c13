//! `demo-credentials.json`: what a script needs to try the demo. Its fields are part of the contract.

use std::{fs, io, path::Path};

use serde::Serialize;
use uuid::Uuid;

use super::TOKEN_LIFE;
use crate::{
    app::App,
    db::{Actor, Tx},
    identity::sessions,
    kit::{problems::Problem, values::MemberId},
    sandbox::demo::{ADMIN, CLIENT_ID, CLIENT_SECRET, Demo, EDITOR, MANAGER, MEMBER, OTHER_MEMBER, PASSWORD, guest_id},
};

/// The whole file.
#[derive(Debug, Serialize)]
pub struct Credentials {
    pub base_url: String,
    pub zalo_url: String,
    pub staff: Staff,
    pub tokens: Tokens,
    pub app: ClientApp,
    pub zalo_access_tokens: Vec<String>,
    pub ids: Ids,
}

#[derive(Debug, Serialize)]
pub struct Staff {
    pub username: &'static str,
    pub password: &'static str,
}

/// Access tokens, good for 12 hours from the start.
#[derive(Debug, Serialize)]
pub struct Tokens {
    pub admin: String,
    pub editor: String,
    pub unit_manager: String,
    pub member: String,
    pub other_member: String,
    pub guest: String,
}

#[derive(Debug, Serialize)]
pub struct ClientApp {
    pub client_id: &'static str,
    pub client_secret: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Ids {
    pub unit: Uuid,
    pub other_unit: Uuid,
    pub campaign: Uuid,
    pub target: Uuid,
    pub activity: Uuid,
}

/// Fresh ones.
pub async fn make(app: &App, demo: &Demo, zalo_url: String) -> anyhow::Result<Credentials> {
    let tokens = app.change_as(Actor::system(), async |tx| make_tokens(app, tx).await).await?;
    let landmarks = demo.landmarks();
    Ok(Credentials {
        base_url: app.config.public_url(),
        zalo_url,
        staff: Staff { username: "admin", password: PASSWORD },
        tokens,
        app: ClientApp { client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
        zalo_access_tokens: demo.zalo_access_tokens(),
        ids: Ids {
            unit: landmarks.unit,
            other_unit: landmarks.other_unit,
            campaign: landmarks.campaign,
            target: landmarks.target,
            activity: landmarks.activity,
        },
    })
}

async fn make_tokens(app: &App, tx: &Tx) -> Result<Tokens, Problem> {
    let token = async |id| sessions::token_for_scripts(app, tx, MemberId(id), TOKEN_LIFE).await;
    Ok(Tokens {
        admin: token(ADMIN.id()).await?,
        editor: token(EDITOR.id()).await?,
        unit_manager: token(MANAGER.id()).await?,
        member: token(MEMBER.id()).await?,
        other_member: token(OTHER_MEMBER.id()).await?,
        guest: token(guest_id()).await?,
    })
}

impl Credentials {
    /// Writes the file at once, readable by its owner alone.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        use std::io::Write as _;
        let new = path.with_extension("json.new");
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.write_all(b"\n")?;
        fs::rename(new, path)
    }
}
