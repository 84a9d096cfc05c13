//! Access tokens: short-lived JWTs (RFC 9068), signed with Ed25519 (RFC 8037), that any third party can verify with the
//! published keys. One algorithm a key, pinned: `none` and the rest are never even considered.

use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::secret::{random_bytes, sha256};

/// How long an access token is good.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// The longest that any token is good, those for scripts included: a key verifies for so long after it has ceased to sign.
pub const LONGEST_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
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

/// The keys that are known. Which one signs and which verify follows from their dates alone, so that every replica that
/// knows a key changes over to it at the same moment.
#[derive(Clone)]
pub struct KeyRing {
    keys: HashMap<String, RingKey>,
    issuer: String,
    loaded_at: DateTime<Utc>,
}

/// A key pair with its dates: published from the start, signing from a day on, verifying until its tokens have ended.
#[derive(Clone)]
pub struct DatedKey {
    /// The pair.
    pub signer: Signer,
    /// From when on it signs, unless a later one does.
    pub signs_from: DateTime<Utc>,
    /// Until when its tokens are good; none while it signs or is yet to sign.
    pub verifies_until: Option<DateTime<Utc>>,
}

#[derive(Clone)]
struct RingKey {
    dated: DatedKey,
    public: [u8; 32],
    verifier: DecodingKey,
}

impl RingKey {
    fn verifies_at(&self, now: DateTime<Utc>) -> bool {
        self.dated.verifies_until.is_none_or(|until| now < until)
    }
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
    /// Are these the keys of the other ring, no more and no fewer?
    pub fn has_the_keys_of(&self, other: &Self) -> bool {
        self.keys.len() == other.keys.len() && self.keys.keys().all(|kid| other.knows(kid))
    }

    /// The ring of these keys, as they were read at `loaded_at`.
    pub fn new(issuer: &str, keys: impl IntoIterator<Item = DatedKey>, loaded_at: DateTime<Utc>) -> Self {
        let keys = keys.into_iter().map(|dated| {
            let public = dated.signer.public();
            (dated.signer.kid.clone(), RingKey { public, verifier: DecodingKey::from_ed_der(&public), dated })
        });
        Self { keys: keys.collect(), issuer: issuer.to_owned(), loaded_at }
    }

    /// Is there a key of that id?
    pub fn knows(&self, kid: &str) -> bool {
        self.keys.contains_key(kid)
    }

    /// When the keys were read.
    pub const fn loaded_at(&self) -> DateTime<Utc> {
        self.loaded_at
    }

    /// The key that signs at `now`: the last to have begun.
    pub fn signing_kid(&self, now: DateTime<Utc>) -> Option<&str> {
        self.signer(now).map(|signer| signer.kid.as_str())
    }

