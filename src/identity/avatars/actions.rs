//! Putting up a picture of oneself, and taking it down.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read as _,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use serde_json::json;

use super::{picture, store};
use crate::{
    app::App,
    audit::{self, Subject},
    db::Tx,
    kit::{
        http::{IfMatch, SentFile},
        problems::{Code, Problem},
        secrets::secret::{sha256, to_hex},
        values::MemberId,
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
/// How a file ends that is not written to its end.
const UNFINISHED: &str = ".part";
/// How many hashes the database is asked about in one statement.
const ASKED_AT_ONCE: usize = 500;

/// A picture on disk that is nobody's yet.
pub struct Kept {
    /// By which it is found.
    pub hash: String,
    files: Vec<(String, Vec<u8>)>,
}

/// Makes a picture small and keeps it. No transaction is open meanwhile, and few pictures are worked on at once:
/// `unavailable` when too many wait already, `storage_full` when there is no room for it.
pub async fn keep(app: &App, sent: SentFile) -> Result<Kept, Problem> {
    let made = app.imaging.run(move || squares(sent.content)).await??;
    let hash = to_hex(&sha256(&made.concat()));
    let files = avatar_keys(&hash).into_iter().zip(made).collect();
    let kept = Kept { hash, files };
    for (key, bytes) in &kept.files {
        if let Err(error) = app.files.put(key, bytes.clone()).await {
            personal_data::remove_avatar(app, &kept.hash).await;
            return Err(Problem::of_file(error));
        }
    }
    Ok(kept)
}

/// A decoder that panics has met a broken picture.
fn squares(mut file: File) -> Result<Vec<Vec<u8>>, Problem> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(Problem::of_file)?;
    catch_unwind(AssertUnwindSafe(|| picture::squares(&bytes, &AVATAR_SIZES)))
        .unwrap_or_else(|_panic| Err(Problem::new(Code::UnreadablePicture)))
}

/// Makes it this member's. Gives them as they are now, and the hash of the avatar before. Its files are there when this is
/// committed: whoever removes those of the same picture at this moment is waited for.
pub async fn put_up(
    app: &App,
    tx: &Tx,
    member: MemberId,
    kept: &Kept,
    seen: &IfMatch,
) -> Result<(Member, Option<String>), Problem> {
    seen.check(personal_data::hold(tx, member).await?)?;
    personal_data::hold_avatar(tx, &kept.hash).await?;
    for (key, bytes) in &kept.files {
        if !app.files.has(key).await.map_err(Problem::of_file)? {
            app.files.put(key, bytes.clone()).await.map_err(Problem::of_file)?;
        }
    }
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

/// An avatar in one size; none when there is no such one.
pub async fn read(app: &App, hash: &str, size: u32) -> Result<Option<Vec<u8>>, Problem> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash || !AVATAR_SIZES.contains(&size) {
        return Ok(None);
    }
    app.files.get(&avatar_key(hash, size)).await.map_err(Problem::internal)
}

/// Removes the files that are nobody's avatar, and those that were never finished.
pub async fn sweep(app: &App) -> Result<(), Problem> {
    let names = app.files.names_older_than(FOLDER, UNUSED_FOR).await.map_err(Problem::of_file)?;
    for name in names.iter().filter(|name| name.ends_with(UNFINISHED)) {
        app.files.remove(&format!("{FOLDER}/{name}")).await.map_err(Problem::of_file)?;
    }
    let hashes: BTreeSet<String> = names.iter().map(|name| hash_in(name)).collect();
    let hashes: Vec<String> = hashes.into_iter().collect();
    for some in hashes.chunks(ASKED_AT_ONCE) {
        let used = store::used(app.db.reads(), some).await?;
        for hash in some.iter().filter(|hash| !used.contains(*hash)) {
            personal_data::remove_avatar(app, hash).await;
        }
    }
    Ok(())
}

/// The hash that the name of a file begins with.
fn hash_in(name: &str) -> String {
    name.split(['-', '.']).next().unwrap_or_default().to_owned()
}
