//! Erasing a member, and erasing again what a restored backup has brought back.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    Consent, inventory,
    listing::{self, Listing},
    store,
    tag::Column,
};
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Actor, Effect, Tx},
    kit::{
        http::IfMatch,
        problems::Problem,
        values::{MemberId, clock::later},
    },
    outside::files,
};

pub use crate::entity::erasure::Source;

/// By when an erasure is to be done, from the request on: Zalo's data agreement asks for 72 hours, the law gives longer.
const DUE_AFTER: TimeDelta = TimeDelta::hours(72);

/// What is left to do once an erasure is committed. Dropped before that, the member is taken off the list of erasures.
#[derive(Debug)]
#[must_use = "files are still to go: `finish_erasure`"]
pub struct Erased {
    avatar: Option<String>,
    listing: Listing,
}

/// Takes away who a member was, all of it and at once: what the inventory says. What they did stays and counts. Who is
/// erased already is not found. The last of a change: hand what becomes of it to `settle_erasure`, and after its commit call
/// `finish_erasure`.
pub async fn erase(
    app: &App,
    tx: &Tx,
    member: MemberId,
    source: Source,
    requested_at: DateTime<Utc>,
    seen: &IfMatch,
) -> Result<Erased, Problem> {
    let version = hold(tx, member).await?;
    seen.check(version)?;
    let avatar = erase_locked(app, tx, member, source, requested_at).await?;
    let listing = Listing::write(app, tx, member).await?;
    Ok(Erased { avatar, listing })
}

/// What became of a change that was to erase this member. When it failed, they are taken off the list of erasures again,
/// unless they are erased all the same: an answer to a commit can be lost.
pub async fn settle_erasure<T>(app: &App, member: MemberId, outcome: Result<T, Problem>) -> Result<T, Problem> {
    if outcome.as_ref().is_err_and(|problem| problem.code.status() >= 500) {
        listing::take_back(app, member).await;
    }
    outcome
}

/// Gives the hash of the picture that they had.
async fn erase_locked(
    app: &App,
    tx: &Tx,
    member: MemberId,
    source: Source,
    requested_at: DateTime<Utc>,
) -> Result<Option<String>, Problem> {
    let avatar = store::avatar_of(tx, member).await?;
    take_away(app, tx, member).await?;
    store::insert_erasure(tx, member, source, requested_at, later(requested_at, DUE_AFTER)).await?;
    let after = json!({"source": source.to_string()});
    audit::record(tx, "erase_member", Subject { kind: "member", id: member.0 }, None, Some(after)).await?;
    Ok(avatar)
}

async fn take_away(app: &App, tx: &Tx, member: MemberId) -> Result<(), Problem> {
    for table in inventory::PERSONAL {
        store::erase_rows(tx, table, member).await?;
    }
    store::empty_kept_answers(tx, member).await?;
    app.belongings.end_of_member(tx, member).await?;
    tx.after_commit(Effect::ForgetCallers);
    tx.after_commit(Effect::ForgetPages);
    Ok(())
}

/// Ends a guest who has become somebody else: who they were goes as in an erasure, but nobody has asked for one. The file of
/// a picture that they put up is nobody's from then on, and swept.
pub async fn retire(app: &App, tx: &Tx, guest: MemberId) -> Result<(), Problem> {
    hold(tx, guest).await?;
    take_away(app, tx, guest).await
}

/// The version of a member's row, held against other changes, an erasure among them, until this one is done. Whoever writes
/// down something personal holds its member first. Not found when there is no such member or they are erased.
pub async fn hold(tx: &Tx, member: MemberId) -> Result<i64, Problem> {
    store::lock_member(tx, member).await?.ok_or_else(Problem::not_found)
}

/// The same; false when there is no such member or they are erased.
pub async fn try_hold(tx: &Tx, member: MemberId) -> Result<bool, Problem> {
    Ok(store::lock_member(tx, member).await?.is_some())
}

/// Lets nobody change or erase a member until this change is done; others may do the same meanwhile. Not found when there is
/// no such member or they are erased.
pub async fn hold_shared(tx: &Tx, member: MemberId) -> Result<(), Problem> {
    if try_hold_shared(tx, member).await? { Ok(()) } else { Err(Problem::not_found()) }
}

