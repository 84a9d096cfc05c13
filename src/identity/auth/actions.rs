//! Signing in, renewing, signing out.

use super::wire::ZaloSignIn;
use crate::{
    app::App,
    db::Tx,
    identity::sessions::{self, Opened},
    kit::{codes::Code, ids::MemberId, problem::Problem},
    organisation::members::{self, ZaloLink},
    outside::zalo::{Profile, ZaloError, ZaloFault},
};

/// The client that members sign in by.
pub const MINI_APP: &str = "mini-app";
const NAMELESS: &str = "Người dùng Zalo";

/// A person, as Zalo vouches for them.
pub struct Vouched {
    profile: Profile,
    phone: Option<String>,
}

/// Asks Zalo who holds this token. No transaction is open meanwhile.
pub async fn ask_zalo(app: &App, sign_in: &ZaloSignIn) -> Result<Vouched, Problem> {
    let profile = app.zalo.profile(&sign_in.access_token).await.map_err(|error| zalo_problem(&error))?;
    let phone = match &sign_in.phone_code {
        Some(code) => {
            Some(app.zalo.phone_number(&sign_in.access_token, code).await.map_err(|error| zalo_problem(&error))?)
        }
        None => None,
    };
    if let Some(code) = &sign_in.location_code {
        app.zalo.location(&sign_in.access_token, code).await.map_err(|error| zalo_problem(&error))?;
    }
    Ok(Vouched { profile, phone })
}

/// Opens a session of whoever Zalo vouches for: known by their Zalo id, else by an imported phone number, else a guest.
pub async fn sign_in(app: &App, tx: &Tx, vouched: Vouched) -> Result<(MemberId, Opened), Problem> {
    let Vouched { profile, phone } = vouched;
    let member = match members::find_by_zalo(tx, &app.vault, &profile.id).await? {
        Some(member) => member,
        None => match imported(app, tx, phone.as_deref()).await? {
            Some(member) => member,
            None => {
                let name = profile.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(NAMELESS);
                members::join_guest(tx, &app.vault, name, profile.picture_url.clone(), phone.as_deref()).await?.id
            }
        },
    };
    let link = ZaloLink {
        app_user_id: profile.id,
        follows_oa: profile.follows_oa.unwrap_or(profile.oa_user_id.is_some()),
        oa_user_id: profile.oa_user_id,
    };
    members::link_zalo(tx, &app.vault, member, &link).await?;
    let opened = sessions::open(app, tx, member, MINI_APP).await?;
    Ok((member, opened))
}

async fn imported(app: &App, tx: &Tx, phone: Option<&str>) -> Result<Option<MemberId>, Problem> {
    match phone {
        Some(phone) => Ok(members::find_by_phone(tx, &app.vault, phone).await?),
        None => Ok(None),
    }
}

/// Each class of Zalo's faults as what it means to whoever signs in.
fn zalo_problem(error: &ZaloError) -> Problem {
    match error.class() {
        ZaloFault::BadToken | ZaloFault::BadPayload => Problem::new(Code::ZaloTokenRefused),
        ZaloFault::OutsideVietnam | ZaloFault::NeedsHuman | ZaloFault::RefreshOaToken => {
            tracing::error!(%error, "Zalo refuses this server; check its app id, secret and address");
            Problem::new(Code::ZaloMisconfigured)
        }
        _ => {
            tracing::warn!(%error, "Zalo cannot be asked");
            Problem::new(Code::ZaloUnavailable)
        }
    }
}
