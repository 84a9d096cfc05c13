//! Tokens of the Official Account. They say what they are and are signed with the app's secret, so that a stand-in
//! accepts tokens from before it was started again.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::kit::secrets::secret::{equal_in_constant_time, to_hex};

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Access,
    Refresh,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Access => "oa_access",
            Self::Refresh => "oa_refresh",
        }
    }
}

/// What a token says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub purpose: Purpose,
    /// Unique, and higher in every later token.
    pub serial: u64,
    /// The second of Unix time from which it is refused.
    pub expires_at: i64,
}

impl Token {
    /// The token as text, which only a holder of the secret can write.
    pub fn sign(self, app_secret: &str) -> String {
        let claims = format!("{}.{}.{}", self.purpose.name(), self.serial, self.expires_at);
        let seal = hmac_hex(app_secret, &claims);
        format!("{claims}.{seal}")
    }

    /// The token behind a text that was signed with this secret for this purpose, expired or not.
    pub fn verify(purpose: Purpose, text: &str, app_secret: &str) -> Option<Self> {
        let (claims, seal) = text.rsplit_once('.')?;
        if !equal_in_constant_time(seal, &hmac_hex(app_secret, claims)) {
            return None;
        }
        let (serial, expires_at) = claims.strip_prefix(purpose.name())?.strip_prefix('.')?.split_once('.')?;
        Some(Self { purpose, serial: serial.parse().ok()?, expires_at: expires_at.parse().ok()? })
    }
}

/// HMAC-SHA256 in lower-case hexadecimal, which is also what `appsecret_proof` is made of.
pub fn hmac_hex(key: &str, message: &str) -> String {
    // HMAC takes keys of any length (RFC 2104), so the default is never needed.
    Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map(|hmac| to_hex(&hmac.chain_update(message).finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Token = Token { purpose: Purpose::Refresh, serial: 7, expires_at: 1_800_000_000 };

    #[test]
    fn a_token_is_read_back_by_whoever_knows_the_secret() {
        let text = TOKEN.sign("secret");

        assert_eq!(Token::verify(Purpose::Refresh, &text, "secret"), Some(TOKEN));
        assert_eq!(Token::verify(Purpose::Refresh, &text, "other"), None);
        assert_eq!(Token::verify(Purpose::Access, &text, "secret"), None);
    }

    #[test]
    fn a_changed_token_is_forged() {
        let text = TOKEN.sign("secret").replace(".7.", ".8.");

        assert_eq!(Token::verify(Purpose::Refresh, &text, "secret"), None);
        assert_eq!(Token::verify(Purpose::Refresh, "", "secret"), None);
    }
}
