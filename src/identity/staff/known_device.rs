//! Device cookies (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): a browser on which somebody has signed
//! in carries a token for that username. Guesses from there are counted apart, so that strangers who guess at a username
//! use up the strangers' guesses and its owner still gets in.
//!
//! The second step asks for more: there a device is known only when a code of the very second factor that counts now was
//! given on it. Whoever has found out the password alone never has such a device.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::StaffAccount;
use crate::kit::secrets::{
    Vault,
    secret::{equal_in_constant_time, random_bytes},
};

const PURPOSE: &str = "known_device";
const SECOND_FACTOR: &str = "known_device.second_factor";
const NONCE_BYTES: usize = 16;

/// A device that this username was signed in on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    nonce: String,
    /// That a code was given on it, signed.
    proof: Option<String>,
}

impl KnownDevice {
    /// A device that is signed in on now.
    pub fn new() -> Self {
        Self { nonce: URL_SAFE_NO_PAD.encode(random_bytes::<NONCE_BYTES>()), proof: None }
    }

    /// The device of a token, if the token is ours and of this username.
    pub fn read(vault: &Vault, username: &str, token: &str) -> Option<Self> {
        let mut parts = token.splitn(3, '.').map(str::to_owned);
        let (nonce, signed, proof) = (parts.next()?, parts.next()?, parts.next());
        let device = Self { nonce, proof };
        equal_in_constant_time(&device.signed(vault, username), &signed).then_some(device)
    }

    /// What the device is to carry once its owner is signed in: with an account that has a second factor, after its code.
    pub fn token(&self, vault: &Vault, account: &StaffAccount) -> String {
        let signed = self.signed(vault, &account.username);
        match self.proof_for(vault, account) {
            Some(proof) => format!("{}.{signed}.{proof}", self.nonce),
            None => format!("{}.{signed}", self.nonce),
        }
    }

    /// Was a code of the second factor that counts now given on it?
    pub fn has_given_code(&self, vault: &Vault, account: &StaffAccount) -> bool {
        let given = self.proof.as_deref().zip(self.proof_for(vault, account));
        given.is_some_and(|(proof, expected)| equal_in_constant_time(&expected, proof))
    }

    fn signed(&self, vault: &Vault, username: &str) -> String {
        vault.look_up(PURPOSE, &format!("{}\n{}", self.nonce, username.to_lowercase()))
    }

    fn proof_for(&self, vault: &Vault, account: &StaffAccount) -> Option<String> {
        let since = account.totp_since?.timestamp_micros();
        Some(vault.look_up(SECOND_FACTOR, &format!("{}\n{}\n{since}", self.nonce, account.username.to_lowercase())))
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

/// What a guess at a code of this account counts against. All the guesses of strangers count against one: with the password
/// alone nobody has more than those.
pub fn code_guess_key(vault: &Vault, account: &StaffAccount, device: Option<&KnownDevice>) -> String {
    match device.filter(|device| device.has_given_code(vault, account)) {
        Some(device) => format!("code:device:{}", device.nonce),
        None => format!("code:member:{}", account.member_id),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::kit::values::MemberId;

    fn account(username: &str, totp_since: Option<DateTime<Utc>>) -> StaffAccount {
        let account = StaffAccount::new(MemberId::new(), username, String::new(), DateTime::UNIX_EPOCH);
        StaffAccount { totp_since, ..account }
    }

    #[test]
    fn a_device_is_known_to_the_username_that_signed_in_on_it_alone() {
        let vault = Vault::new([7; 32]);
        let device = KnownDevice::new();
        let token = device.token(&vault, &account("An", None));

        assert_eq!(KnownDevice::read(&vault, "an", &token), Some(device));
        assert_eq!(KnownDevice::read(&vault, "binh", &token), None);
        assert_eq!(KnownDevice::read(&Vault::new([8; 32]), "an", &token), None);
        assert_eq!(KnownDevice::read(&vault, "an", "made.up"), None);
    }

    #[test]
    fn a_code_was_given_on_a_device_for_the_second_factor_of_then_alone() {
        let (vault, then) = (Vault::new([7; 32]), Some(DateTime::UNIX_EPOCH));
        let (with, without) = (account("an", then), account("an", None));
        let anew = StaffAccount { totp_since: then.map(|then| then + TimeDelta::days(1)), ..with.clone() };
        let read = |token: &str| KnownDevice::read(&vault, "an", token).unwrap();

        let proven = read(&KnownDevice::new().token(&vault, &with));
        let unproven = read(&KnownDevice::new().token(&vault, &without));

        assert!(proven.has_given_code(&vault, &with));
        assert!(!proven.has_given_code(&vault, &anew) && !proven.has_given_code(&vault, &without));
        assert!(!unproven.has_given_code(&vault, &with));
        let forged = format!("{}.made-up", unproven.token(&vault, &without));
        assert!(!read(&forged).has_given_code(&vault, &with));
    }
}
