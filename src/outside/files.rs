//! Files that people have sent, on this machine's disk. A key is a path of ours, never a name that somebody gave.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::task::spawn_blocking;

/// The sizes of an avatar, in pixels a side.
pub const AVATAR_SIZES: [u32; 2] = [96, 384];

/// Where files are that are being received or worked on: on the same disk as what is kept, never in memory, as `/tmp` may be.
const TEMPORARY: &str = "tmp";
/// A temporary file with a name is left over from a crash once it is older: it loses its name as soon as it is made.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// Where files are kept.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

/// The keys of an avatar's files, in the order of their sizes.
pub fn avatar_keys(content_hash: &str) -> [String; 2] {
    AVATAR_SIZES.map(|size| avatar_key(content_hash, size))
}

/// The key of an avatar in one size.
pub fn avatar_key(content_hash: &str, size: u32) -> String {
    format!("avatars/{content_hash}-{size}.jpg")
}

impl Files {
    /// Below this folder, which is made when the first file comes.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Keeps a file. Nobody ever sees a half of it, and it is on disk when this returns.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.path(key)?;
        blocking(move || write(&path, &bytes)).await
    }

    /// An empty file without a name, which goes with its last handle, however the process ends.
    pub async fn temporary(&self) -> io::Result<fs::File> {
        let folder = self.root.join(TEMPORARY);
        blocking(move || {
            fs::create_dir_all(&folder)?;
            tempfile::tempfile_in(&folder)
        })
        .await
    }

    /// Removes what a crash has left of temporary files. File systems that can make a file without a name leave nothing.
    pub async fn clean_temporary(&self) -> io::Result<()> {
        let folder = self.root.join(TEMPORARY);
        blocking(move || list(&folder, LEFT_OVER)?.into_iter().try_for_each(|name| remove(&folder.join(name)))).await
    }

    /// Is there such a file?
    pub async fn has(&self, key: &str) -> io::Result<bool> {
        let path = self.path(key)?;
        blocking(move || path.try_exists()).await
    }

    /// The file; none when there is none.
    pub async fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let path = self.path(key)?;
        blocking(move || match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Removes a file; that there is none is well too.
    pub async fn remove(&self, key: &str) -> io::Result<()> {
        let path = self.path(key)?;
        blocking(move || remove(&path)).await
    }

    /// The names of the files in a folder that were written longer ago than `age`.
    pub async fn names_older_than(&self, folder: &str, age: Duration) -> io::Result<Vec<String>> {
        let path = self.path(folder)?;
        blocking(move || list(&path, age)).await
    }

    /// Keys are made of letters, digits, dashes, dots and slashes, and never lead out of the root.
    fn path(&self, key: &str) -> io::Result<PathBuf> {
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if key.split('/').all(is_plain) {
            Ok(self.root.join(key))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "not a key of ours"))
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.part", uuid::Uuid::now_v7().simple()));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let kept = written.and_then(|()| fs::rename(&beside, path));
    if kept.is_err() {
        let _gone_already = fs::remove_file(&beside);
    }
    kept
}

fn list(folder: &Path, age: Duration) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let metadata = match entry.metadata() {
            // Somebody has removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        let written = metadata.modified()?;
        let is_old = SystemTime::now().duration_since(written).is_ok_and(|since| since >= age);
        if let (true, Ok(name)) = (is_old, entry.file_name().into_string()) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_file_is_kept_under_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));

        files.put("avatars/ab-96.jpg", b"one".to_vec()).await.unwrap();

        assert_eq!(files.get("avatars/ab-96.jpg").await.unwrap().as_deref(), Some(b"one".as_slice()));
        assert_eq!(files.names_older_than("avatars", Duration::ZERO).await.unwrap(), ["ab-96.jpg"]);
        files.remove("avatars/ab-96.jpg").await.unwrap();
        files.remove("avatars/ab-96.jpg").await.unwrap();
        assert_eq!(files.get("avatars/ab-96.jpg").await.unwrap(), None);
        for wrong in ["../master.key", "avatars/../../x", "/etc/passwd", "avatars//x", "", "avatars/.x"] {
            assert!(files.get(wrong).await.is_err(), "{wrong}");
        }
    }
}
