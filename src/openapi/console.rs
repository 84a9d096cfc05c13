//! `/openapi.json` and Swagger UI's files: read by anybody, the same for everybody, each compressed once.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use actix_web::{
    HttpRequest, HttpResponse,
    guard::Get,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue},
    web::{self, Path, Redirect, ServiceConfig, get},
};
use utoipa_swagger_ui::{Config, oauth};

use crate::{app::CachedPage, kit::problems::Problem};

/// Readers ask each time whether it has changed: another build may be behind the same address tomorrow.
const KEPT: HeaderValue = HeaderValue::from_static("public, no-cache");

/// Swagger UI's own scripts and its inline styles; it talks to this server alone.
const LOADED: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// The document and the files, in every form that they are sent in, made at the first request for each.
pub struct Console {
    document: String,
    document_page: OnceLock<Result<CachedPage, Problem>>,
    settings: Arc<Config<'static>>,
    /// By their names. There are as many as Swagger UI has.
    files: Mutex<HashMap<String, Arc<CachedPage>>>,
    /// Held while a file is compressed, so that each is compressed once. Other requests for it wait for the result.
    making: Mutex<()>,
}

impl Console {
    /// Of this document.
    pub fn new(document: String) -> Self {
        let sign_in = oauth::Config::new().client_id("swagger-ui").use_pkce_with_authorization_code_grant(true);
        let settings = Config::with_oauth_config(["/openapi.json"], sign_in)
            .display_request_duration(true)
            .deep_linking(true)
            .filter(true)
            .doc_expansion("none")
            .default_models_expand_depth(-1)
            .persist_authorization(false);
        Self {
            document,
            document_page: OnceLock::new(),
            settings: Arc::new(settings),
            files: Mutex::default(),
            making: Mutex::default(),
        }
    }

    /// Its addresses.
    pub fn routes(self: Arc<Self>) -> impl FnOnce(&mut ServiceConfig) {
        let console = Arc::clone(&self);
        let document = get().to(move |request| show_document(request, Arc::clone(&self)));
        let file = get().to(move |request, name| show_file(request, name, Arc::clone(&console)));
        move |service| {
            service
                .route("/openapi.json", document)
                .service(web::redirect("/", "/swagger-ui/").temporary())
                .service(Redirect::new("/swagger-ui", "/swagger-ui/").temporary())
                .service(web::resource("/swagger-ui/{file:.*}").guard(Get()).route(file));
        }
    }

    fn document_page(&self) -> Result<&CachedPage, Problem> {
        let page = self.document_page.get_or_init(|| CachedPage::new(self.document.clone().into_bytes(), None));
        page.as_ref().map_err(Clone::clone)
    }

    fn made(&self, name: &str) -> Option<Arc<CachedPage>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn make(&self, name: &str) -> Result<Arc<CachedPage>, Problem> {
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.made(name) {
            return Ok(made);
        }
        let file = utoipa_swagger_ui::serve(name, Arc::clone(&self.settings));
        let file = file.map_err(|error| Problem::internal(io::Error::other(error.to_string())))?;
        let file = file.ok_or_else(Problem::not_found)?;
        let page = Arc::new(CachedPage::of(&file.content_type, file.bytes.into_owned())?);
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&page));
        Ok(page)
    }
}

async fn show_document(request: HttpRequest, console: Arc<Console>) -> Result<HttpResponse, Problem> {
    if console.document_page.get().is_none() {
        let making = Arc::clone(&console);
        web::block(move || making.document_page().map(|_made| ())).await.map_err(Problem::internal)??;
    }
    Ok(answer(console.document_page()?, &request))
}

async fn show_file(request: HttpRequest, name: Path<String>, console: Arc<Console>) -> Result<HttpResponse, Problem> {
    let page = match console.made(&name) {
        Some(page) => page,
        None => web::block(move || console.make(&name)).await.map_err(Problem::internal)??,
    };
    Ok(answer(&page, &request))
}

fn answer(page: &CachedPage, request: &HttpRequest) -> HttpResponse {
    let mut answer = page.answer(request.headers());
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, LOADED);
    answer.headers_mut().insert(CACHE_CONTROL, KEPT);
    answer
}
