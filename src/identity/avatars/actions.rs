//! Putting up a picture of oneself, and taking it down.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use tokio::task::spawn_blocking;

use super::{picture, store};
use crate::{
    app::App,
    audit::{self, Subject},
    db::Tx,
    kit::{
        etag::IfMatch,
        ids::MemberId,
        problem::Problem,
        secret::{sha256, to_hex},
    },
    organisation::members::{self, Member},
    outside::files::{AVATAR_SIZES, avatar_key, avatar_keys},
    personal_data,
};

/// The size that a profile links to.
const SHOWN_SIZE: u32 = 384;
/// A file that nobody has is swept once it is older: a change under way may be about to name it.
const UNUSED_FOR: Duration = Duration::from_secs(3600);
const FOLDER: &str = "avatars";
/// How many hashes the database is asked about in one statement.
const ASKED_AT_ONCE: usize = 500;

/// A picture on disk that is nobody's yet.
pub struct Kept {
    /// By which it is found.
    pub hash: String,
}

/// Makes a picture small and keeps it. No transaction is open meanwhile, and few pictures are worked on at once:
/// `unavailable` when too many wait already.
pub async fn keep(app: &App, bytes: Vec<u8>) -> Result<Kept, Problem> {
    let _turn = app.imaging.take().await?;
    let made = spawn_blocking(move || picture::squares(&bytes, &AVATAR_SIZES)).await.map_err(Problem::internal)??;
    let hash = to_hex(&sha256(&made.concat()));
    for (key, bytes) in avatar_keys(&hash).into_iter().zip(made) {
        app.files.put(&key, bytes).await.map_err(Problem::internal)?;
    }
    Ok(Kept { hash })
}

/// Makes it this member's. Gives them as they are now, and the hash of the avatar before.
pub async fn put_up(
    tx: &Tx,
    member: MemberId,
    kept: &Kept,
    seen: &IfMatch,
) -> Result<(Member, Option<String>), Problem> {
    seen.check(personal_data::hold(tx, member).await?)?;
    let before = store::hash_of(tx, member).await?;
    store::set(tx, member, &kept.hash).await?;
    let url = format!("/v1/avatars/{}/{SHOWN_SIZE}", kept.hash);
    members::set_avatar_url(tx, member, Some(url)).await?;
    record(tx, "set_avatar", member).await?;
    Ok((reload(tx, member).await?, before.filter(|before| *before != kept.hash)))
}

/// Takes it down. Gives the hash that it had. Where there is none, nothing changes.
pub async fn take_down(tx: &Tx, member: MemberId, seen: &IfMatch) -> Result<Option<String>, Problem> {
    seen.check(personal_data::hold(tx, member).await?)?;
    let before = store::hash_of(tx, member).await?;
    if before.is_none() && reload(tx, member).await?.avatar_url.is_none() {
        return Ok(None);
    }
    store::delete(tx, member).await?;
    members::set_avatar_url(tx, member, None).await?;
    record(tx, "delete_avatar", member).await?;
    Ok(before)
}

async fn reload(tx: &Tx, member: MemberId) -> Result<Member, Problem> {
    members::find(tx, member, tx.today()).await?.ok_or_else(Problem::not_found)
}

async fn record(tx: &Tx, action: &'static str, member: MemberId) -> Result<(), Problem> {
    let after = json!({"changed": ["avatar"]});
    audit::record(tx, action, Subject { kind: "member", id: member.0 }, None, Some(after)).await
}

/// Removes an avatar's files, unless somebody has the same one. What goes wrong is logged: the sweep comes by.
pub async fn remove_files(app: &App, hash: String) {
    let used = store::used(app.db.reads(), std::slice::from_ref(&hash)).await;
    if used.is_ok_and(|used| used.is_empty()) {
        for key in avatar_keys(&hash) {
            if let Err(error) = app.files.remove(&key).await {
                tracing::warn!(%error, "an avatar's file could not be removed yet");
            }
        }
    }
}

/// An avatar in one size; none when there is no such one.
pub async fn read(app: &App, hash: &str, size: u32) -> Result<Option<Vec<u8>>, Problem> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash || !AVATAR_SIZES.contains(&size) {
        return Ok(None);
    }
    app.files.get(&avatar_key(hash, size)).await.map_err(Problem::internal)
}

/// Removes the files that are nobody's avatar.
pub async fn sweep(app: &App) -> Result<(), Problem> {
    let names = app.files.names_older_than(FOLDER, UNUSED_FOR).await.map_err(Problem::internal)?;
    let by_hash: Vec<(String, Vec<String>)> = by_hash(names).into_iter().collect();
    for some in by_hash.chunks(ASKED_AT_ONCE) {
        let hashes: Vec<String> = some.iter().map(|(hash, _)| hash.clone()).collect();
        let used = store::used(app.db.reads(), &hashes).await?;
        for name in some.iter().filter(|(hash, _)| !used.contains(hash)).flat_map(|(_, names)| names) {
            app.files.remove(&format!("{FOLDER}/{name}")).await.map_err(Problem::internal)?;
        }
    }
    Ok(())
}

/// The names of files by the hash that each begins with.
fn by_hash(names: Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut by_hash: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names {
        let hash = name.split(['-', '.']).next().unwrap_or_default().to_owned();
        by_hash.entry(hash).or_default().push(name);
    }
    by_hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_one_picture_are_asked_about_together() {
        let names = ["b-96.jpg", "a-384.jpg", "b-384.jpg", "a-96.0190.part"].map(str::to_owned);

        let by_hash: Vec<_> = by_hash(names.to_vec()).into_iter().collect();

        let [_, a384, b384, a96] = names.clone();
        assert_eq!(by_hash, [("a".to_owned(), vec![a384, a96]), ("b".to_owned(), vec![names[0].clone(), b384])]);
    }
}
