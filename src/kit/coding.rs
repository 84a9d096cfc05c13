//! Bodies come as they are: one in a content coding (gzip, br, zstd) is refused before anything reads it, on every route. What
//! a few bytes of it become is found out only by unpacking them.

use actix_web::{
    Error, ResponseError as _,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{ACCEPT_ENCODING, CONTENT_ENCODING},
    middleware::Next,
};

use super::{codes::Code, problem::Problem};

const IDENTITY: &str = "identity";

/// Refuses requests in a content coding with 415 and `Accept-Encoding: identity` (RFC 9110, 15.5.16; RFC 7694, 3). It stands
/// before the extractors, which would decompress.
pub async fn refuse_coded<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let mut codings = request.headers().get_all(CONTENT_ENCODING);
    if codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(IDENTITY.as_bytes())) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let problem = Problem::new(Code::UnsupportedCoding).header(ACCEPT_ENCODING.as_str(), IDENTITY);
    Ok(request.into_response(problem.error_response()).map_into_right_body())
}
