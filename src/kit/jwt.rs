//! Access tokens: short-lived JWTs (RFC 9068), signed with Ed25519 (RFC 8037), that any third party can verify with the
//! published keys. One algorithm a key, pinned: `none` and the rest are never even considered.

use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ed25519_dalek::{SigningKey, VerifyingKey, pkcs8::EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::secret::{random_bytes, sha256};

/// How long an access token is good.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer: this server's public URL.
    pub iss: String,
    /// For whom: always this API.
    pub aud: String,
    /// Who: a member's id, or a client app's.
    pub sub: Uuid,
    /// By which client.
    pub client_id: String,
    /// The session, for a member; an app has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// What the app may do, separated by spaces; a member's rights are looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, likewise.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
}

/// A key pair.
#[derive(Clone)]
pub struct Signer {
    /// Which key: the thumbprint of the public half (RFC 7638).
    pub kid: String,
    seed: [u8; 32],
    key: EncodingKey,
}

/// A token that is not good here and now. Why is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct InvalidToken;

/// A private key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signing key cannot be used")]
pub struct BadKey;

/// The keys that are known: one signs, all verify.
#[derive(Clone)]
pub struct KeyRing {
    signer: Signer,
    verifiers: HashMap<String, Verifier>,
    issuer: String,
}

#[derive(Clone)]
struct Verifier {
    public: [u8; 32],
    key: DecodingKey,
}

impl Signer {
    /// A new key pair.
    pub fn generate() -> Result<Self, BadKey> {
        Self::from_seed(random_bytes())
    }

    /// The key pair of a stored private half.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, BadKey> {
        let key = SigningKey::from_bytes(&seed);
        let der = key.to_pkcs8_der().map_err(|_no_der| BadKey)?;
        let kid = thumbprint(key.verifying_key().as_bytes());
        Ok(Self { kid, seed, key: EncodingKey::from_ed_der(der.as_bytes()) })
    }

    /// The private half, to be stored encrypted.
    pub fn seed(&self) -> [u8; 32] {
        self.seed
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        SigningKey::from_bytes(&self.seed).verifying_key().to_bytes()
    }
}

impl KeyRing {
    /// Signs with `signer`, verifies with it and with each of `others`.
    pub fn new(issuer: &str, signer: Signer, others: &[[u8; 32]]) -> Self {
        let own = signer.public();
        let verifiers = others
            .iter()
            .chain([&own])
            .filter(|public| VerifyingKey::from_bytes(public).is_ok())
            .map(|public| (thumbprint(public), Verifier { public: *public, key: DecodingKey::from_ed_der(public) }))
            .collect();
        Self { signer, verifiers, issuer: issuer.to_owned() }
    }

    /// Is there a key of that id?
    pub fn knows(&self, kid: &str) -> bool {
        self.verifiers.contains_key(kid)
    }

    /// A token for `sub`, good from `now` on for `life`: `ACCESS_TOKEN_LIFE` wherever people sign in.
    pub fn sign(
        &self,
        now: DateTime<Utc>,
        life: Duration,
        sub: Uuid,
        client_id: &str,
        sid: Option<Uuid>,
        scope: Option<String>,
    ) -> Result<String, BadKey> {
        let header =
            Header { kid: Some(self.signer.kid.clone()), typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let life = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub,
            client_id: client_id.to_owned(),
            sid,
            scope,
            iat: now.timestamp(),
            exp: now.timestamp().saturating_add(life),
            jti: Uuid::now_v7(),
        };
        encode(&header, &claims, &self.signer.key).map_err(|_cannot_sign| BadKey)
    }

