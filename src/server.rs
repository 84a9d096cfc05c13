//! The one factory of the HTTP server, for `main` and for every test.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_cors::Cors;
use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    error::UrlencodedError,
    middleware::{Compress, from_fn},
    web::{self, Data, FormConfig, PathConfig, PayloadConfig, QueryConfig},
};
use utoipa_actix_web::AppExt as _;

use crate::{
    app::{App, Parts},
    belongings::Belongings,
    campaigns::{campaigns, checkins, pledges},
    config,
    db::Db,
    feed::activities,
    identity::{apps, authenticate::authenticate, keys, role_grants, staff},
    kit::{
        http::{
            Deadlines, Routes, Schemas, body::BODY_LIMIT, check::check, deadline::deadline, edge::edge,
            request_context::IDEMPOTENCY_KEY,
        },
        problems::{Code, Problem},
        secrets::Vault,
        values::Clock,
        work::metrics,
    },
    openapi::{self, console::Console},
    operation_table,
    organisation::{clusters, members, memberships},
    outside::zalo::Zalo,
    personal_data, routes,
};

/// What hangs on units and on members. Changes go through it in this order, so two of them cannot wait for each other: a member
/// comes before where they belong, and that before roles.
const BELONGINGS: Belongings = Belongings {
    on_units: &[
        &memberships::Belonging,
        &role_grants::Belonging,
        &clusters::Belonging,
        &campaigns::Belonging,
        &pledges::Belonging,
    ],
    on_members: &[
        &members::Belonging,
        &memberships::Belonging,
        &role_grants::Belonging,
        &staff::Belonging,
        &pledges::Belonging,
        &checkins::Belonging,
        &activities::Belonging,
    ],
};

/// Everything that the server's threads share, made once.
#[derive(Clone)]
pub struct Server {
    /// The shared state.
    pub app: Data<App>,
    routes: Data<Routes>,
    schemas: Data<Schemas>,
    deadlines: Data<Deadlines>,
    console: Arc<Console>,
    origins: Vec<String>,
}

/// What a server is built from.
pub struct ServerParts {
    /// Every setting.
    pub config: config::Config,
    /// Where data is kept, migrated.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What encrypts and hashes.
    pub vault: Vault,
}

impl Server {
    /// Builds it: reads the keys, compiles the schemas, and connects to nobody else yet.
    pub async fn build(parts: ServerParts) -> anyhow::Result<Self> {
        let ServerParts { config, db, clock, vault } = parts;
        metrics::install();
        let made = made_of_the_code()?;
        let keys = keys::load_or_make(&db, &clock, &vault, &config.public_url()).await?;
        let zalo = Zalo::new(config.zalo_settings(), &clock)?;
        let origins = config.server.cors_origins.clone();
        let request = Duration::from_secs(config.server.request_seconds);
        let deadlines = Data::new(Deadlines { request });
        let parts = Parts { config, db, clock, vault, keys, zalo, belongings: BELONGINGS };
        let app = App::new(parts);
        if let Err(error) = app.files.clean_temporary().await {
            tracing::warn!(%error, "what is left of temporary files could not be removed");
        }
        personal_data::apply_erasures_again(&app).await?;
        apps::load_origins(&app).await;
        Ok(Self {
            app: Data::new(app),
            routes: made.routes,
            schemas: made.schemas,
            deadlines,
            console: made.console,
            origins,
        })
    }

