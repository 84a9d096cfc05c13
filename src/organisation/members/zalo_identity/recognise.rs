//! Which member somebody is whom Zalo vouches for. The Zalo id decides; a phone number that Zalo has verified links a member
//! who was imported with it and whom nobody has claimed yet. It never takes a member away from the Zalo account that has
//! them: numbers are given to other people, and with the number would go the member's roles. For the same reason it never
//! makes anybody an admin or a member of staff: whoever may write a number down could make themselves one. Nor does anybody
//! with a staff account come in by Zalo, past their password.

use std::collections::BTreeSet;

use serde_json::json;

use super::store::{self, ZaloLink};
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Tx, dialect},
    kit::{
        problems::{Code, Problem},
        secrets::Vault,
        values::MemberId,
    },
    organisation::members::{find_by_phone, join_guest},
    personal_data,
};

/// When to try again after an erasure that came between.
const AT_ONCE_SECONDS: u64 = 1;

/// What Zalo says of whoever signs in.
#[derive(Clone, Debug)]
pub struct FromZalo {
    /// Their ids.
    pub link: ZaloLink,
    /// What they are called.
    pub name: String,
    /// Where their picture is.
    pub picture_url: Option<String>,
    /// Their phone number (`84…`), where they have shared it.
    pub phone: Option<String>,
}

/// Who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The member.
    pub member_id: MemberId,
    /// The guest that they were before and are no more: their sessions end.
    pub replaced: Option<MemberId>,
}

/// Finds the member, or makes a guest; and brings what is kept of their Zalo account up to date.
pub async fn recognise(app: &App, tx: &Tx, from_zalo: FromZalo) -> Result<Recognised, Problem> {
    let vault = &app.vault;
    // Two first sign-ins of one person at once: the second waits here, and then finds what the first has made. Always the id
    // before the number, so that nobody waits in a circle.
    dialect::lock_name_until_commit(tx, &store::app_user_hash(vault, &from_zalo.link.app_user_id)).await?;
    if let Some(phone) = &from_zalo.phone {
        dialect::lock_name_until_commit(tx, &store::phone_hash(vault, phone)).await?;
    }
    let found = hold(tx, vault, &from_zalo).await?;
    let recognised = match found.known {
        // Whoever has a password signs in with it, and with the second factor.
        Some(member) if app.belongings.signs_in_itself(tx, member).await? => {
            return Err(Problem::new(Code::StaffAccount));
        }
        Some(member) => claim_phone(app, tx, member, from_zalo.phone.as_deref(), found.holder).await?,
        None => meet(app, tx, &from_zalo, found.holder).await?,
    };
    store::link_zalo(tx, vault, recognised.member_id, &from_zalo.link).await?;
    Ok(recognised)
}

/// Whose the Zalo id is, and whose the phone number.
#[derive(PartialEq, Eq)]
struct Found {
    known: Option<MemberId>,
    holder: Option<MemberId>,
}

/// Both, held against an erasure until this is done, before anything of theirs is written. Whoever changed at this very
/// moment is to try again.
async fn hold(tx: &Tx, vault: &Vault, from_zalo: &FromZalo) -> Result<Found, Problem> {
    let found = look_up(tx, vault, from_zalo).await?;
    let members: BTreeSet<MemberId> = found.known.into_iter().chain(found.holder).collect();
    for member in members {
        match personal_data::hold(tx, member).await {
            Err(problem) if problem.code.status() == 404 => return Err(changed_meanwhile()),
            held => held?,
        };
    }
    if look_up(tx, vault, from_zalo).await? == found { Ok(found) } else { Err(changed_meanwhile()) }
}

async fn look_up(tx: &Tx, vault: &Vault, from_zalo: &FromZalo) -> Result<Found, Problem> {
    let known = store::find_by_app_user(tx, vault, &from_zalo.link.app_user_id).await?;
    let holder = match &from_zalo.phone {
        Some(phone) => find_by_phone(tx, vault, phone).await?,
        None => None,
    };
    Ok(Found { known, holder })
}

fn changed_meanwhile() -> Problem {
    Problem::new(Code::Unavailable).header("retry-after", AT_ONCE_SECONDS)
}

/// Somebody whose Zalo id is new: the member of their phone number, if nobody has claimed them; else a guest.
async fn meet(app: &App, tx: &Tx, from_zalo: &FromZalo, holder: Option<MemberId>) -> Result<Recognised, Problem> {
    let mut phone = from_zalo.phone.as_deref();
    if let Some(holder) = holder {
        if is_free(app, tx, holder).await? {
            record(tx, "link_zalo", holder, json!({"by": "phone"})).await?;
            return Ok(Recognised { member_id: holder, replaced: None });
        }
        refuse(tx, holder).await?;
        phone = None;
    }
    let picture = from_zalo.picture_url.clone();
    let guest = join_guest(tx, &app.vault, &from_zalo.name, picture, phone).await?;
    Ok(Recognised { member_id: guest.id, replaced: None })
}

/// A known member shares a phone number: it becomes theirs. If an imported member waits under it, a guest who has nothing
/// of their own becomes that member.
async fn claim_phone(
    app: &App,
    tx: &Tx,
    member: MemberId,
    phone: Option<&str>,
    holder: Option<MemberId>,
) -> Result<Recognised, Problem> {
    let as_they_are = Recognised { member_id: member, replaced: None };
    let Some(phone) = phone else { return Ok(as_they_are) };
    let Some(holder) = holder else {
        store::set_phone(tx, &app.vault, member, phone).await?;
        record(tx, "change_phone", member, json!({"by": "zalo"})).await?;
        return Ok(as_they_are);
    };
    if holder == member {
        return Ok(as_they_are);
    }
    if !is_free(app, tx, holder).await? || has_anything(app, tx, member).await? {
        refuse(tx, holder).await?;
        return Ok(as_they_are);
    }
    store::move_link(tx, member, holder).await?;
    personal_data::retire(app, tx, member).await?;
    record(tx, "replace_guest", member, json!({"by": "phone", "member_id": holder})).await?;
    record(tx, "link_zalo", holder, json!({"by": "phone", "was_guest": member})).await?;
    Ok(Recognised { member_id: holder, replaced: Some(member) })
}

/// May whoever has the phone number of this member become them?
async fn is_free(app: &App, tx: &Tx, holder: MemberId) -> Result<bool, Problem> {
    Ok(!store::is_linked(tx, holder).await? && !app.belongings.is_staff(tx, holder).await?)
}

/// Has this member anything that would be lost with them? They are held against changes until this one is done: nothing of the
/// kind comes in between.
async fn has_anything(app: &App, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
    personal_data::hold(tx, member).await?;
    app.belongings.has_any(tx, member).await
}

/// Somebody shares the number of a member who is another Zalo account's or is staff, or whom they cannot become any more. A manager
/// can look into it; whoever signs in stays who they are.
async fn refuse(tx: &Tx, holder: MemberId) -> Result<(), Problem> {
    tracing::warn!(member.id = %holder, "a Zalo account shares the phone number of a member that it is not linked to");
    metrics::counter!("thidua_phone_links_refused_total").increment(1);
    record(tx, "refuse_phone_link", holder, json!({"by": "phone"})).await
}

async fn record(tx: &Tx, action: &'static str, member: MemberId, after: serde_json::Value) -> Result<(), Problem> {
    audit::record(tx, action, Subject { kind: "member", id: member.0 }, None, Some(after)).await
}
