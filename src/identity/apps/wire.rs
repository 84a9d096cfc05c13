//! Client apps on the wire.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ClientApp, client_app::is_origin};
use crate::kit::{
    http::caller::SCOPES,
    problems::{Fault, FaultCode, Faults, Problem},
    secrets::secret::random_token,
    values::{
        ClientAppId,
        patch::{given, given_or_empty, set},
    },
};

/// An app to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Cổng thông tin", "scopes": ["activities:read", "campaigns:read"], "allowed_origins": ["https://cong.example"]}))]
pub struct NewApp {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it may do.
    #[schema(max_items = 20)]
    pub scopes: Vec<String>,
    /// Where its pages call from, as browsers say it in `Origin`: `https://`, a host, and a port if it is not the usual one.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub allowed_origins: Vec<String>,
    /// How many requests a minute it may make, on each replica; absent: as many as the settings say.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub requests_per_minute: Option<u32>,
}

/// Changes of an app: absent is unchanged, null is cleared.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scopes": ["activities:read"], "disabled": false}))]
pub struct AppPatch {
    /// What people call it.
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// What it may do; null: nothing. Tokens that it has lose what it loses within 5 seconds.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 20)]
    pub scopes: Option<Vec<String>>,
    /// Where its pages call from; null: from nowhere.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 20)]
    pub allowed_origins: Option<Vec<String>>,
    /// How many requests a minute it may make, on each replica; null: as many as the settings say.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    pub requests_per_minute: Option<Option<u32>>,
    /// May it do nothing for now? Its tokens end within 5 seconds.
    #[schema(nullable = false)]
    pub disabled: Option<bool>,
}

/// A client app.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppView {
    /// Its id.
    pub id: ClientAppId,
    /// What it signs in as.
    #[schema(examples("app-3f9c2a7b1d5e8f60"))]
    pub client_id: String,
    /// What people call it.
    #[schema(examples("Cổng thông tin"))]
    pub name: String,
    /// What it may do.
    #[schema(examples(json!(["activities:read", "campaigns:read"])))]
    pub scopes: Vec<String>,
    /// Where its pages call from.
    #[schema(examples(json!(["https://cong.example"])))]
    pub allowed_origins: Vec<String>,
    /// How many requests a minute it may make, on each replica; null: as many as the settings say.
    pub requests_per_minute: Option<u32>,
    /// May it do nothing for now?
    pub disabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An app with its secret, shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppWithSecret {
    /// The app.
    #[serde(flatten)]
    pub app: AppView,
    /// For the token endpoint. It cannot be read again, only replaced.
    #[schema(examples("Zk3J0m7Q2r9xV1n5b8c4d6e0f2g4h6i8j0k2l4m6n8o"))]
    pub client_secret: String,
}

impl NewApp {
    /// The app with this secret, if everything is as it should be.
    pub fn parse(self, secret: &str) -> Result<ClientApp, Problem> {
        let mut faults = Faults::new();
        check_scopes(&mut faults, &self.scopes);
        check_origins(&mut faults, &self.allowed_origins);
        let id: String = random_token().chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let app = ClientApp::new(&format!("app-{}", id.to_lowercase()), &self.name, secret, &[]);
        faults.or(ClientApp {
            scopes: self.scopes,
            allowed_origins: self.allowed_origins,
            requests_per_minute: self.requests_per_minute.and_then(NonZeroU32::new),
            ..app
        })
    }
}

impl AppPatch {
    /// The same, if everything is as it should be.
    pub fn parse(self) -> Result<Self, Problem> {
        let mut faults = Faults::new();
        check_scopes(&mut faults, self.scopes.as_deref().unwrap_or_default());
        check_origins(&mut faults, self.allowed_origins.as_deref().unwrap_or_default());
        faults.or(self)
    }

    /// Changes the app.
    pub fn apply(self, app: &mut ClientApp, now: DateTime<Utc>) {
        set(&mut app.name, self.name);
        set(&mut app.scopes, self.scopes);
        set(&mut app.allowed_origins, self.allowed_origins);
        if let Some(number) = self.requests_per_minute {
            app.requests_per_minute = number.and_then(NonZeroU32::new);
        }
        match self.disabled {
            Some(true) => app.disabled_at = app.disabled_at.or(Some(now)),
            Some(false) => app.disabled_at = None,
            None => {}
        }
    }
}

fn check_scopes(faults: &mut Faults, scopes: &[String]) {
    for (place, scope) in scopes.iter().enumerate() {
        if !SCOPES.contains(&scope.as_str()) {
            let fault = Fault::at(format!("/scopes/{place}"), FaultCode::NotOneOf);
            faults.add(fault.with("options", SCOPES.join(", ")));
        } else if scopes.iter().take(place).any(|other| other == scope) {
            faults.add(Fault::at(format!("/scopes/{place}"), FaultCode::Duplicate));
        }
    }
}

fn check_origins(faults: &mut Faults, origins: &[String]) {
    for (place, origin) in origins.iter().enumerate() {
        if !is_origin(origin) {
            let fault = Fault::at(format!("/allowed_origins/{place}"), FaultCode::WrongFormat);
            faults.add(fault.with("expected", "https://host[:port]"));
        }
    }
}

impl From<ClientApp> for AppView {
    fn from(app: ClientApp) -> Self {
        Self {
            id: app.id,
            client_id: app.client_id,
            name: app.name,
            scopes: app.scopes,
            allowed_origins: app.allowed_origins,
            requests_per_minute: app.requests_per_minute.map(NonZeroU32::get),
            disabled: app.disabled_at.is_some(),
            created_at: app.created_at,
        }
    }
}

/// Which apps.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AppFilter {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