    /// The application that answers requests.
    pub fn service(
        &self,
    ) -> actix_web::App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let (rooms, _) = actix_web::App::new().into_utoipa_app().configure(routes::configure).split_for_parts();
        rooms
            .app_data(self.app.clone())
            .app_data(self.routes.clone())
            .app_data(self.schemas.clone())
            .app_data(self.deadlines.clone())
            .app_data(PayloadConfig::new(BODY_LIMIT))
            .app_data(FormConfig::default().limit(FORM_LIMIT).error_handler(|error, _| bad_form(&error).into()))
            .app_data(QueryConfig::default().error_handler(|error, _| malformed(&error).into()))
            .app_data(PathConfig::default().error_handler(|_, request| no_such_id(request).into()))
            .configure(Arc::clone(&self.console).routes())
            .default_service(web::to(nothing_here))
            .wrap(from_fn(check))
            .wrap(from_fn(authenticate))
            .wrap(from_fn(deadline))
            .wrap(cors(self.origins.clone(), self.app.clone()))
            .wrap(Compress::default())
            .wrap(from_fn(edge))
    }

    /// The application that answers operators and their tools, on an address of its own: probes and figures.
    pub fn internal_service(
        &self,
    ) -> actix_web::App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        actix_web::App::new()
            .configure(routes::configure_internal)
            .app_data(self.app.clone())
            .app_data(self.deadlines.clone())
            .wrap(from_fn(deadline))
            .wrap(from_fn(edge))
    }
}

/// What depends on the code alone.
#[derive(Clone)]
struct MadeOfTheCode {
    routes: Data<Routes>,
    schemas: Data<Schemas>,
    console: Arc<Console>,
}

/// Made once in a process, however many houses it builds: in a test run that is hundreds.
fn made_of_the_code() -> anyhow::Result<MadeOfTheCode> {
    static MADE: OnceLock<MadeOfTheCode> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made.clone());
    }
    let document = openapi::document();
    let made = MadeOfTheCode {
        routes: Data::new(Routes::of(&document, operation_table::row)?),
        schemas: Data::new(Schemas::compile(&document)?),
        console: Arc::new(Console::new(openapi::text(&document))),
    };
    Ok(MADE.get_or_init(|| made).clone())
}

/// The largest form without a file, in bytes: what the sign-in page posts.
const FORM_LIMIT: usize = 16 * 1024;

fn bad_form(error: &UrlencodedError) -> Problem {
    match error {
        UrlencodedError::Overflow { .. } => Problem::new(Code::BodyTooLarge).with("limit", FORM_LIMIT),
        UrlencodedError::ContentType => {
            Problem::new(Code::UnsupportedMediaType).with("expected", "application/x-www-form-urlencoded")
        }
        other => malformed(other),
    }
}

fn malformed(error: &dyn std::fmt::Display) -> Problem {
    tracing::debug!(%error, "a request that cannot be read");
    Problem::new(Code::MalformedRequest)
}

/// No id stands in this path. A word that stands there may be an address of its own, which takes other methods.
fn no_such_id(request: &HttpRequest) -> Problem {
    let allow = allow(request);
    let is_taken = |allow: &String| allow.split(", ").any(|method| method == request.method().as_str());
    allow.filter(|allow| !is_taken(allow)).map_or_else(Problem::not_found, |allow| not_allowed(request, &allow))
}

/// Nothing answered: there is nothing at this address, or it takes other methods.
async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(allow(&request).map_or_else(Problem::not_found, |allow| not_allowed(&request, &allow)))
}

fn allow(request: &HttpRequest) -> Option<String> {
    request.app_data::<Data<Routes>>()?.allow(request.path()).map(str::to_owned)
}

fn not_allowed(request: &HttpRequest, allow: &str) -> Problem {
    Problem::new(Code::MethodNotAllowed).with("method", request.method()).header("allow", allow)
}

/// Exact origins, matched as text: the Mini App's web view has one of a scheme of its own.
fn cors(origins: Vec<String>, app: Data<App>) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, _| {
            let origin = origin.as_bytes();
            origins.iter().any(|allowed| allowed.as_bytes() == origin) || app.is_origin_of_an_app(origin)
        })
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "authorization",
            "content-type",
            "accept-language",
            "if-match",
            "if-none-match",
            "x-request-id",
        ])
        .allowed_header(IDEMPOTENCY_KEY)
        .expose_headers([
            "content-location",
            "etag",
            "link",
            "location",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "x-request-id",
            "idempotent-replayed",
        ])
        .block_on_origin_mismatch(false)
        .max_age(7200)
}