    fn signer(&self, now: DateTime<Utc>) -> Option<&Signer> {
        let begins = |key: &&RingKey| (key.dated.signs_from, key.dated.signer.kid.clone());
        let able = || self.keys.values().filter(|key| key.verifies_at(now));
        // Clocks of replicas differ: where none has begun yet, the first will have by the time anybody looks.
        let key = able().filter(|key| key.dated.signs_from <= now).max_by_key(begins);
        key.or_else(|| able().min_by_key(begins)).map(|key| &key.dated.signer)
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
        let signer = self.signer(now).ok_or(BadKey)?;
        let header =
            Header { kid: Some(signer.kid.clone()), typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let life = i64::try_from(Ord::min(life, LONGEST_TOKEN_LIFE).as_secs()).unwrap_or(i64::MAX);
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
        encode(&header, &claims, &signer.key).map_err(|_cannot_sign| BadKey)
    }

    /// What a token says, when it is ours and good at `now`.
    pub fn verify(&self, now: DateTime<Utc>, token: &str) -> Result<Claims, InvalidToken> {
        let header = decode_header(token).map_err(|_no_jwt| InvalidToken)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(InvalidToken);
        }
        let key = header.kid.and_then(|kid| self.keys.get(&kid)).filter(|key| key.verifies_at(now));
        let key = key.ok_or(InvalidToken)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[&self.issuer]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The clock is ours (a test's, maybe), so the end is checked below.
        rules.validate_exp = false;
        let claims = decode::<Claims>(token, &key.verifier, &rules).map_err(|_not_ours| InvalidToken)?.claims;
        if claims.exp <= now.timestamp() { Err(InvalidToken) } else { Ok(claims) }
    }

    /// The key id that a token names, unverified.
    pub fn kid_of(token: &str) -> Option<String> {
        decode_header(token).ok().and_then(|header| header.kid)
    }

    /// The public keys as a JSON Web Key Set (RFC 7517, RFC 8037): those that verify at `now`, and the one that is to sign
    /// next.
    pub fn public_keys(&self, now: DateTime<Utc>) -> Vec<PublicKey> {
        let mut keys: Vec<_> = self
            .keys
            .iter()
            .filter(|(_, key)| key.verifies_at(now))
            .map(|(kid, key)| PublicKey {
                kty: "OKP",
                crv: "Ed25519",
                alg: "EdDSA",
                usage: "sig",
                kid: kid.clone(),
                x: URL_SAFE_NO_PAD.encode(key.public),
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

    const ISSUER: &str = "https://thidua.example";

    fn key() -> DatedKey {
        DatedKey {
            signer: Signer::generate().unwrap(),
            signs_from: Utc::now() - chrono::TimeDelta::days(1),
            verifies_until: None,
        }
    }

    fn ring() -> KeyRing {
        KeyRing::new(ISSUER, [key()], Utc::now())
    }

    fn token_of(ring: &KeyRing, now: DateTime<Utc>) -> String {
        ring.sign(now, ACCESS_TOKEN_LIFE, Uuid::now_v7(), "mini-app", None, None).unwrap()
    }

    fn claims() -> serde_json::Value {
        let now = Utc::now().timestamp();
        serde_json::json!({"iss": ISSUER, "aud": ISSUER, "sub": Uuid::now_v7(), "client_id": "x", "iat": now,
            "exp": now + 60, "jti": Uuid::now_v7()})
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
        let signer = ring.signer(now).unwrap();
        let kid = signer.kid.clone();
        let mut claims = claims();
        claims["exp"] = "9999999999".into();
        let header = serde_json::json!({"alg": "none", "kid": kid, "typ": "at+jwt"});
        assert_eq!(ring.verify(now, &forged(&header, &claims, "")), Err(InvalidToken));

        let header = Header { kid: Some(kid), typ: Some("at+jwt".into()), ..Header::new(Algorithm::EdDSA) };
        let signed = encode(&header, &claims, &signer.key).unwrap();
        assert_eq!(ring.verify(now, &signed), Err(InvalidToken));
    }

    #[test]
    fn a_token_of_another_issuer_audience_or_type_is_refused() {
        let (ring, now) = (ring(), Utc::now());
        let signer = ring.signer(now).unwrap();
        let signed = |typ: &str, claims: &serde_json::Value| {
            let header =
                Header { kid: Some(signer.kid.clone()), typ: Some(typ.into()), ..Header::new(Algorithm::EdDSA) };
            encode(&header, claims, &signer.key).unwrap()
        };

        assert!(ring.verify(now, &signed("at+jwt", &claims())).is_ok());
        assert_eq!(ring.verify(now, &signed("JWT", &claims())), Err(InvalidToken));
        for field in ["iss", "aud"] {
            let mut other = claims();
            other[field] = "https://elsewhere.example".into();
            assert_eq!(ring.verify(now, &signed("at+jwt", &other)), Err(InvalidToken), "{field}");
        }
    }

    #[test]
    fn the_public_key_is_no_secret_for_hs256() {
        let (ring, now) = (ring(), Utc::now());
        let signer = ring.signer(now).unwrap();
        let header =
            Header { kid: Some(signer.kid.clone()), typ: Some("at+jwt".into()), ..Header::new(Algorithm::HS256) };
        let forged = encode(&header, &claims(), &EncodingKey::from_secret(&signer.public())).unwrap();

        assert_eq!(ring.verify(now, &forged), Err(InvalidToken));
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_verifies_after_it_has_ceased_to() {
        let start = Utc::now();
        let minutes = |count| start + chrono::TimeDelta::minutes(count);
        let old = DatedKey { verifies_until: Some(minutes(30)), ..key() };
        let new = DatedKey { signs_from: minutes(10), ..key() };
        let ring = KeyRing::new(ISSUER, [old.clone(), new.clone()], start);
        let before = token_of(&ring, minutes(9));
        let after = token_of(&ring, minutes(10));

        assert_eq!(ring.public_keys(start).len(), 2);
        assert_eq!(KeyRing::kid_of(&before).as_deref(), Some(old.signer.kid.as_str()));
        assert_eq!(KeyRing::kid_of(&after).as_deref(), Some(new.signer.kid.as_str()));
        assert!(ring.verify(minutes(20), &before).is_ok() && ring.verify(minutes(20), &after).is_ok());
        assert_eq!(ring.public_keys(minutes(30)).len(), 1);
        assert_eq!(ring.verify(minutes(30), &before), Err(InvalidToken));
    }
}
