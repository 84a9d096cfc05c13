//! What Zalo writes, read leniently: the same thing is text here and a number there, and what is optional may be
//! absent, null or empty. An id is always text, for it does not fit the numbers of other languages.

use std::time::Duration;

use serde::{Deserialize, de::DeserializeOwned};

use super::{Location, OaAccessToken, OaRefreshToken, OaTokens, Profile, SentMessage, ZaloApi, ZaloError};
use crate::kit::values::text::one_line;

/// The documented life of an OA access token. It stands in where `expires_in` cannot be read, because refusing the
/// answer would lose a refresh token that works once.
const OA_TOKEN_SECONDS: u64 = 90_000;
/// What is believed of `expires_in`: a shorter life would spend refresh tokens all the time, and a longer one no date bears.
const OA_TOKEN_LIFE: std::ops::RangeInclusive<u64> = 300..=30 * 24 * 3600;
/// As much of Zalo's explanation as an error keeps, in characters.
const LONGEST_MESSAGE: usize = 300;

/// The answer, or the refusal that it spells out although its HTTP status was a success.
pub fn read<T: DeserializeOwned>(api: ZaloApi, body: &[u8]) -> Result<T, ZaloError> {
    // What serde says may quote the body, and the body may hold tokens: only the kind of fault is kept.
    let unreadable = |fault: serde_json::Error| ZaloError::Unreadable { api, fault: fault.classify() };
    let outcome: Outcome = serde_json::from_slice(body).map_err(unreadable)?;
    match outcome.error.map_or(0, |error| error.0) {
        0 => serde_json::from_slice(body).map_err(unreadable),
        code => {
            let message = outcome.message.or(outcome.error_description).or(outcome.error_name).unwrap_or_default();
            Err(ZaloError::Refused { api, code, message: message.chars().take(LONGEST_MESSAGE).collect() })
        }
    }
}

/// What every answer may have. OAuth leaves all of it out when it succeeds, and has its own words when it does not.
#[derive(Deserialize)]
struct Outcome {
    error: Option<Code>,
    message: Option<String>,
    error_description: Option<String>,
    error_name: Option<String>,
}

/// Every API but that of profiles puts its answer into `data`.
#[derive(Deserialize)]
pub struct Wrapped<T> {
    pub data: T,
}

/// `GET /v2.0/me`
#[derive(Deserialize)]
pub struct Person {
    id: Text,
    name: Option<Text>,
    picture: Option<Picture>,
    user_id_by_oa: Option<Text>,
    // Not worth failing a sign-in for, whatever it is.
    is_follower: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Picture {
    data: Option<PictureData>,
}

#[derive(Deserialize)]
struct PictureData {
    url: Option<Text>,
}

impl From<Person> for Profile {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.0,
            name: filled(person.name),
            picture_url: filled(person.picture.and_then(|picture| picture.data).and_then(|data| data.url)),
            oa_user_id: filled(person.user_id_by_oa),
            follows_oa: person.is_follower.as_ref().and_then(serde_json::Value::as_bool),
        }
    }
}

fn filled(text: Option<Text>) -> Option<String> {
    text.map(|text| one_line(&text.0)).filter(|text| !text.is_empty())
}

/// `GET /v2.0/me/info` with the code of a phone number.
#[derive(Deserialize)]
pub struct Phone {
    number: Text,
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.number.0.trim_start_matches('+').to_owned()
    }
}

/// `GET /v2.0/me/info` with the code of a place.
#[derive(Deserialize)]
pub struct Place {
    latitude: Degrees,
    longitude: Degrees,
}

impl From<Place> for Location {
    fn from(place: Place) -> Self {
        Self { latitude: place.latitude.0, longitude: place.longitude.0 }
    }
}

/// `POST /v4/oa/access_token`
#[derive(Deserialize)]
#[serde(try_from = "RawTokens")]
pub struct Tokens(OaTokens);

#[derive(Deserialize)]
struct RawTokens {
    access_token: String,
    refresh_token: String,
    // Whatever it is, the tokens are not lost for it.
    expires_in: Option<serde_json::Value>,
}

impl TryFrom<RawTokens> for Tokens {
    type Error = &'static str;

    fn try_from(raw: RawTokens) -> Result<Self, Self::Error> {
        let access_token = OaAccessToken::new(&raw.access_token).ok_or("an empty access token")?;
        let refresh_token = OaRefreshToken::new(&raw.refresh_token).ok_or("an empty refresh token")?;
        let expires_in = Duration::from_secs(life_of(raw.expires_in.as_ref()));
        Ok(Self(OaTokens { access_token, refresh_token, expires_in }))
    }
}

