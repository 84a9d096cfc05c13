//! Changes of client apps.

use serde_json::{Value, json};

use super::{ClientApp, store, wire::AppPatch};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{http::IfMatch, problems::Problem, secrets::secret::token_hash, values::ClientAppId},
};

/// Adds an app.
pub async fn create(tx: &Tx, mut app: ClientApp) -> Result<ClientApp, Problem> {
    app.created_at = tx.now();
    store::insert(tx, &app).await?;
    record(tx, "create_app", None, Some(&app)).await?;
    Ok(app)
}

/// Changes an app.
pub async fn update(tx: &Tx, id: ClientAppId, seen: &IfMatch, patch: AppPatch) -> Result<ClientApp, Problem> {
    let mut app = store::find_for_change(tx, id).await?.ok_or_else(Problem::not_found)?;
    seen.check(app.version)?;
    let before = app.clone();
    patch.apply(&mut app, tx.now());
    store::save(tx, &mut app).await?;
    record(tx, "update_app", Some(&before), Some(&app)).await?;
    Ok(app)
}

/// Ends an app for good.
pub async fn delete(tx: &Tx, id: ClientAppId, seen: &IfMatch) -> Result<(), Problem> {
    let app = store::find_for_change(tx, id).await?.ok_or_else(Problem::not_found)?;
    seen.check(app.version)?;
    store::delete(tx, id).await?;
    record(tx, "delete_app", Some(&app), None).await
}

/// Replaces an app's secret. The old one is of no more use at once; tokens that it got end within 15 minutes.
pub async fn rotate_secret(tx: &Tx, id: ClientAppId, secret: &str) -> Result<ClientApp, Problem> {
    let mut app = store::find_for_change(tx, id).await?.ok_or_else(Problem::not_found)?;
    app.secret_hash = token_hash(secret);
    store::save(tx, &mut app).await?;
    record(tx, "rotate_app_secret", None, Some(&app)).await?;
    Ok(app)
}

async fn record(
    tx: &Tx,
    action: &'static str,
    before: Option<&ClientApp>,
    after: Option<&ClientApp>,
) -> Result<(), Problem> {
    let Some(app) = after.or(before) else { return Ok(()) };
    let subject = Subject { kind: "app", id: app.id.0 };
    match (before, after) {
        (Some(before), Some(after)) => audit::changed(tx, action, subject, shown(before), shown(after)).await?,
        _ => audit::record(tx, action, subject, before.map(shown), after.map(shown)).await?,
    }
    tx.after_commit(Effect::ForgetCallers);
    Ok(())
}

fn shown(app: &ClientApp) -> Value {
    json!({"name": app.name, "scopes": app.scopes, "allowed_origins": app.allowed_origins,
        "requests_per_minute": app.requests_per_minute, "disabled_at": app.disabled_at})
}
