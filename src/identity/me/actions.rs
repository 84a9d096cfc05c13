//! What one does to one's own account.

use super::wire::MeView;
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Actor, Tx},
    identity::{
        data_requests::{self, Kind},
        role_grants,
    },
    kit::{
        http::{IfMatch, Person},
        problems::Problem,
    },
    organisation::members::{self, Member},
    personal_data::{self, Erased, Source},
};

/// The caller as they see themselves.
pub async fn view(app: &App, actor: Actor, caller: &Person, member: Member) -> Result<MeView, Problem> {
    let contact = members::read_contact(app, actor, caller, caller.member_id).await?;
    Ok(MeView::new(member, caller.role(), contact.unwrap_or_default()))
}

/// Everything that is held on the caller, as a ZIP file. That it was asked for is kept first.
pub async fn export(app: &App, actor: Actor, caller: &Person) -> Result<Vec<u8>, Problem> {
    let member = caller.member_id;
    app.change_as(actor, async |tx| {
        data_requests::fulfilled_at_once(tx, member, Kind::Access).await?;
        audit::record(tx, "export_personal_data", Subject { kind: "member", id: member.0 }, None, None).await
    })
    .await?;
    personal_data::export(app, member).await
}

/// Takes away who the caller is, at once and for good; unless they are the last admin.
pub async fn erase(app: &App, tx: &Tx, caller: &Person, seen: &IfMatch) -> Result<Erased, Problem> {
    role_grants::keep_an_admin(tx, |grant| grant.member_id == caller.member_id).await?;
    data_requests::fulfilled_at_once(tx, caller.member_id, Kind::Erasure).await?;
    personal_data::erase(app, tx, caller.member_id, Source::Member, tx.now(), seen).await
}
