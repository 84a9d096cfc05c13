//! Personal data and secrets at rest: encrypted with XChaCha20-Poly1305, looked up by a keyed hash. One master key,
//! from which each use derives its own, so that the key of one is of no use for another.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::secret::{random_bytes, to_hex};

const NONCE_BYTES: usize = 24;

/// Encrypts, decrypts and hashes with keys derived from the master key.
#[derive(Clone)]
pub struct Vault {
    master: [u8; 32],
    cipher: XChaCha20Poly1305,
}

/// A ciphertext that was not made with this master key and this purpose, or was changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored secret cannot be read with this master key")]
pub struct Unreadable;

impl Vault {
    /// A vault over a master key of 32 bytes.
    pub fn new(master: [u8; 32]) -> Self {
        let key = derive(&master, "encryption");
        Self { master, cipher: XChaCha20Poly1305::new(&key.into()) }
    }

    /// Encrypts `plain`; `purpose` (a column's name) is bound in and must be the same when it is read.
    pub fn seal(&self, purpose: &str, plain: &str) -> String {
        BASE64.encode(self.seal_bytes(purpose, plain.as_bytes()))
    }

    /// Encrypts bytes; else as `seal`.
    pub fn seal_bytes(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random_bytes();
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        // Encryption fails for more than 256 GiB only.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        [nonce.as_slice(), sealed.as_slice()].concat()
    }

    /// The bytes that were sealed for that purpose.
    pub fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(Unreadable)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_wrong_length| Unreadable)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_forged| Unreadable)
    }

    /// What was sealed for that purpose.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String, Unreadable> {
        let bytes = BASE64.decode(sealed).map_err(|_not_base64| Unreadable)?;
        let plain = self.open_bytes(purpose, &bytes)?;
        String::from_utf8(plain).map_err(|_not_text| Unreadable)
    }

    /// A keyed hash by which a value can be found again without being readable.
    pub fn look_up(&self, purpose: &str, plain: &str) -> String {
        to_hex(&mac(&derive(&self.master, purpose), plain.as_bytes()))
    }

    /// A key for signing cursors.
    pub fn cursor_key(&self) -> [u8; 32] {
        derive(&self.master, "cursors")
    }
}

fn derive(master: &[u8; 32], purpose: &str) -> [u8; 32] {
    mac(master, format!("thidua/{purpose}").as_bytes())
}

/// HMAC-SHA256 (RFC 2104).
pub fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail.
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    hmac.update(message);
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_and_purpose_alone() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal("member_private.phone", "84901234567");

        assert_eq!(vault.open("member_private.phone", &sealed).unwrap(), "84901234567");
        assert_eq!(vault.open("member_private.email", &sealed), Err(Unreadable));
        assert_eq!(Vault::new([8; 32]).open("member_private.phone", &sealed), Err(Unreadable));
        assert_ne!(sealed, vault.seal("member_private.phone", "84901234567"));
    }

    #[test]
    fn look_up_is_stable_and_differs_by_purpose() {
        let vault = Vault::new([7; 32]);

        assert_eq!(vault.look_up("phone", "84901"), vault.look_up("phone", "84901"));
        assert_ne!(vault.look_up("phone", "84901"), vault.look_up("zalo", "84901"));
    }
}