    /// What a token says, when it is ours and good at `now`.
    pub fn verify(&self, now: DateTime<Utc>, token: &str) -> Result<Claims, InvalidToken> {
        let header = decode_header(token).map_err(|_no_jwt| InvalidToken)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(InvalidToken);
        }
        let verifier = header.kid.and_then(|kid| self.verifiers.get(&kid)).ok_or(InvalidToken)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[&self.issuer]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The clock is ours (a test's, maybe), so the end is checked below.
        rules.validate_exp = false;
        let claims = decode::<Claims>(token, &verifier.key, &rules).map_err(|_not_ours| InvalidToken)?.claims;
        if claims.exp <= now.timestamp() { Err(InvalidToken) } else { Ok(claims) }
    }

    /// The key id that a token names, unverified.
    pub fn kid_of(token: &str) -> Option<String> {
        decode_header(token).ok().and_then(|header| header.kid)
    }

    /// The public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let mut keys: Vec<_> = self
            .verifiers
            .iter()
            .map(|(kid, verifier)| PublicKey {
                kty: "OKP",
                crv: "Ed25519",
                alg: "EdDSA",
                usage: "sig",
                kid: kid.clone(),
                x: URL_SAFE_NO_PAD.encode(verifier.public),
            })
            .collect();
        keys.sort_by(|one, other| one.kid.cmp(&other.kid));
        keys
    }
}

/// A public key (RFC 8037, 2).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = JsonWebKey)]
pub struct PublicKey {
    /// Always an octet key pair.
    #[schema(examples("OKP"))]
    pub kty: &'static str,
    /// Always Ed25519.
    #[schema(examples("Ed25519"))]
    pub crv: &'static str,
    /// Always EdDSA.
    #[schema(examples("EdDSA"))]
    pub alg: &'static str,
    /// Always for signatures.
    #[serde(rename = "use")]
    #[schema(examples("sig"))]
    pub usage: &'static str,
    /// The key's id: its thumbprint (RFC 7638).
    #[schema(examples("1vT0vqk4m4wYcK3mXhcHn2b0rPp2Q8ZfD6uVfWcQ1oE"))]
    pub kid: String,
    /// The key, base64url.
    #[schema(examples("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))]
    pub x: String,
}

/// RFC 7638 with the members of RFC 8037, 2, in order.
fn thumbprint(public: &[u8; 32]) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
    URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        KeyRing::new("https://thidua.example", Signer::generate().unwrap(), &[])
    }

    fn forged(header: &serde_json::Value, claims: &serde_json::Value, signature: &str) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(claims))
    }

    #[test]
    fn a_token_is_good_until_it_ends() {
        let (ring, now, sub) = (ring(), Utc::now(), Uuid::now_v7());
        let token = ring.sign(now, ACCESS_TOKEN_LIFE, sub, "mini-app", None, None).unwrap();

        assert_eq!(ring.verify(now, &token).unwrap().sub, sub);
        assert_eq!(ring.verify(now + ACCESS_TOKEN_LIFE, &token), Err(InvalidToken));
    }

    #[test]
    fn a_token_of_another_key_ring_is_refused() {
        let now = Utc::now();
        let token = ring().sign(now, ACCESS_TOKEN_LIFE, Uuid::now_v7(), "mini-app", None, None).unwrap();

        assert_eq!(ring().verify(now, &token), Err(InvalidToken));
    }

    #[test]
    fn neither_alg_none_nor_a_text_for_exp_is_accepted() {
        let (ring, now) = (ring(), Utc::now());
        let kid = ring.signer.kid.clone();
        let claims = serde_json::json!({"iss": "https://thidua.example", "aud": "https://thidua.example", "sub": Uuid::now_v7(),
            "client_id": "x", "iat": 0, "exp": "9999999999", "jti": Uuid::now_v7()});
        let header = serde_json::json!({"alg": "none", "kid": kid, "typ": "at+jwt"});
        assert_eq!(ring.verify(now, &forged(&header, &claims, "")), Err(InvalidToken));

        let header = Header { kid: Some(kid), typ: Some("at+jwt".into()), ..Header::new(Algorithm::EdDSA) };
        let signed = encode(&header, &claims, &ring.signer.key).unwrap();
        assert_eq!(ring.verify(now, &signed), Err(InvalidToken));
    }
}
