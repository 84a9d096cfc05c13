//! The audit log over HTTP.

use actix_web::{get, web::Data};

use super::{
    store,
    wire::{AuditFilter, AuditRowView},
};
use crate::{
    app::App,
    kit::http::{Admin, Answer, Listed, Query, Reply},
};

/// List the audit log
///
/// Who did what, when, to what, newest first. Each row's `hash` covers its content and the row before it; `thidua doctor`
/// verifies the whole chain. Personal values are never part of it. For admins.
#[utoipa::path(tag = "audit_log", params(AuditFilter),
    responses((status = 200, body = Listed<AuditRowView>)))]
#[get("/audit-log")]
pub async fn list_audit_log(app: Data<App>, _caller: Admin, query: Query<AuditFilter>) -> Answer<Listed<AuditRowView>> {
    query.filter.check()?;
    let page = app.cursors.page(&query, "", query.filter.limit, query.filter.cursor.as_deref())?;
    let rows = store::page_of(app.db.reads(), &query.filter, &page).await?;
    Ok(Reply::list(app.cursors.slice(&page, rows, |row| row.position)))
}
