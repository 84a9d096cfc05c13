//! What comes in at the token and revocation endpoints: `application/x-www-form-urlencoded`, each parameter once (RFC 6749,
//! 3.2 and appendix B). Read here rather than by the framework, so that its refusals are OAuth's.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    error::OAuthError,
    wire::{RevokeRequest, TokenRequest},
};

const FORM: &str = "application/x-www-form-urlencoded";
/// No request of these is longer, in bytes.
const LONGEST: usize = 16 * 1024;

/// The parameters, each once, none empty.
#[derive(Debug)]
pub struct Fields(BTreeMap<String, String>);

/// A client that says who it is (RFC 6749, 2.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its name.
    pub client_id: String,
    /// Its secret.
    pub secret: String,
}

impl Fields {
    /// The parameters of a body.
    pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, OAuthError> {
        if body.len() > LONGEST {
            return Err(OAuthError::TooLong);
        }
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case(FORM) || std::str::from_utf8(body).is_err() {
            return Err(OAuthError::InvalidRequest);
        }
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if name.contains('\0') || value.contains('\0') {
                return Err(OAuthError::InvalidRequest);
            }
            // A parameter without a value is left out (RFC 6749, 3.2).
            let is_twice = !value.is_empty() && fields.insert(name.into_owned(), value.into_owned()).is_some();
            if is_twice {
                return Err(OAuthError::InvalidRequest);
            }
        }
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// A request for a token.
    pub fn token_request(mut self, basic: Option<Credentials>) -> Result<TokenRequest, OAuthError> {
        let mut request = TokenRequest {
            grant_type: self.take("grant_type").unwrap_or_default(),
            code: self.take("code"),
            redirect_uri: self.take("redirect_uri"),
            code_verifier: self.take("code_verifier"),
            client_id: self.take("client_id"),
            client_secret: self.take("client_secret"),
            refresh_token: self.take("refresh_token"),
            scope: self.take("scope"),
        };
        merge(&mut request.client_id, &mut request.client_secret, basic)?;
        Ok(request)
    }

    /// A request to revoke a token.
    pub fn revoke_request(mut self, basic: Option<Credentials>) -> Result<RevokeRequest, OAuthError> {
        let mut request = RevokeRequest {
            token: self.take("token").ok_or(OAuthError::InvalidRequest)?,
            token_type_hint: self.take("token_type_hint"),
            client_id: self.take("client_id"),
            client_secret: self.take("client_secret"),
        };
        merge(&mut request.client_id, &mut request.client_secret, basic)?;
        Ok(request)
    }
}

/// A client says who it is in one way only (RFC 6749, 2.3).
fn merge(
    client_id: &mut Option<String>,
    client_secret: &mut Option<String>,
    basic: Option<Credentials>,
) -> Result<(), OAuthError> {
    let Some(basic) = basic else { return Ok(()) };
    if client_secret.is_some() || client_id.as_ref().is_some_and(|client_id| *client_id != basic.client_id) {
        return Err(OAuthError::InvalidRequest);
    }
    *client_id = Some(basic.client_id);
    *client_secret = Some(basic.secret);
    Ok(())
}

/// The client of a header `Authorization`. One of another scheme is not for us; a Basic one that cannot be read is a client
/// that is not known. Each half is form-encoded before it goes into Basic (RFC 6749, 2.3.1).
pub fn basic_credentials(header: Option<&str>) -> Result<Option<Credentials>, OAuthError> {
    let Some(header) = header else { return Ok(None) };
    let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_not_base64| OAuthError::InvalidClient)?;
    let text = String::from_utf8(bytes).map_err(|_not_text| OAuthError::InvalidClient)?;
    let (client_id, secret) = text.split_once(':').ok_or(OAuthError::InvalidClient)?;
    let plain = |text: &str| {
        url::form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
    };
    Ok(Some(Credentials { client_id: plain(client_id), secret: plain(secret) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_is_there_twice_or_a_body_of_another_kind_is_an_invalid_request() {
        let read = |body: &str| Fields::read(Some("application/x-www-form-urlencoded; charset=utf-8"), body.as_bytes());

        assert!(read("a=1&b=2&c=&c=3").is_ok());
        assert_eq!(read("a=1&a=1").unwrap_err(), OAuthError::InvalidRequest);
        assert_eq!(Fields::read(Some("application/json"), b"{}").unwrap_err(), OAuthError::InvalidRequest);
        assert_eq!(Fields::read(None, b"a=1").unwrap_err(), OAuthError::InvalidRequest);
        assert_eq!(read(&"a".repeat(LONGEST + 1)).unwrap_err(), OAuthError::TooLong);
    }

    #[test]
    fn a_client_says_who_it_is_in_one_way() {
        let basic = || basic_credentials(Some("Basic YXBwOmElM0Fi")).unwrap();
        let fields = |body: &str| Fields::read(Some(FORM), body.as_bytes()).unwrap();

        assert_eq!(basic(), Some(Credentials { client_id: "app".into(), secret: "a:b".into() }));
        assert!(fields("grant_type=x&client_id=app").token_request(basic()).is_ok());
        assert_eq!(fields("client_secret=s").token_request(basic()).unwrap_err(), OAuthError::InvalidRequest);
        assert_eq!(basic_credentials(Some("Basic ???")), Err(OAuthError::InvalidClient));
        assert_eq!(basic_credentials(Some("Bearer x")), Ok(None));
    }
}
