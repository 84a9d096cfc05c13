//! Changes of members.

use serde_json::{Value, json};

use super::{Contact, Member, MemberChange, MembershipKind, NewMember, store};
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Actor, Effect, Tx},
    kit::{
        http::{IfMatch, Person},
        problems::{Code, Fault, FaultCode, Faults, Problem},
        secrets::Vault,
        values::{MemberId, clock::NO_END},
    },
    organisation::units,
    outbox::{self, Event},
};

/// Adds a member to a unit that the caller manages.
pub async fn create(tx: &Tx, vault: &Vault, caller: &Person, new: NewMember) -> Result<Member, Problem> {
    let mut faults = Faults::new();
    let new = new.parse(&mut faults);
    let unit = new.home_unit_id;
    if !caller.is_admin() && !units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await? {
        faults.or(())?;
        return Err(Problem::forbidden());
    }
    let since = new.member_since.unwrap_or_else(|| tx.today());
    faults.add_unless_first_day(since, "/member_since");
    let obstacle = units::obstacle(tx, unit, since.max(tx.today()), NO_END).await?;
    obstacle.into_iter().for_each(|code| faults.add(Fault::at("/home_unit_id", code)));
    faults.or(())?;
    let member = Member {
        id: new.id.unwrap_or_default(),
        display_name: new.display_name,
        avatar_url: None,
        home_unit_id: Some(unit),
        is_erased: false,
        version: 1,
    };
    require_free(tx, vault, new.phone.as_deref(), member.id).await?;
    store::insert(tx, &member).await?;
    store::insert_private(tx, vault, member.id, new.phone.as_deref()).await?;
    store::insert_membership(tx, member.id, unit, MembershipKind::Home, since).await?;
    let after = json!({"home_unit_id": unit, "since": since});
    audit::record(tx, "create_member", Subject { kind: "member", id: member.id.0 }, None, Some(after)).await?;
    // Who comes only later is at home nowhere yet, and their manager does not see them until then.
    Ok(store::find_visible(tx, caller, member.id, tx.today()).await?.unwrap_or(member))
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
        is_erased: false,
        version: 1,
    };
    store::insert(tx, &member).await?;
    store::insert_private(tx, vault, member.id, phone).await?;
    audit::record(tx, "join_guest", Subject { kind: "member", id: member.id.0 }, None, None).await?;
    outbox::record(tx, Event::MemberJoined { member_id: member.id }).await?;
    Ok(member)
}

/// Changes a member whom the caller manages. How staff are reached, and whoever holds roles beyond what the caller manages, is
/// for admins to change: with a phone number of theirs one signs in as them.
pub async fn update(
    app: &App,
    tx: &Tx,
    caller: &Person,
    id: MemberId,
    seen: &IfMatch,
    change: MemberChange,
) -> Result<Member, Problem> {
    let member = store::find_visible_for_change(tx, caller, id).await?.ok_or_else(Problem::not_found)?;
    if !store::is_managed_by(tx, caller, id, tx.today()).await? {
        return Err(Problem::forbidden());
    }
    let is_reached_otherwise = change.phone.is_some() || change.email.is_some();
    if is_reached_otherwise && !caller.is_admin() {
        let beyond = app.belongings.beyond(tx, &[id], &caller.managed_units(), tx.today()).await?;
        if !beyond.is_empty() {
            return Err(Problem::forbidden());
        }
    }
    save(tx, &app.vault, member, seen, change).await
}

/// Changes the caller's own profile.
pub async fn update_own(
    tx: &Tx,
    vault: &Vault,
    caller: &Person,
    seen: &IfMatch,
    change: MemberChange,
) -> Result<Member, Problem> {
    let own = store::find_visible_for_change(tx, caller, caller.member_id).await?.ok_or_else(Problem::not_found)?;
    save(tx, vault, own, seen, change).await
}

async fn save(
    tx: &Tx,
    vault: &Vault,
    mut member: Member,
    seen: &IfMatch,
    change: MemberChange,
) -> Result<Member, Problem> {
    seen.check(member.version)?;
    require_free(tx, vault, change.phone.clone().flatten().as_deref(), member.id).await?;
    let is_renamed = change.display_name.is_some();
    let fields = change.fields();
    let before = store::contact_of(tx, vault, member.id).await?;
    let after = Contact {
        phone: change.phone.clone().unwrap_or_else(|| before.phone.clone()),
        email: change.email.clone().unwrap_or_else(|| before.email.clone()),
        code: None,
    };
    store::save(tx, vault, &mut member, change).await?;
    let subject = Subject { kind: "member", id: member.id.0 };
    audit::record(tx, "update_member", subject, Some(shown(&before, &fields)), Some(shown(&after, &fields))).await?;
    if is_renamed {
        tx.after_commit(Effect::ForgetPages);
    }
    Ok(member)
}

/// Of what is changed, whether there is anything: never what it says.
fn shown(contact: &Contact, fields: &[&'static str]) -> Value {
    let mut shown = json!({"display_name": "", "phone": contact.phone, "email": contact.email});
    if let Some(shown) = shown.as_object_mut() {
        shown.retain(|name, _| fields.contains(&name.as_str()));
    }
    audit::masked(shown, fields)
}

/// A number that is somebody else's is taken, and that is all that is said of it.
async fn require_free(tx: &Tx, vault: &Vault, phone: Option<&str>, own: MemberId) -> Result<(), Problem> {
    let Some(phone) = phone else { return Ok(()) };
    match store::find_by_phone(tx, vault, phone).await? {
        Some(holder) if holder != own => {
            let fault = Fault::at("/phone", FaultCode::Taken);
            Err(Problem { faults: vec![fault], ..Problem::new(Code::AlreadyExists) })
        }
        _ => Ok(()),
    }
}

/// Writes down, apart from the change that was refused, that its caller has been told that a number is taken: whoever asks
/// for one number after the other is seen.
pub async fn note_taken<T>(
    app: &App,
    actor: Actor,
    caller: &Person,
    outcome: Result<T, Problem>,
) -> Result<T, Problem> {
    let is_told = |problem: &Problem| problem.faults.iter().any(|fault| fault.code == FaultCode::Taken);
    if outcome.as_ref().err().is_some_and(is_told) {
        let subject = Subject { kind: "member", id: caller.member_id.0 };
        app.change_as(actor, async |tx| audit::accessed(tx, "learn_phone_taken", subject).await).await?;
    }
    outcome
}

/// How a member is reached, for themself and for whoever manages them; none for others. Each look by somebody else is
/// written into the audit log.
pub async fn read_contact(
    app: &App,
    actor: Actor,
    caller: &Person,
    member: MemberId,
) -> Result<Option<Contact>, Problem> {
    let db = app.db.reads();
    if member == caller.member_id {
        return store::contact_of(db, &app.vault, member).await.map(Some);
    }
    if !store::is_managed_by(db, caller, member, app.clock.today()).await? {
        return Ok(None);
    }
    app.change_as(actor, async |tx| show_contact(tx, &app.vault, caller, member).await).await
}

/// The same inside of a change.
pub async fn show_contact(
    tx: &Tx,
    vault: &Vault,
    caller: &Person,
    member: MemberId,
) -> Result<Option<Contact>, Problem> {
    if member != caller.member_id {
        if !store::is_managed_by(tx, caller, member, tx.today()).await? {
            return Ok(None);
        }
        audit::accessed(tx, "read_member_private", Subject { kind: "member", id: member.0 }).await?;
    }
    store::contact_of(tx, vault, member).await.map(Some)
}
