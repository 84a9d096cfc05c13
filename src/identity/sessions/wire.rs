//! Sessions on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::Session;
use crate::kit::values::SessionId;

/// A device that is signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// What the device is called, as far as it says; null where it does not.
    #[schema(examples("Zalo · SM-A536E (Android 14)"))]
    pub device: Option<String>,
    /// By which client: `mini-app`, `swagger-ui`, `command-line`.
    #[schema(examples("mini-app"))]
    pub client_id: String,
    /// When it was signed in.
    pub created_at: DateTime<Utc>,
    /// When it last got an access token: it was used within 15 minutes after that.
    pub last_used_at: DateTime<Utc>,
    /// Until when it may be left alone before it has to sign in again.
    pub expires_at: DateTime<Utc>,
    /// Is it the one that asks?
    pub is_current: bool,
}

impl SessionView {
    /// As it is shown to this session.
    pub fn shown_to(current: SessionId, session: Session) -> Self {
        Self {
            id: session.id,
            device: session.device,
            client_id: session.client_id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            is_current: session.id == current,
        }
    }
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionFilter {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
