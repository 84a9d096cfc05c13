//! Explanations over HTTP.

use actix_web::{
    HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType},
    web::Path,
};
use maud::{DOCTYPE, html};

use crate::kit::{
    problems::{Code, Problem},
    values::Language,
};

/// Explain a problem
///
/// A page for people: what a code means, in Vietnamese and English.
#[utoipa::path(tag = "problems", params(("code" = String, Path, description = "The code", example = "not_found")),
    responses((status = 200, body = String, content_type = "text/html")))]
#[get("/problems/{code}")]
pub async fn explain_problem(path: Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::ALL.iter().find(|code| code.name() == path.as_str()).ok_or_else(Problem::not_found)?;
    let example = Problem::example(*code);
    let page = html! {
        (DOCTYPE)
        html lang="vi" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (code.name()) " · Thi Đua" }
                style { "body{font:17px/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}code{background:#eee;padding:.1em .3em}" }
            }
            body {
                p { code { (code.status()) " " (code.name()) } }
                @for language in [Language::Vietnamese, Language::English] {
                    section lang=(language.tag()) {
                        h1 { (code.title(language)) }
                        p { (example.detail(language)) }
                    }
                }
            }
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .body(page.0))
}
