//! What makes a repeated request the same request: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). The door
//! (`App::change`) keeps the answer under it, in the transaction of the change itself.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};

use super::{body::Fingerprint, caller::Caller, edge::RequestId};
use crate::kit::problems::{codes::Code, problem::Problem};

/// The header's name.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const LONGEST_KEY: usize = 255;

/// Who wants this change, by which request, and under which key, if the client gave one.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The caller's key, or `anonymous`.
    pub caller: String,
    /// The request's id.
    pub request_id: Option<String>,
    /// The client's key with its scope.
    pub key: Option<Key>,
}

/// A client's key with its scope.
#[derive(Clone, Debug)]
pub struct Key {
    /// Who asks.
    pub caller: String,
    /// Method and path.
    pub operation: String,
    /// What the client made up.
    pub key: String,
    /// Is the answer a secret, to be kept encrypted?
    pub has_secret_answer: bool,
    fingerprint: Fingerprint,
}

impl RequestContext {
    /// For an operation that answers with a secret: what is kept of it is encrypted.
    #[must_use]
    pub fn with_secret_answer(mut self) -> Self {
        if let Some(key) = &mut self.key {
            key.has_secret_answer = true;
        }
        self
    }
}

impl Key {
    /// The hash of the body; empty where the operation reads none.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.0.get().cloned().unwrap_or_default()
    }
}

impl FromRequest for RequestContext {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<RequestContext, Problem> {
    let caller = request.extensions().get::<Caller>().map_or_else(|| "anonymous".to_owned(), Caller::key);
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let key = match request.headers().get(IDEMPOTENCY_KEY) {
        None => None,
        Some(header) => {
            // The draft's quoted string and a bare one are the same key.
            let key = header.to_str().unwrap_or_default().trim().trim_matches('"').to_owned();
            if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                return Err(Problem::new(Code::InvalidIdempotencyKey));
            }
            let operation = format!("{} {}", request.method(), request.path());
            let fingerprint = Fingerprint::of(request);
            Some(Key { caller: caller.clone(), operation, key, has_secret_answer: false, fingerprint })
        }
    };
    Ok(RequestContext { caller, request_id, key })
}
