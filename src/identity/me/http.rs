//! One's own profile over HTTP.

use actix_web::{get, web::Data};

use crate::{
    app::App,
    identity::auth::OwnProfile,
    kit::{
        answer::{Answer, Reply},
        caller::SignedIn,
        problem::Problem,
    },
    organisation::members,
};

/// Find yourself
///
/// Your own profile, and the highest role that you hold today.
#[utoipa::path(tag = "me", security(("member" = []), ("staff" = [])), responses((status = 200, body = OwnProfile)))]
#[get("/me")]
pub async fn find_me(app: Data<App>, caller: SignedIn) -> Answer<OwnProfile> {
    let member = members::find(app.db.reads(), caller.member_id, app.clock.today()).await?;
    let member = member.ok_or_else(Problem::not_found)?;
    let version = member.version;
    Ok(Reply::ok(OwnProfile { member: member.into(), role: caller.role() }).version(version))
}
