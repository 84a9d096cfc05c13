//! Codes that an authenticator shows: HOTP (RFC 4226) over the number of 30-second steps since 1970 (RFC 6238), SHA-1 and six
//! digits, which is what every authenticator understands.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use crate::kit::secrets::secret::{equal_in_constant_time, random_bytes};

/// As long as the hash (RFC 4226, 4, R6).
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: i64 = 30;
/// How many steps a phone's clock may be off, either way (RFC 6238, 5.2).
const STEPS_OFF: i64 = 1;
const DIGITS: usize = 6;

/// What an authenticator and the server share.
#[derive(Clone)]
pub struct TotpSecret(Vec<u8>);

impl TotpSecret {
    /// A new one.
    pub fn generate() -> Self {
        Self(random_bytes::<SECRET_BYTES>().to_vec())
    }

    /// The one that is written like this (RFC 4648, 6, without padding).
    pub fn from_base32(text: &str) -> Option<Self> {
        BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok().map(Self)
    }

    /// As it is typed into an authenticator.
    pub fn to_base32(&self) -> String {
        base32(&self.0)
    }

    /// As an authenticator reads it from a QR code (the Key URI format).
    pub fn uri(&self, issuer: &str, username: &str) -> String {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (issuer, username) = (encode(issuer).replace('+', "%20"), encode(username).replace('+', "%20"));
        let secret = self.to_base32();
        format!("otpauth://totp/{issuer}:{username}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
    }

    /// The code of a step.
    pub fn code(&self, step: i64) -> String {
        // HMAC takes keys of any length, so there is always a code.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else { return String::new() };
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        // RFC 4226, 5.3: the last four bits say where the number begins.
        let place = hash.last().map_or(0, |last| usize::from(last & 0x0f));
        let number = hash.iter().skip(place).take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
        let digits = (number & 0x7fff_ffff) % 10_u32.pow(6);
        format!("{digits:0DIGITS$}")
    }

    /// The step whose code this is, around `now`.
    pub fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let current = step_at(now);
        // All of them, whichever fits: the time taken says nothing.
        let steps = (current - STEPS_OFF)..=(current + STEPS_OFF);
        steps.fold(None, |found, step| if equal_in_constant_time(&self.code(step), code) { Some(step) } else { found })
    }
}

/// The step that `now` is in.
pub fn step_at(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP_SECONDS)
}

/// In the letters of RFC 4648, 6, without padding.
pub fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, cut to six digits.
        let secret = TotpSecret(b"12345678901234567890".to_vec());
        for (second, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let now = DateTime::from_timestamp(second, 0).unwrap();
            assert_eq!(secret.code(step_at(now)), code);
            assert_eq!(secret.step_of(code, now), Some(step_at(now)));
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let (secret, now) = (TotpSecret::generate(), Utc::now());
        let step = step_at(now);

        assert_eq!(secret.step_of(&secret.code(step - 1), now), Some(step - 1));
        assert_eq!(secret.step_of(&secret.code(step + 1), now), Some(step + 1));
        assert_eq!(secret.step_of(&secret.code(step - 3), now), None);
        assert_eq!(secret.step_of("", now), None);
    }

    #[test]
    fn a_secret_is_the_same_after_it_was_written_down() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        let secret = TotpSecret::generate();
        assert_eq!(TotpSecret::from_base32(&secret.to_base32()).unwrap().0, secret.0);
        assert!(secret.uri("Thi Đua", "an").starts_with("otpauth://totp/Thi%20%C4%90ua:an?secret="));
    }
}
