//! `thidua backup`: a copy of the embedded database, taken while it is in use.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, ensure};

use super::{Verdict, say::say, setup::Setup};
use crate::db::backup::check_copy;

const ON_POSTGRES: &str = "\
The database is PostgreSQL; its own tools make the backup, while it is in use:

  pg_dump --format=custom --file=thidua.dump \"$DATABASE_URL\"
  pg_restore --list thidua.dump > /dev/null            # it can be read

With docker-compose.yml:

  docker compose exec -T postgres pg_dump --username=thidua --format=custom thidua > thidua.dump

Pictures are files, in the folder that media.directory names: copy it as well, before the database. With docker-compose.yml:

  docker compose exec -T app tar --directory=/data --create media > media.tar

Keep it apart from the master key: one is of no use without the other. Nothing was backed up now.";

/// Copies the database, checks the copy, and leaves nothing behind when it is no good.
pub async fn run(setup: Setup, file: PathBuf) -> anyhow::Result<Verdict> {
    let Some(database) = setup.config.embedded_file(&setup.data) else {
        say(ON_POSTGRES);
        return Ok(Verdict::Wrong);
    };
    ensure!(database.exists(), "there is no database in {} yet", setup.data.display());
    // Empty, which SQLite takes for a file that is not there; readable by its owner alone from the start.
    create_new(&file).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{}: a backup never overwrites a file", file.display()),
        _ => anyhow::Error::new(error).context(file.display().to_string()),
    })?;
    if let Err(error) = copy(&setup, &file).await {
        let _gone_already = fs::remove_file(&file);
        return Err(error);
    }
    let size = fs::metadata(&file).map_or(0, |about| about.len());
    say(format_args!("Backed up {} to {} ({size} bytes, checked)", database.display(), file.display()));
    say(format_args!("Pictures are not in it: copy {} as well", setup.config.media.directory));
    say("Keep it apart from the master key: one is of no use without the other.");
    Ok(Verdict::Well)
}

async fn copy(setup: &Setup, file: &Path) -> anyhow::Result<()> {
    let db = setup.open().await?;
    db.copy_to(file).await.context("the database cannot be copied")?;
    db.close().await.context("the database did not close")?;
    check_copy(file).await?;
    make_durable(file).with_context(|| file.display().to_string())
}

/// An empty file that only its owner reads; fails when there is one.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// On disk, with its name.
pub fn make_durable(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
