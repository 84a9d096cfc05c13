//! `thidua restore`: a backup of the embedded database, put in its place. Whoever was erased since the backup is erased again
//! when a server starts next: the list of erasures is not part of the database, and what the one that is set aside knows of
//! them is added to it here.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use chrono::Utc;

use super::{
    Verdict,
    backup::{create_new, make_durable},
    say::{complain, say},
    setup::{Setup, hold_alone},
};
use crate::{
    app::erasures,
    db::{
        Db,
        backup::{check_copy, end_sessions, erased_members},
    },
    kit::values::MemberId,
};

const ON_POSTGRES: &str = "\
The database is PostgreSQL; its own tools put a backup back, while no server runs:

  docker compose stop app                               # or however it runs
  echo >> erasures.log                                  # the file that erasures.log names: what is added begins on a new line
  psql \"$DATABASE_URL\" --no-align --tuples-only --field-separator=' ' --command \\
    'SELECT member_id, erased_at FROM erasure WHERE erased_at IS NOT NULL' >> erasures.log
  psql \"$DATABASE_URL\" --command 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
  pg_restore --no-owner --exit-on-error --dbname=\"$DATABASE_URL\" thidua.dump
  psql \"$DATABASE_URL\" --command 'UPDATE session SET revoked_at = now() WHERE revoked_at IS NULL' \\
    --command 'DELETE FROM refresh_token' --command 'DELETE FROM authorization_code'
  thidua migrate up && thidua doctor && thidua recount

With docker-compose.yml, whose PostgreSQL is reached from inside alone, and whose list is in a volume:

  docker compose stop app
  docker compose exec -T postgres psql --username=thidua -At -F ' ' thidua --command \\
    'SELECT member_id, erased_at FROM erasure WHERE erased_at IS NOT NULL' \\
    | docker compose run --rm -T --no-deps --entrypoint sh app -c '(echo; cat) >> /data/erasures.log'
  docker compose exec -T postgres psql --username=thidua thidua --command 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
  docker compose exec -T postgres pg_restore --username=thidua --no-owner --exit-on-error --dbname=thidua < thidua.dump
  docker compose exec -T postgres psql --username=thidua thidua \\
    --command 'UPDATE session SET revoked_at = now() WHERE revoked_at IS NULL' \\
    --command 'DELETE FROM refresh_token' --command 'DELETE FROM authorization_code'
  docker compose run --rm -T --no-deps --entrypoint tar app --directory=/data --extract < media.tar    # if they are lost
  docker compose run --rm migrate
  docker compose run --rm --no-deps app doctor --data /data
  docker compose run --rm --no-deps app recount --data /data
  docker compose up --detach

Whoever was erased since the backup is erased again when a server starts, from the file that erasures.log names: keep that
file, and set it (THIDUA_ERASURES__LOG) for every server. What was given up since the backup is ended again by the last psql:
everybody signs in again. What else was taken back since the backup is back: look through role grants, staff accounts, apps,
consents and Zalo links. The Official Account's refresh token in the backup is spent: put a new one into zalo.oa_refresh_token.
Nothing was restored now.";

const AFTERWARDS: &str = "\
Run `thidua migrate up` and `thidua doctor`. Erasures since the backup are applied again when a server starts.
All sessions are ended: members and staff sign in again. What else was taken back since the backup is back: look through role
grants, staff accounts, apps, consents and Zalo links, and run `thidua key rotate --compromised` if a key that somebody else had
was in use. The Official Account's refresh token in the backup is spent: put a new one into zalo.oa_refresh_token.
Pictures are files of their own: if they are lost as well, put their copy back.";

/// Puts the backup in the database's place.
pub async fn run(setup: Setup, file: PathBuf, replaces: bool) -> anyhow::Result<Verdict> {
    let Some(database) = setup.config.embedded_file(&setup.data) else {
        say(ON_POSTGRES);
        return Ok(Verdict::Wrong);
    };
    check_copy(&file).await.with_context(|| file.display().to_string())?;
    fs::create_dir_all(&setup.data).with_context(|| setup.data.display().to_string())?;
    let _until_the_end = hold_alone(&database)?;
    let aside = beside(&database, ".before-restore");
    if database.exists() {
        ensure!(replaces, "there is a database in {} already; --replace sets it aside", database.display());
        ensure!(!aside.exists(), "{} is there from an earlier restore; remove it first", aside.display());
        keep_erasures(&database, Path::new(&setup.config.erasures.log)).await?;
    }
    let new = beside(&database, ".restoring");
    copy(&file, &new).with_context(|| new.display().to_string())?;
    end_sessions(&new, Utc::now()).await.context("the sessions in the backup cannot be ended")?;
    make_durable(&new).with_context(|| new.display().to_string())?;
    if database.exists() {
        for suffix in ["", "-wal", "-shm"] {
            move_away(&beside(&database, suffix), &beside(&aside, suffix))?;
        }
        say(format_args!("What was there is now {}; delete it once all is well", aside.display()));
    }
    fs::rename(&new, &database).with_context(|| database.display().to_string())?;
    make_durable(&database).with_context(|| database.display().to_string())?;
    say(format_args!("Restored {} from {}", database.display(), file.display()));
    say(AFTERWARDS);
    Ok(Verdict::Well)
}

/// Adds what this database knows of erasures to the list.
async fn keep_erasures(database: &Path, list: &Path) -> anyhow::Result<()> {
    let read = async {
        let db = Db::connect(&format!("sqlite://{}", database.display()), 1).await?;
        let erased = erased_members(&db).await;
        db.close().await?;
        erased
    };
    match read.await {
        Ok(erased) => {
            let listed: HashSet<MemberId> = erasures::read(list)?.into_iter().map(|(member, _)| member).collect();
            let missing: Vec<_> = erased
                .into_iter()
                .map(|(member, at)| (MemberId(member), at))
                .filter(|(member, _)| !listed.contains(member))
                .collect();
            erasures::append(list, &missing).with_context(|| list.display().to_string())
        }
        // It may be damaged, which is why it is replaced: the list is there without it.
        Err(error) => {
            complain(format_args!(
                "thidua: the database that is there cannot be read ({error}); its erasures are those in {}",
                list.display()
            ));
            Ok(())
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    io::copy(&mut fs::File::open(from)?, &mut create_new(to)?)?;
    make_durable(to)
}

fn move_away(from: &Path, to: &Path) -> anyhow::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).with_context(|| from.display().to_string()),
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