/// Seconds, as a whole number, a real one or text; the documented life where it is none of these or not positive.
fn life_of(value: Option<&serde_json::Value>) -> u64 {
    let text = match value {
        Some(serde_json::Value::String(text)) => text.trim().to_owned(),
        Some(serde_json::Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    // Out of range or not, `try_from_secs_f64` never panics; what is too much for it is the longest.
    let seconds = seconds.map(|seconds| Duration::try_from_secs_f64(seconds).map_or(u64::MAX, |life| life.as_secs()));
    seconds.unwrap_or(OA_TOKEN_SECONDS).clamp(*OA_TOKEN_LIFE.start(), *OA_TOKEN_LIFE.end())
}

impl From<Tokens> for OaTokens {
    fn from(tokens: Tokens) -> Self {
        tokens.0
    }
}

/// `POST /v3.0/oa/message/cs`
#[derive(Deserialize)]
pub struct Receipt {
    message_id: Text,
}

impl From<Receipt> for SentMessage {
    fn from(receipt: Receipt) -> Self {
        Self { message_id: receipt.message_id.0 }
    }
}

/// Text, or a whole number standing for its digits.
#[derive(Deserialize)]
#[serde(from = "TextOrWhole")]
struct Text(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrWhole {
    Text(String),
    Positive(u64),
    Negative(i64),
}

impl From<TextOrWhole> for Text {
    fn from(value: TextOrWhole) -> Self {
        Self(match value {
            TextOrWhole::Text(text) => text,
            TextOrWhole::Positive(number) => number.to_string(),
            TextOrWhole::Negative(number) => number.to_string(),
        })
    }
}

/// The number of an error, 0 for none.
#[derive(Deserialize)]
#[serde(try_from = "Text")]
struct Code(i64);

impl TryFrom<Text> for Code {
    type Error = std::num::ParseIntError;

    fn try_from(text: Text) -> Result<Self, Self::Error> {
        text.0.parse().map(Self)
    }
}

/// A finite number, as such or as text.
#[derive(Deserialize)]
#[serde(try_from = "TextOrReal")]
struct Degrees(f64);

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrReal {
    Text(String),
    Real(f64),
}

impl TryFrom<TextOrReal> for Degrees {
    type Error = &'static str;

    fn try_from(value: TextOrReal) -> Result<Self, Self::Error> {
        let degrees = match value {
            TextOrReal::Text(text) => text.trim().parse().ok(),
            TextOrReal::Real(number) => Some(number),
        };
        degrees.filter(|degrees: &f64| degrees.is_finite()).map(Self).ok_or("not a number of degrees")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_profile(body: &str) -> Result<Profile, ZaloError> {
        read::<Person>(ZaloApi::Graph, body.as_bytes()).map(Profile::from)
    }

    #[test]
    fn an_id_beyond_two_to_the_53rd_keeps_its_digits() {
        let number = read_profile(r#"{"error":0,"message":"Success","id":3368637342326461235}"#).unwrap();
        let text = read_profile(r#"{"error":0,"message":"Success","id":"3368637342326461235"}"#).unwrap();

        assert_eq!(number.id, "3368637342326461235");
        assert_eq!(number, text);
    }

    #[test]
    fn what_the_person_withholds_is_absent() {
        let body = r#"{"error":0,"id":"1","name":"","picture":{"data":{}},"user_id_by_oa":null,"is_follower":"?"}"#;

        let profile = read_profile(body).unwrap();

        let nothing = Profile { id: "1".into(), name: None, picture_url: None, oa_user_id: None, follows_oa: None };
        assert_eq!(profile, nothing);
    }

    #[test]
    fn an_error_is_a_refusal_even_as_text() {
        let error = read_profile(r#"{"error":"452","message":"Session key invalid"}"#).unwrap_err();

        assert_eq!(error.to_string(), "Zalo's graph API refused with error 452: Session key invalid");
    }

    #[test]
    fn the_words_of_oauth_are_kept_too() {
        let body = br#"{"error":-14020,"error_name":"Invalid refresh token","error_description":"used"}"#;

        let error = read::<Tokens>(ZaloApi::OAuth, body).err().unwrap();

        assert!(matches!(error, ZaloError::Refused { code: -14020, message, .. } if message == "used"));
    }

    #[test]
    fn tokens_are_not_lost_to_an_odd_life() {
        let table = [
            ("\"90000\"", 90_000),
            ("3600", 3_600),
            ("3600.7", 3_600),
            ("\"soon\"", 90_000),
            ("null", 90_000),
            ("-5", 90_000),
            ("0", 90_000),
            ("\"NaN\"", 90_000),
            ("[1]", 90_000),
            ("1", 300),
            ("9000000000000", 2_592_000),
            ("9e12", 2_592_000),
            ("\"9e12\"", 2_592_000),
            ("\"99999999999999999999999999\"", 2_592_000),
            ("1e300", 2_592_000),
            ("\"inf\"", 2_592_000),
        ];
        for (expires_in, seconds) in table {
            let body = format!(r#"{{"access_token":"a","refresh_token":"r","expires_in":{expires_in}}}"#);

            let tokens: OaTokens = read::<Tokens>(ZaloApi::OAuth, body.as_bytes()).unwrap().into();

            assert_eq!(tokens.expires_in, Duration::from_secs(seconds), "{expires_in}");
            assert_eq!(tokens.refresh_token.expose(), "r");
        }
    }

    #[test]
    fn a_pair_with_an_empty_token_is_none() {
        for body in [r#"{"access_token":"","refresh_token":"r"}"#, r#"{"access_token":"a","refresh_token":" "}"#] {
            let error = read::<Tokens>(ZaloApi::OAuth, body.as_bytes()).err().unwrap();

            assert!(matches!(error, ZaloError::Unreadable { .. }));
        }
    }

    #[test]
    fn a_place_may_be_text_or_numbers_but_is_finite() {
        let place = |latitude: &str| {
            let body = format!(r#"{{"data":{{"latitude":{latitude},"longitude":"108.4583"}},"error":0}}"#);
            read::<Wrapped<Place>>(ZaloApi::Graph, body.as_bytes()).map(|place| Location::from(place.data).latitude)
        };

        assert_eq!(place("\"11.9404\"").unwrap(), 11.9404);
        assert_eq!(place("11.9404").unwrap(), 11.9404);
        assert!(matches!(place("\"NaN\"").unwrap_err(), ZaloError::Unreadable { .. }));
    }

    #[test]
    fn a_phone_number_has_no_plus() {
        let body = br#"{"data":{"number":"+84901234567"},"error":0}"#;

        let phone: String = read::<Wrapped<Phone>>(ZaloApi::Graph, body).unwrap().data.into();

        assert_eq!(phone, "84901234567");
    }
}
