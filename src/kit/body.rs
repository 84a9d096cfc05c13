//! What comes in: a body or a query string, brought to one normal form, checked against the operation's own schema with
//! every fault at once, and only then made a Rust value.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
    web::{Bytes, Data},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    codes::{Code, FaultCode},
    faults::{Fault, escaped},
    parameters::pairs_of,
    problem::Problem,
    schemas::Schemas,
    secret::{sha256, to_hex},
    strict_json::{self, Unread},
};

/// The largest body, in bytes, also after decompression (media apart).
pub const BODY_LIMIT: usize = 1024 * 1024;
const NOTHING: &[u8] = b"{}";

/// A JSON body that its schema accepts, each of its texts in its one form (`kit::text`).
#[derive(Debug)]
pub struct Body<T>(pub T);

/// The same where it may be left out, which says as much as `{}`.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

/// The body of an operation that has nothing to say: `{}`, or none at all.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct NoFields {}

/// A hash of the body, for `Idempotency-Key`: the same key with another body is a mistake.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint(pub Arc<OnceLock<String>>);

impl Fingerprint {
    /// The one of this request, shared by whoever asks.
    pub fn of(request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        if let Some(fingerprint) = extensions.get::<Self>() {
            return fingerprint.clone();
        }
        let fingerprint = Self::default();
        extensions.insert(fingerprint.clone());
        fingerprint
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let schemas = request.app_data::<Data<Schemas>>().cloned();
        let bytes = read_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let bytes = if bytes.is_empty() && T::name() == NoFields::name() { NOTHING } else { bytes.as_ref() };
            checked(schemas.as_ref().map(Data::get_ref), parse_json(bytes)?).map(Body)
        })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let schemas = request.app_data::<Data<Schemas>>().cloned();
        let bytes = read_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let bytes = if bytes.is_empty() { NOTHING } else { bytes.as_ref() };
            checked(schemas.as_ref().map(Data::get_ref), parse_json(bytes)?).map(OptionalBody)
        })
    }
}

/// The bytes of a JSON body, decompressed, with their fingerprint taken.
pub(super) fn read_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let media_type = check_media_type(request).and_then(|()| check_coding(request));
    let fingerprint = Fingerprint::of(request);
    // `Bytes` decompresses, with its limit on what comes out (`PayloadConfig`, set in the factory).
    let bytes = Bytes::from_request(request, payload);
    async move {
        let bytes = bytes.await.map_err(|error| unreadable(&error))?;
        if !bytes.is_empty() {
            media_type?;
        }
        let _already_set = fingerprint.0.set(to_hex(&sha256(&bytes)));
        Ok(bytes)
    }
}

/// The bytes as JSON, of which every name stands in its object once.
pub(super) fn parse_json(bytes: &[u8]) -> Result<Value, Problem> {
    let (value, doubles) = read_json(bytes)?;
    if doubles.is_empty() { Ok(value) } else { Err(Problem::invalid(doubles)) }
}

/// The same with a fault for each name that stands there again.
pub(super) fn read_json(bytes: &[u8]) -> Result<(Value, Vec<Fault>), Problem> {
    let (value, doubles) = strict_json::read(bytes).map_err(|unread| match unread {
        Unread::NoJson(error) => {
            Problem::new(Code::InvalidJson).with("line", error.line()).with("column", error.column())
        }
        Unread::TooLarge(pointer) => {
            Fault::at(pointer, FaultCode::OutOfRange).with("limit", format_args!("<= {:e}", f64::MAX)).into()
        }
    })?;
    Ok((value, doubles.into_iter().map(|pointer| Fault::at(pointer, FaultCode::Duplicate)).collect()))
}

/// A Rust value of what the schema of its type accepts.
pub(super) fn checked<T: DeserializeOwned + ToSchema>(schemas: Option<&Schemas>, value: Value) -> Result<T, Problem> {
    let value = check(&T::name(), schemas, value)?;
    serde_json::from_value(value).map_err(|error| {
        // Its text quotes what was sent.
        tracing::warn!(schema = %T::name(), category = ?error.classify(), "a body that its schema accepts does not fit its type");
        Fault::at("", FaultCode::WrongType).with("expected", T::name()).into()
    })
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let expected = if request.method() == actix_web::http::Method::PATCH {
        "application/merge-patch+json, application/json"
    } else {
        "application/json"
    };
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !given.is_empty() && expected.split(", ").any(|one| one == given) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType).with("expected", expected))
}

