//! Device cookies (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): a browser on which somebody has signed
//! in carries a token for that username. Guesses from there are counted apart, so that strangers who guess at a username
//! use up the strangers' guesses and its owner still gets in.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::kit::{
    secret::{equal_in_constant_time, random_bytes},
    vault::Vault,
};

const PURPOSE: &str = "known_device";
const NONCE_BYTES: usize = 16;

/// A device that this username was signed in on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    nonce: String,
}

impl KnownDevice {
    /// A device that is signed in on now.
    pub fn new() -> Self {
        Self { nonce: URL_SAFE_NO_PAD.encode(random_bytes::<NONCE_BYTES>()) }
    }

    /// The device of a token, if the token is ours and of this username.
    pub fn read(vault: &Vault, username: &str, token: &str) -> Option<Self> {
        let (nonce, _) = token.split_once('.')?;
        let device = Self { nonce: nonce.to_owned() };
        equal_in_constant_time(&device.token(vault, username), token).then_some(device)
    }

    /// What the device is to carry.
    pub fn token(&self, vault: &Vault, username: &str) -> String {
        let signed = vault.look_up(PURPOSE, &format!("{}\n{}", self.nonce, username.to_lowercase()));
        format!("{}.{signed}", self.nonce)
    }
}

impl Default for KnownDevice {
    fn default() -> Self {
        Self::new()
    }
}

/// What a guess at the password of this username counts against.
pub fn guess_key(username: &str, device: Option<&KnownDevice>) -> String {
    match device {
        Some(device) => format!("device:{}", device.nonce),
        None => format!("username:{}", username.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_to_the_username_that_signed_in_on_it_alone() {
        let vault = Vault::new([7; 32]);
        let device = KnownDevice::new();
        let token = device.token(&vault, "An");

        assert_eq!(KnownDevice::read(&vault, "an", &token), Some(device));
        assert_eq!(KnownDevice::read(&vault, "binh", &token), None);
        assert_eq!(KnownDevice::read(&Vault::new([8; 32]), "an", &token), None);
        assert_eq!(KnownDevice::read(&vault, "an", "made.up"), None);
    }
}
