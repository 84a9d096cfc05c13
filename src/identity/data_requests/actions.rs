//! Asking, replying, resolving.

use serde_json::json;

use super::{
    DataRequest, Kind, Origin, Status, store,
    wire::{NewDataRequest, Resolution},
};
use crate::{
    app::App,
    audit::{self, Subject},
    db::Tx,
    identity::role_grants,
    kit::{
        http::{IfMatch, Person},
        problems::{FaultCode, Problem, problem::bad_field},
        values::{DataRequestId, MemberId},
    },
    personal_data::{self, Erased, Source},
};

/// Somebody asks in the app.
pub async fn ask(tx: &Tx, caller: &Person, kind: Kind, detail: Option<String>) -> Result<DataRequest, Problem> {
    personal_data::hold(tx, caller.member_id).await?;
    let request = DataRequest::new(caller.member_id, kind, Origin::App, detail, tx.now());
    add(tx, &request).await?;
    Ok(request)
}

/// An admin writes down what came another way. Of whoever is erased nothing is left that they could ask about.
pub async fn write_down(tx: &Tx, new: NewDataRequest) -> Result<DataRequest, Problem> {
    let moment = new.moment(tx.now())?;
    if !personal_data::try_hold_shared(tx, new.member_id).await? {
        return Err(bad_field("/member_id", FaultCode::NoSuchThing));
    }
    let request = DataRequest::new(new.member_id, new.kind, Origin::Staff, new.detail, moment);
    add(tx, &request).await?;
    Ok(request)
}

/// Keeps that something was asked for in the app and done at once.
pub async fn fulfilled_at_once(tx: &Tx, member: MemberId, kind: Kind) -> Result<(), Problem> {
    personal_data::hold(tx, member).await?;
    let mut request = DataRequest::new(member, kind, Origin::App, None, tx.now());
    request.resolve(true, None, member, tx.now())?;
    add(tx, &request).await
}

/// An admin has replied to whoever asked.
pub async fn acknowledge(tx: &Tx, id: DataRequestId, seen: &IfMatch) -> Result<DataRequest, Problem> {
    let mut request = load(tx, id, seen).await?;
    request.acknowledge(tx.now())?;
    store::save(tx, &mut request).await?;
    record(tx, "acknowledge_data_request", &request).await?;
    Ok(request)
}

/// An admin says what came of it. An erasure that is done is done by this, unless it is the last admin's; `begun` then says
/// whose, from before it begins.
pub async fn resolve(
    app: &App,
    tx: &Tx,
    caller: &Person,
    id: DataRequestId,
    resolution: Resolution,
    begun: &mut Option<MemberId>,
) -> Result<(DataRequest, Option<Erased>), Problem> {
    let (is_done, words) = resolution.parse()?;
    // Their row before the request's, as everywhere: whoever is erased at this moment is waited for.
    let (whose, kind) = store::whose(tx, id).await?.ok_or_else(Problem::not_found)?;
    if is_done && kind == Kind::Erasure {
        role_grants::keep_an_admin(tx, |grant| grant.member_id == whose).await?;
    }
    let is_there = personal_data::try_hold(tx, whose).await?;
    let mut request = load(tx, id, &IfMatch::none()).await?;
    // Nothing is written anew about whoever is erased.
    let words = words.filter(|_| is_there);
    request.resolve(is_done, words, caller.member_id, tx.now())?;
    store::save(tx, &mut request).await?;
    record(tx, "resolve_data_request", &request).await?;
    if request.kind != Kind::Erasure || request.status != Status::Done {
        return Ok((request, None));
    }
    if !is_there {
        return Ok((request, None));
    }
    let (member, since, none) = (request.member_id, request.requested_at, IfMatch::none());
    *begun = Some(member);
    let erased = personal_data::erase(app, tx, member, Source::Staff, since, &none).await?;
    // What they wrote has gone with them.
    (request.detail, request.resolution) = (None, None);
    Ok((request, Some(erased)))
}

/// What is written down of reading these.
pub fn subjects(requests: &[DataRequest]) -> Vec<Subject> {
    requests.iter().map(subject).collect()
}

const fn subject(request: &DataRequest) -> Subject {
    Subject { kind: "data_request", id: request.id.0 }
}

async fn load(tx: &Tx, id: DataRequestId, seen: &IfMatch) -> Result<DataRequest, Problem> {
    let request = store::find_for_change(tx, id).await?.ok_or_else(Problem::not_found)?;
    seen.check(request.version)?;
    Ok(request)
}

async fn add(tx: &Tx, request: &DataRequest) -> Result<(), Problem> {
    store::insert(tx, request).await?;
    record(tx, "create_data_request", request).await
}

async fn record(tx: &Tx, action: &'static str, request: &DataRequest) -> Result<(), Problem> {
    let after = json!({"kind": request.kind, "member_id": request.member_id, "status": request.status});
    audit::record(tx, action, subject(request), None, Some(after)).await
}