/// The same; false when there is no such member or they are erased. Then too nothing about them changes until this is done.
pub async fn try_hold_shared(tx: &Tx, member: MemberId) -> Result<bool, Problem> {
    Ok(store::lock_member_shared(tx, member).await?)
}

/// Removes the files of whoever was erased, and what is left of them in the write-ahead log. What goes wrong here is logged
/// and done again by the housekeeping.
pub async fn finish_erasure(app: &App, erased: Erased) {
    erased.listing.stays();
    clear_up(app, erased.avatar).await;
}

async fn clear_up(app: &App, avatar: Option<String>) {
    if let Some(hash) = avatar {
        remove_avatar(app, &hash).await;
    }
    if let Err(error) = app.db.forget_freed_pages().await {
        tracing::warn!(%error, "the write-ahead log could not be emptied yet");
    }
}

/// Removes the files of an avatar, unless somebody has the same picture. Whoever puts it up at this moment waits, and then
/// writes them anew. What goes wrong is logged: the sweep comes by.
pub async fn remove_avatar(app: &App, hash: &str) {
    let removed = app
        .change_as(Actor::system(), async |tx| {
            store::hold_avatar(tx, hash).await?;
            if store::is_avatar_used(tx, hash).await? {
                return Ok(());
            }
            for key in files::avatar_keys(hash) {
                app.files.remove(&key).await.map_err(Problem::of_file)?;
            }
            Ok(())
        })
        .await;
    if let Err(error) = removed {
        let cause = error.cause.as_ref();
        tracing::warn!(%error, ?cause, "an avatar's files could not be removed yet");
    }
}

/// Lets nobody remove the files of an avatar until this change is done.
pub async fn hold_avatar(tx: &Tx, hash: &str) -> Result<(), Problem> {
    Ok(store::hold_avatar(tx, hash).await?)
}

/// All of it, for a request that no handler answers, unless `permit` refuses it in the same change. False when there is no such
/// member, or they are erased already.
pub async fn erase_now(
    app: &App,
    member: MemberId,
    source: Source,
    requested_at: DateTime<Utc>,
    permit: impl AsyncFnOnce(&Tx) -> Result<(), Problem>,
) -> Result<bool, Problem> {
    let erased = app
        .change_as(Actor::system(), async |tx| {
            permit(tx).await?;
            erase(app, tx, member, source, requested_at, &IfMatch::none()).await
        })
        .await;
    match settle_erasure(app, member, erased).await {
        Ok(erased) => {
            finish_erasure(app, erased).await;
            Ok(true)
        }
        Err(problem) if problem.code.status() == 404 => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Takes away what is kept only with a consent that the member has withdrawn, also from answers that are kept for repeated
/// requests, the member's own and those of staff.
pub async fn clear_what_needs(tx: &Tx, consent: Consent, member: MemberId) -> Result<(), Problem> {
    for table in inventory::PERSONAL {
        let needs = |column: &Column| column.needs == Some(consent);
        if table.columns.iter().any(needs) {
            store::clear_columns(tx, table, member, needs).await?;
            store::empty_kept_answers_about(tx, table, member).await?;
        }
    }
    Ok(())
}

/// Erases again whoever was erased according to the list beside the database and is there all the same: a backup from before
/// was restored. Gives how many were. To be called before serving.
pub async fn apply_erasures_again(app: &App) -> Result<usize, Problem> {
    let leftovers = Mutex::new(Vec::new());
    app.erase_again(async |tx, member| {
        if store::lock_member(tx, member).await?.is_some() {
            let avatar = erase_locked(app, tx, member, Source::Restore, tx.now()).await?;
            leftovers.lock().unwrap_or_else(PoisonError::into_inner).push(avatar);
        }
        Ok(())
    })
    .await?;
    let leftovers = leftovers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let count = leftovers.len();
    for avatar in leftovers {
        clear_up(app, avatar).await;
    }
    if count > 0 {
        tracing::warn!(members = count, "erased again after a restore");
    }
    Ok(count)
}
