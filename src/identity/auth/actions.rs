//! Signing in with Zalo.

use super::{
    wire::ZaloSignIn,
    zalo_problem::{phone_problem, raise_alarm, zalo_problem},
};
use crate::{
    app::App,
    db::Tx,
    identity::sessions::{self, MINI_APP, Opened},
    kit::{
        http::{ClientAddress, Network},
        problems::Problem,
        values::MemberId,
    },
    organisation::members::{self, FromZalo, ZaloLink},
    outside::zalo::{Holder, SignIn},
};

const NAMELESS: &str = "Người dùng Zalo";

/// Asks Zalo who holds this token, and then what the codes that came with it stand for. No transaction is open meanwhile.
pub async fn ask_zalo(app: &App, address: ClientAddress, sign_in: &ZaloSignIn) -> Result<FromZalo, Problem> {
    let question = SignIn {
        network: Network::narrow(address.0),
        access_token: &sign_in.access_token,
        phone_code: sign_in.phone_code.as_deref(),
        location_code: sign_in.location_code.as_deref(),
    };
    let Holder { profile, phone, place } = app.zalo.holder(question).await.map_err(|error| zalo_problem(&error))?;
    let phone = phone.transpose().map_err(|error| phone_problem(&error))?;
    if let Some(Err(error)) = place {
        // Where somebody is decides nothing here: they sign in all the same.
        raise_alarm(&error);
        tracing::warn!(class = error.class().name(), number = error.number(), "Zalo does not say where the phone is");
    }
    let name = profile.name.filter(|name| !name.is_empty()).unwrap_or_else(|| NAMELESS.to_owned());
    let link = ZaloLink { app_user_id: profile.id, oa_user_id: profile.oa_user_id, follows_oa: profile.follows_oa };
    Ok(FromZalo { link, name, picture_url: profile.picture_url, phone })
}

/// Opens a session of whoever Zalo vouches for, on a device of that name.
pub async fn sign_in(
    app: &App,
    tx: &Tx,
    from_zalo: FromZalo,
    device: Option<String>,
) -> Result<(MemberId, Opened), Problem> {
    let recognised = members::recognise(app, tx, from_zalo).await?;
    if let Some(guest) = recognised.replaced {
        sessions::close_all_of(tx, guest, None).await?;
    }
    let opened = sessions::open(app, tx, recognised.member_id, MINI_APP, device).await?;
    Ok((recognised.member_id, opened))
}
