//! What a handler gives back. It becomes a response with its `ETag`, a 304 where the reader has those bytes already, and
//! can be kept under an `Idempotency-Key` and given again.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        Method, StatusCode,
        header::{
            ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK, LOCATION, VARY,
        },
    },
    web::Bytes,
};
use serde::Serialize;

use super::{
    etag,
    page::{Listed, Slice},
};
use crate::kit::{problems::problem::Problem, values::language::Language};

/// What an operation answers: a `T`, or a problem.
pub type Answer<T> = Result<Reply<T>, Problem>;

const JSON: &str = "application/json";

/// A successful answer.
#[derive(Debug)]
pub struct Reply<T> {
    status: u16,
    headers: Vec<(String, String)>,
    version: Option<i64>,
    content: Content<T>,
}

#[derive(Debug)]
enum Content<T> {
    View(T),
    Kept(Vec<u8>),
    Nothing,
}

/// An answer as bytes, as it is kept for a repeated request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    /// Headers that belong to this answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl<T> Reply<T> {
    /// 200 with this.
    pub const fn ok(view: T) -> Self {
        Self { status: 200, headers: Vec::new(), version: None, content: Content::View(view) }
    }

    /// 201 with this, which is now at `location`.
    pub fn created(location: String, view: T) -> Self {
        Self::ok(view).made_at(location)
    }

    /// The same as a 201: it is new, and now at `location`.
    pub fn made_at(mut self, location: String) -> Self {
        self.status = 201;
        self.with(&LOCATION, location)
    }

    /// 202 with what has begun, which can be watched at `location`.
    pub fn accepted(location: String, view: T) -> Self {
        Self { status: 202, ..Self::ok(view) }.with(&LOCATION, location)
    }

    /// 204.
    pub const fn nothing() -> Self {
        Self { status: 204, headers: Vec::new(), version: None, content: Content::Nothing }
    }

    /// The same, tagged with the version of its row.
    pub const fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// The same, tagged by a part of it alone: what stands around that does not make it another answer.
    pub fn tagged_by<P: Serialize>(self, part: impl FnOnce(&T) -> &P) -> Answer<T> {
        let Content::View(view) = &self.content else { return Ok(self) };
        let bytes = serde_json::to_vec(part(view)).map_err(Problem::internal)?;
        Ok(self.with(&ETAG, etag::tag_of(None, &bytes)))
    }

    /// The same, which is worded in this language as `Accept-Language` asked for it.
    pub fn in_language(self, language: Language) -> Self {
        self.with(&CONTENT_LANGUAGE, language.tag().to_owned()).with(&VARY, ACCEPT_LANGUAGE.as_str().to_owned())
    }

    /// The same, with a header.
    pub fn with(mut self, name: &HeaderName, value: String) -> Self {
        self.headers.push((name.as_str().to_owned(), value));
        self
    }
}

impl<T> Reply<Listed<T>> {
    /// 200 with a page of a list and its `Link`.
    pub fn list(slice: Slice<T>) -> Self {
        let link = slice.link().map(str::to_owned);
        let reply = Self::ok(slice.into_listed());
        match link {
            Some(link) => reply.with(&LINK, link),
            None => reply,
        }
    }
}

impl<T: Serialize> Reply<T> {
    /// As bytes.
    pub fn render(self) -> Result<Rendered, Problem> {
        let body = match self.content {
            Content::View(view) => serde_json::to_vec(&view).map_err(Problem::internal)?,
            Content::Kept(bytes) => bytes,
            Content::Nothing => Vec::new(),
        };
        let mut headers = self.headers;
        let is_tagged = headers.iter().any(|(name, _)| name == ETAG.as_str());
        if !is_tagged && !body.is_empty() {
            headers.push((ETAG.as_str().to_owned(), etag::tag_of(self.version, &body)));
        }
        Ok(Rendered { status: self.status, headers, body })
    }
}

impl<T> From<Rendered> for Reply<T> {
    fn from(rendered: Rendered) -> Self {
        let content = if rendered.body.is_empty() { Content::Nothing } else { Content::Kept(rendered.body) };
        Self { status: rendered.status, headers: rendered.headers, version: None, content }
    }
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self.render() {
            Ok(rendered) => respond(request, rendered),
            Err(problem) => actix_web::ResponseError::error_response(&problem),
        }
    }
}

fn respond(request: &HttpRequest, rendered: Rendered) -> HttpResponse {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let tag = rendered.headers.iter().find(|(name, _)| name == ETAG.as_str()).map(|(_, tag)| tag.as_str());
    let tag = tag.filter(|_| is_read && rendered.status == 200);
    let known = tag.and_then(|tag| etag::known_in_any_coding(request.headers(), tag));
    let is_known = known.is_some();
    let status = if is_known { 304 } else { rendered.status };
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
    for (name, value) in &rendered.headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    if let Some(known) = known {
        response.insert_header((ETAG, known));
    }
    if is_known || rendered.body.is_empty() {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(JSON))).body(Bytes::from(rendered.body))
}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Carries the facts; the outermost middleware words them (`kit::http::edge`).
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code()).finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}
