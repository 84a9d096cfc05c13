//! The master key: configured, or kept in a file.

use std::{fs, io, path::Path, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;

use super::{Config, ConfigError};
use crate::kit::{secret::random_bytes, vault::Vault};

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
                write_key(&path, &key).map_err(|fault| ConfigError::KeyFile { path, fault })?;
                Ok(Vault::new(key))
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

/// Readable by its owner alone.
fn write_key(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    use std::io::Write as _;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(STANDARD.encode(key).as_bytes())?;
    file.sync_all()
}