/// What the framework cannot decode it hands on as it is.
const CODINGS: [&str; 4] = ["br", "gzip", "zstd", "deflate"];

/// Refuses a body in a coding that is not known here (RFC 9110, 8.4), or in several, one over the other.
pub(super) fn check_coding(request: &HttpRequest) -> Result<(), Problem> {
    let mut given = request.headers().get_all(CONTENT_ENCODING);
    let (coding, further) = (given.next(), given.next());
    let is_known = coding.is_none_or(|coding| {
        let coding = coding.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        coding == "identity" || CODINGS.contains(&coding.as_str())
    });
    if is_known && further.is_none() {
        return Ok(());
    }
    let codings = CODINGS.join(", ");
    Err(Problem::new(Code::UnsupportedCoding).with("codings", &codings).header(ACCEPT_ENCODING.as_str(), &codings))
}

fn unreadable(error: &actix_web::Error) -> Problem {
    if error.as_response_error().status_code() == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::BodyTooLarge).with("limit", BODY_LIMIT)
    } else {
        Problem::new(Code::MalformedRequest)
    }
}

fn check(name: &str, schemas: Option<&Schemas>, mut value: Value) -> Result<Value, Problem> {
    let mut faults = Vec::new();
    if let (true, Some(fields)) = (name == NoFields::name(), value.as_object()) {
        // The validator does not say which field a schema without any refuses.
        faults.extend(fields.keys().map(|field| Fault::at(format!("/{}", escaped(field)), FaultCode::UnknownField)));
        return if faults.is_empty() { Ok(value) } else { Err(Problem::invalid(faults)) };
    }
    match schemas.and_then(|schemas| schemas.body_faults(name, &mut value)) {
        Some(found) => faults.extend(found),
        None => tracing::error!(schema = name, "no schema of that name is in the OpenAPI document"),
    }
    if faults.is_empty() { Ok(value) } else { Err(Problem::invalid(faults)) }
}

/// Query parameters that the operation's own description accepts. `T::OPERATION` names the operation.
#[derive(Debug)]
pub struct Query<T> {
    /// The parameters as a Rust value.
    pub filter: T,
    /// All but `limit` and `cursor`, in order of name: what a cursor is bound to.
    pub pairs: BTreeMap<String, String>,
    /// The path that was asked for.
    pub path: String,
}

/// The query parameters of one operation.
pub trait Filter: DeserializeOwned + 'static {
    /// The id of the operation that documents them.
    const OPERATION: &'static str;
}

impl<T: Filter> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read_query(request))
    }
}

fn read_query<T: Filter>(request: &HttpRequest) -> Result<Query<T>, Problem> {
    let schemas = request.app_data::<Data<Schemas>>();
    let Some(parameters) = schemas.and_then(|schemas| schemas.query(T::OPERATION)) else {
        tracing::error!(operation = T::OPERATION, "no operation of that name is in the OpenAPI document");
        return Err(Problem::new(Code::InternalError));
    };
    let (mut pairs, mut faults) = pairs_of(request.query_string());
    for (name, text) in &mut pairs {
        if text.contains('\0') {
            faults.push(Fault::parameter(name.as_str(), FaultCode::InvalidCharacter));
        }
        *text = parameters.formed(name, text);
    }
    let (object, found) = parameters.read(&pairs);
    faults.extend(found);
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let filter = serde_json::from_value(Value::Object(object)).map_err(|error| {
        let category = error.classify();
        tracing::warn!(operation = T::OPERATION, ?category, "a query that its schema accepts does not fit its type");
        Problem::new(Code::MalformedRequest)
    })?;
    let pairs = pairs.into_iter().filter(|(name, _)| name != "limit" && name != "cursor").collect();
    Ok(Query { filter, pairs, path: request.path().to_owned() })
}
