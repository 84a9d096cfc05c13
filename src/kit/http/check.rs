//! What is refused before a handler sees it, whatever the operation.

use actix_web::{
    Error, ResponseError as _,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{ACCEPT, ACCEPT_ENCODING, Accept, CONTENT_ENCODING, Header as _},
    middleware::Next,
    web::Data,
};

use super::{accept, operation::Operation, parameters::pairs_of, routes::route_of, schemas::Schemas};
use crate::kit::problems::{
    codes::{Code, FaultCode},
    faults::{Fault, Faults},
    problem::Problem,
};

const IDENTITY: &str = "identity";

/// Refuses a body in a content coding (415), an answer that the reader does not take (406), and query parameters where the
/// operation has none (422).
pub async fn check<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let checked = refuse_coded(&request).and_then(|()| match route_of(request.request()) {
        None => Ok(()),
        Some(route) => {
            refuse_unreadable(&request, route.operation).and_then(|()| refuse_unknown(&request, route.operation))
        }
    });
    match checked {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

/// A body in a content coding (gzip, br, zstd) is refused on every route before anything reads it, with
/// `Accept-Encoding: identity` (RFC 9110, 15.5.16; RFC 7694, 3). What a few bytes become is found out only by unpacking them.
fn refuse_coded(request: &ServiceRequest) -> Result<(), Problem> {
    let mut codings = request.headers().get_all(CONTENT_ENCODING);
    if codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(IDENTITY.as_bytes())) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedCoding).header(ACCEPT_ENCODING.as_str(), IDENTITY))
}

/// Does the reader take one of the media types that there are? No `Accept` takes them all.
fn refuse_unreadable(request: &ServiceRequest, operation: &Operation) -> Result<(), Problem> {
    let says_nothing = request.headers().get_all(ACCEPT).all(|line| line.as_bytes().trim_ascii().is_empty());
    let Some(first) = operation.gives.first().filter(|_| !says_nothing) else { return Ok(()) };
    // One that cannot be read asks for nothing.
    let Ok(accepted) = Accept::parse(request) else { return Ok(()) };
    if operation.gives.iter().any(|media_type| accept::takes(&accepted, media_type)) {
        return Ok(());
    }
    Err(Problem::new(Code::NotAcceptable).with("media_type", first))
}

/// Operations with query parameters refuse others themselves (`kit::http::body::Query`).
fn refuse_unknown(request: &ServiceRequest, operation: &Operation) -> Result<(), Problem> {
    if request.query_string().is_empty() || !operation.is_query_strict {
        return Ok(());
    }
    let parameters = request.app_data::<Data<Schemas>>().and_then(|schemas| schemas.query(operation.id));
    if parameters.is_some_and(|parameters| !parameters.is_empty()) {
        return Ok(());
    }
    let (pairs, mut faults): (_, Faults) = pairs_of(request.query_string());
    for (name, _) in pairs {
        faults.add(Fault::parameter(name, FaultCode::UnknownField));
    }
    faults.or(())
}
