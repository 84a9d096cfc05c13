//! What a sign-in asks of Zalo: first who holds the token, then, only for a token that Zalo knows, what the codes stand for.

use super::{Location, Profile, Zalo, ZaloError};
use crate::kit::{http::Network, secrets::secret::sha256};

/// What whoever signs in has sent, and from where.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// The network that it came from, among which the turns are shared out.
    pub network: Network,
    /// The Mini App's access token.
    pub access_token: &'a str,
    /// The code of a phone number.
    pub phone_code: Option<&'a str>,
    /// The code of a place.
    pub location_code: Option<&'a str>,
}

/// Who holds a token, and what they shared with it.
#[derive(Debug)]
pub struct Holder {
    /// Who.
    pub profile: Profile,
    /// The phone number, where a code came with it.
    pub phone: Option<Result<String, ZaloError>>,
    /// The place, likewise.
    pub place: Option<Result<Location, ZaloError>>,
}

impl Zalo {
    /// Who signs in: one call to Zalo for the token, and one for each code, none of them repeated. A token that it refused
    /// within the last minute is refused without asking.
    ///
    /// # Errors
    /// Besides those of the calls: [`Throttled`](ZaloError::Throttled) when too many tokens from there were refused,
    /// [`Busy`](ZaloError::Busy) when too many sign in at once, [`CircuitOpen`](ZaloError::CircuitOpen) while Zalo is down.
    pub async fn holder(&self, sign_in: SignIn<'_>) -> Result<Holder, ZaloError> {
        let SignIn { network, access_token, phone_code, location_code } = sign_in;
        let key = sha256(access_token.as_bytes());
        self.may_be_token(access_token)?;
        if let Some(error) = self.gate().known_refusal(&key).await {
            return Err(error);
        }
        let codes = usize::from(phone_code.is_some()).saturating_add(usize::from(location_code.is_some()));
        self.gate().count(&key, codes.saturating_add(1))?;
        let _turn = self.gate().turn_of_sign_in(network, codes.max(1)).await?;
        let profile = self.gate().ask_once(key, network, async || self.profile(access_token).await).await?;
        let phone = async {
            match phone_code {
                Some(code) => Some(self.phone_number(access_token, code).await),
                None => None,
            }
        };
        let place = async {
            match location_code {
                Some(code) => Some(self.location(access_token, code).await),
                None => None,
            }
        };
        // Both at once: the codes do not live long, and whoever signs in should not wait.
        let (phone, place) = tokio::join!(phone, place);
        Ok(Holder { profile, phone, place })
    }
}
