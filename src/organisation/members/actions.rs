//! Changes of members.

use serde_json::json;

use super::{Member, MembershipKind, NewMember, store};
use crate::{
    audit::{self, Subject},
    db::Tx,
    kit::{
        caller::Person,
        codes::FaultCode,
        ids::MemberId,
        problem::{Problem, bad_field},
        vault::Vault,
    },
    organisation::units,
    outbox::{self, Event},
};

/// Adds a member to a unit that the caller manages.
pub async fn create(tx: &Tx, vault: &Vault, caller: &Person, new: NewMember) -> Result<Member, Problem> {
    let unit = new.home_unit_id;
    if !caller.is_admin() && !units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await? {
        return Err(Problem::forbidden());
    }
    if !units::exists_on(tx, unit, tx.today()).await? {
        return Err(bad_field("/home_unit_id", FaultCode::NoSuchThing));
    }
    let member = Member {
        id: new.id.unwrap_or_default(),
        display_name: new.display_name,
        avatar_url: None,
        home_unit_id: Some(unit),
        version: 1,
    };
    let since = new.member_since.unwrap_or_else(|| tx.today());
    store::insert(tx, &member).await?;
    store::insert_private(tx, vault, member.id, new.phone.as_deref()).await?;
    store::insert_membership(tx, member.id, unit, MembershipKind::Home, since).await?;
    let after = json!({"home_unit_id": unit, "since": since});
    audit::record(tx, "create_member", Subject { kind: "member", id: member.id.0 }, None, Some(after)).await?;
    Ok(member)
}

/// Adds somebody who signed in and was not known: a guest, in no unit.
pub async fn join_guest(
    tx: &Tx,
    vault: &Vault,
    name: &str,
    avatar: Option<String>,
    phone: Option<&str>,
) -> Result<Member, Problem> {
    let member = Member {
        id: MemberId::new(),
        display_name: name.to_owned(),
        avatar_url: avatar,
        home_unit_id: None,
        version: 1,
    };
    store::insert(tx, &member).await?;
    store::insert_private(tx, vault, member.id, phone).await?;
    audit::record(tx, "join_guest", Subject { kind: "member", id: member.id.0 }, None, None).await?;
    outbox::record(tx, Event::MemberJoined { member_id: member.id }).await?;
    Ok(member)
}
