//! The master key: configured, or kept in a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;

use super::{Config, ConfigError};
use crate::kit::secrets::{Vault, secret::random_bytes};

impl Config {
    /// What encrypts and signs. With the embedded database a missing key is made and kept beside it.
    pub fn vault(&self, data: &Path, may_make_key: bool) -> Result<Vault, ConfigError> {
        let configured = self.secrets.master_key.expose_secret();
        if !configured.is_empty() {
            return decode_key(configured).map(Vault::new);
        }
        let path = match self.secrets.master_key_file.as_str() {
            "" => data.join("master.key"),
            file => PathBuf::from(file),
        };
        match fs::read_to_string(&path) {
            Ok(text) => decode_key(&text).map(Vault::new),
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_make_key => {
                let key: [u8; 32] = random_bytes();
                match write_key(&path, &key) {
                    // Another process has made one meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.vault(data, false),
                    Err(fault) => Err(ConfigError::KeyFile { path, fault }),
                    Ok(()) => Ok(Vault::new(key)),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ConfigError::NoMasterKey),
            Err(fault) => Err(ConfigError::KeyFile { path, fault }),
        }
    }
}

fn decode_key(text: &str) -> Result<[u8; 32], ConfigError> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_not_base64| ConfigError::BadMasterKey)?;
    bytes.try_into().map_err(|_wrong_length| ConfigError::BadMasterKey)
}

/// Readable by its owner alone, and on disk when this returns. Where there is no room there is no file: half a key would
/// keep the server from starting ever after. Never in the place of another key.
fn write_key(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(STANDARD.encode(key).as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_whole_for_its_owner_alone_and_never_over_another() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("master.key");

        write_key(&path, &[7; 32]).unwrap();

        assert_eq!(decode_key(&fs::read_to_string(&path).unwrap()).unwrap(), [7; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_key(&path, &[8; 32]).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(decode_key(&fs::read_to_string(&path).unwrap()).unwrap(), [7; 32]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }
}
