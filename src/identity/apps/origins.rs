//! The origins that apps call from, in memory: a browser's preflight asks for no database.

use super::store;
use crate::app::App;

/// Reads them anew. Without an answer the known ones stay.
pub async fn load_origins(app: &App) {
    match store::origins(app.db.reads()).await {
        Ok(origins) => app.set_origins(origins),
        Err(error) => tracing::warn!(%error, "the origins of client apps cannot be read; the known ones stay"),
    }
}
