//! Agreeing and taking back.

use serde_json::json;

use super::{Decision, store, wire::ConsentsView};
use crate::{
    audit::{self, Subject},
    db::{ConnectionTrait, Tx},
    kit::{
        http::{IfMatch, Person},
        problems::Problem,
        values::{Language, MemberId},
    },
    personal_data,
};

/// What a member is asked for and has decided.
pub async fn view(db: &impl ConnectionTrait, member: MemberId, language: Language) -> Result<ConsentsView, Problem> {
    let states = store::states_of(db, member).await?;
    Ok(ConsentsView::new(&states, store::decisions_of(db, member).await?, language))
}

/// Keeps what a member decides. What was decided likewise before is no new decision. Taking a consent back also takes away
/// what was kept by it alone.
pub async fn decide(tx: &Tx, caller: &Person, seen: &IfMatch, decisions: Vec<Decision>) -> Result<(), Problem> {
    let member = caller.member_id;
    personal_data::hold(tx, member).await?;
    let before = store::states_of(tx, member).await?;
    let latest = before.iter().map(|state| state.decided_at.timestamp_micros()).max().unwrap_or(0);
    seen.check(latest)?;
    let client_id = store::client_of(tx, caller.session_id).await?.unwrap_or_default();
    for decision in decisions {
        let is_known = before.iter().any(|state| {
            (state.kind, state.version, state.is_agreed) == (decision.kind, decision.version, decision.is_agreed)
        });
        if is_known {
            continue;
        }
        keep(tx, member, &decision, &client_id).await?;
    }
    Ok(())
}

/// Takes back whatever this member agrees to, the terms too: it was somebody else who agreed. The app asks for all of it anew.
pub async fn withdraw_all(tx: &Tx, member: MemberId) -> Result<(), Problem> {
    personal_data::hold(tx, member).await?;
    for agreed in store::states_of(tx, member).await?.into_iter().filter(|state| state.is_agreed) {
        let withdrawn = Decision { is_agreed: false, decided_at: tx.now(), ..agreed };
        keep(tx, member, &withdrawn, "").await?;
    }
    Ok(())
}

async fn keep(tx: &Tx, member: MemberId, decision: &Decision, client_id: &str) -> Result<(), Problem> {
    store::insert(tx, member, decision, client_id).await?;
    if !decision.is_agreed {
        personal_data::clear_what_needs(tx, decision.kind, member).await?;
    }
    let after = json!({"kind": decision.kind, "version": decision.version, "agreed": decision.is_agreed});
    audit::record(tx, "decide_consent", Subject { kind: "member", id: member.0 }, None, Some(after)).await
}
