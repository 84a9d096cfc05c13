//! Query strings, read strictly: each parameter once, in UTF-8, and none that the operation does not know, whether it takes
//! some or none at all. A misspelt filter that is passed over in silence shows more than was asked for.

use std::collections::HashMap;

use actix_web::{
    Error, ResponseError as _,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ResourceDef, ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use serde_json::Value;

use super::{
    codes::FaultCode,
    faults::{Fault, Faults},
    problem::Problem,
    schemas::Schemas,
};

/// Where unknown parameters are passed over: OAuth says so (RFC 6749, 3.1 and 3.2), and what providers add to the addresses
/// of their events is theirs.
const LENIENT_BELOW: &[&str] = &["/oauth/", "/v1/hooks/"];

/// Does the operation at this path of the document refuse parameters that it does not know?
pub fn is_strict(path: &str) -> bool {
    !LENIENT_BELOW.iter().any(|folder| path.starts_with(folder))
}

/// The operations without parameters of their own, by where they are.
#[derive(Default)]
pub struct Bare {
    plain: HashMap<String, Vec<String>>,
    patterns: Vec<(ResourceDef, Vec<String>)>,
}

impl Bare {
    /// Of the document's paths.
    pub fn of(document: &Value) -> Self {
        let mut bare = Self::default();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let operations = item.as_object().into_iter().flatten();
            let is_bare = |operation: &Value| is_strict(path) && !takes_query(operation);
            let operations = operations.filter(|(_, operation)| is_bare(operation));
            let methods = operations.map(|(method, _)| method.to_uppercase()).collect();
            if path.contains('{') {
                bare.patterns.push((ResourceDef::new(path.as_str()), methods));
            } else {
                bare.plain.insert(path.clone(), methods);
            }
        }
        bare
    }

    fn has(&self, method: &str, path: &str) -> bool {
        // Without a look at the patterns for what is asked most: lists.
        let methods = self
            .plain
            .get(path)
            .or_else(|| self.patterns.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods));
        methods.is_some_and(|methods| methods.iter().any(|taken| taken == method))
    }
}

fn takes_query(operation: &Value) -> bool {
    let mut parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    parameters.any(|one| one.get("in").and_then(Value::as_str) == Some("query"))
}

/// Refuses parameters where an operation takes none. Those that take some refuse others themselves (`kit::body::Query`).
pub async fn refuse_unknown<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let faults = if request.query_string().is_empty() { Faults::new() } else { faults_of(&request) };
    if faults.is_empty() {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    Ok(request.into_response(Problem::invalid(faults).error_response()).map_into_right_body())
}

fn faults_of(request: &ServiceRequest) -> Faults {
    let schemas = request.app_data::<Data<Schemas>>();
    if !schemas.is_some_and(|schemas| schemas.bare.has(request.method().as_str(), request.path())) {
        return Faults::new();
    }
    let (pairs, mut faults) = pairs_of(request.query_string());
    for (name, _) in pairs {
        faults.add(Fault::parameter(name, FaultCode::UnknownField));
    }
    faults
}

/// The pairs of a query string, decoded (WHATWG URL, 5.1), and a fault for each that cannot be.
pub fn pairs_of(query: &str) -> (Vec<(String, String)>, Faults) {
    let (mut pairs, mut faults) = (Vec::new(), Faults::new());
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
        match (decoded(name), decoded(text)) {
            (Some(name), Some(text)) => pairs.push((name, text)),
            (name, _) => faults.add(Fault::parameter(name.unwrap_or_else(|| name_of(piece)), FaultCode::BadEncoding)),
        }
        if faults.has_more() {
            break;
        }
    }
    (pairs, faults)
}

/// A name as well as it can be read.
fn name_of(piece: &str) -> String {
    url::form_urlencoded::parse(piece.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => (digit(rest.next()?)? << 4) | digit(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_or_a_fault() {
        let (pairs, faults) = pairs_of("q=c%C3%A2y+xanh&&limit=1&x=%FF&y=%4&%zz=1&z=%C3%28");

        assert_eq!(pairs, [("q".to_owned(), "cây xanh".to_owned()), ("limit".to_owned(), "1".to_owned())]);
        let list = faults.into_list();
        let found: Vec<_> = list.iter().map(|fault| (fault.place.as_str(), fault.code)).collect();
        let bad = FaultCode::BadEncoding;
        assert_eq!(found, [("x", bad), ("y", bad), ("%zz", bad), ("z", bad)]);
    }
}
