//! Avatars over HTTP.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG},
    web::{Data, Path},
};

use super::actions;
use crate::{
    app::App,
    kit::{http::etag, problems::Problem},
};

/// Whoever has the address may keep the picture; what it holds never changes.
const FOR_GOOD: &str = "private, max-age=2592000, immutable";

/// Show an avatar
///
/// By the address in a profile. It needs no sign-in, as pictures in pages cannot send one; nobody guesses it.
#[utoipa::path(tag = "avatars",
    params(("content_hash" = String, Path, description = "From the address"), ("size" = u32, Path, description = "96 or 384, pixels a side")),
    responses((status = 200, description = "The picture", body = [u8], content_type = "image/jpeg"), (status = 404, description = "not_found")))]
#[get("/avatars/{content_hash}/{size}")]
pub async fn find_avatar(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, u32)>,
) -> Result<HttpResponse, Problem> {
    let (hash, size) = path.into_inner();
    let bytes = actions::read(&app, &hash, size).await?.ok_or_else(Problem::not_found)?;
    let tag = format!("\"{hash}-{size}\"");
    let is_known = etag::is_known(request.headers(), &tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, FOR_GOOD));
    if is_known {
        return Ok(answer.finish());
    }
    Ok(answer.content_type("image/jpeg").insert_header((CONTENT_DISPOSITION, "inline")).body(bytes))
}
