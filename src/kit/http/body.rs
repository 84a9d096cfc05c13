//! What comes in: a body or a query string, brought to one normal form, checked against the operation's own schema with
//! every fault at once (up to `MOST_FAULTS`), and only then made a Rust value.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
    web::{Bytes, Data},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    operation::Takes,
    parameters::pairs_of,
    routes::route_of,
    schemas::Schemas,
    strict_json::{self, Read, Unread},
};
use crate::kit::{
    problems::{
        codes::{Code, FaultCode},
        faults::{Fault, Faults},
        problem::Problem,
    },
    secrets::secret::{sha256, to_hex},
};

/// The largest body, in bytes (media apart).
pub const BODY_LIMIT: usize = 1024 * 1024;
const NOTHING: &[u8] = b"{}";

/// A JSON body that its schema accepts, each of its texts in its one form (`kit::values::text`).
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
            checked(schemas.as_ref(), bytes).map(Body)
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
            checked(schemas.as_ref(), bytes).map(OptionalBody)
        })
    }
}

/// The bytes of a JSON body, with their fingerprint taken.
pub(super) fn read_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let media_type = check_media_type(request);
    let length = request.headers().get(CONTENT_LENGTH);
    let is_announced = length.is_some_and(|length| length != "0") || request.headers().contains_key(TRANSFER_ENCODING);
    let fingerprint = Fingerprint::of(request);
    // `Bytes` has the limit of `PayloadConfig`, set in the factory.
    let bytes = Bytes::from_request(request, payload);
    async move {
        // Before anything of it is read.
        if is_announced {
            media_type.clone()?;
        }
        let bytes = bytes.await.map_err(|error| unreadable(&error))?;
        if !bytes.is_empty() {
            media_type?;
        }
        let _already_set = fingerprint.0.set(to_hex(&sha256(&bytes)));
        Ok(bytes)
    }
}

/// What the bytes say, as the schema of `T` describes it, with every fault.
pub(super) fn read_json<T: ToSchema>(schemas: Option<&Schemas>, bytes: &[u8]) -> Result<Read, Problem> {
    let Some(shape) = schemas.and_then(|schemas| schemas.body(&T::name())) else {
        tracing::error!(schema = %T::name(), "no schema of that name is in the OpenAPI document");
        return Err(Problem::new(Code::InternalError));
    };
    strict_json::read(bytes, shape).map_err(|unread| match unread {
        Unread::NoJson(error) => {
            Problem::new(Code::InvalidJson).with("line", error.line()).with("column", error.column())
        }
        Unread::TooLarge(pointer) => {
            Fault::at(pointer, FaultCode::OutOfRange).with("limit", format_args!("<= {:e}", f64::MAX)).into()
        }
    })
}

/// A Rust value of what was read, unless something is wrong with it.
pub(super) fn made<T: DeserializeOwned + ToSchema>(value: Value, faults: Faults) -> Result<T, Problem> {
    let value = faults.or(value)?;
    serde_json::from_value(value).map_err(|error| {
        // Its text quotes what was sent.
        tracing::warn!(schema = %T::name(), category = ?error.classify(), "a body that its schema accepts does not fit its type");
        Fault::at("", FaultCode::WrongType).with("expected", T::name()).into()
    })
}

fn checked<T: DeserializeOwned + ToSchema>(schemas: Option<&Data<Schemas>>, bytes: &[u8]) -> Result<T, Problem> {
    let read = read_json::<T>(schemas.map(Data::get_ref), bytes)?;
    made(read.value, read.faults)
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let expected = route_of(request).map_or(Takes::Json, |route| route.operation.takes).media_types();
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if expected.contains(&given.as_str()) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType).with("expected", expected.join(", ")))
}

fn unreadable(error: &actix_web::Error) -> Problem {
    if error.as_response_error().status_code() == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::BodyTooLarge).with("limit", BODY_LIMIT)
    } else {
        Problem::new(Code::MalformedRequest)
    }
}

/// Query parameters that the operation's own description accepts.
#[derive(Debug)]
pub struct Query<T> {
    /// The parameters as a Rust value.
    pub filter: T,
    /// All but `limit` and `cursor`, in order of name: what a cursor is bound to.
    pub pairs: BTreeMap<String, String>,
    /// The path that was asked for.
    pub path: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read_query(request))
    }
}

fn read_query<T: DeserializeOwned>(request: &HttpRequest) -> Result<Query<T>, Problem> {
    let schemas = request.app_data::<Data<Schemas>>();
    let operation = route_of(request).map_or("", |route| route.operation.id);
    let Some(parameters) = schemas.and_then(|schemas| schemas.query(operation)) else {
        tracing::error!(operation, "no operation of that name is in the OpenAPI document");
        return Err(Problem::new(Code::InternalError));
    };
    let (pairs, mut faults) = pairs_of(request.query_string());
    let object = parameters.read(&pairs, &mut faults);
    let object = faults.or(object)?;
    let bound = object.iter().filter(|(name, _)| *name != "limit" && *name != "cursor");
    let pairs =
        bound.map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let pairs = pairs.collect();
    let filter = serde_json::from_value(Value::Object(object)).map_err(|error| {
        let category = error.classify();
        tracing::warn!(operation, ?category, "a query that its schema accepts does not fit its type");
        Problem::new(Code::MalformedRequest)
    })?;
    Ok(Query { filter, pairs, path: request.path().to_owned() })
}
