//! The tokens of the Official Account. Neither can be built empty, so none is ever sent or spent empty.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

/// What messages are sent with.
#[derive(Clone, Debug)]
pub struct OaAccessToken(SecretString);

/// What the next pair is had for. It works once.
#[derive(Clone, Debug)]
pub struct OaRefreshToken(SecretString);

macro_rules! tokens {
    ($($name:ident)+) => {$(
        impl $name {
            /// The token of this text; none of a blank one.
            pub fn new(text: &str) -> Option<Self> {
                let text = text.trim();
                (!text.is_empty()).then(|| Self(text.into()))
            }

            /// The text itself.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.expose() == other.expose()
            }
        }

        impl Eq for $name {}
    )+};
}

tokens! { OaAccessToken OaRefreshToken }

/// A new pair. The refresh token works once: losing it means asking a person for consent again.
#[derive(Clone, Debug)]
pub struct OaTokens {
    /// For [`Zalo::send_consultation`](super::Zalo::send_consultation).
    pub access_token: OaAccessToken,
    /// For the next [`Zalo::refresh_oa_token`](super::Zalo::refresh_oa_token), within three months.
    pub refresh_token: OaRefreshToken,
    /// How long the access token lives, from now: five minutes to thirty days, whatever Zalo says.
    pub expires_in: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_empty_token() {
        assert!(OaAccessToken::new("").is_none() && OaRefreshToken::new(" \n").is_none());
        assert_eq!(OaAccessToken::new("a").unwrap().expose(), "a");
        assert!(!format!("{:?}", OaRefreshToken::new("hush-hush")).contains("hush"));
    }
}
