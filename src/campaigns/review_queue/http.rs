//! The review queue over HTTP.

use actix_web::{get, web::Data};

use super::wire::{ReviewFilter, ReviewItem, Waiting};
use crate::{
    app::App,
    audit::Subject,
    campaigns::checkins::{CheckinStatus, READ_PLACE, places_of_others, review_page},
    kit::{
        http::{Answer, Listed, Query, Reply, RequestContext, Staff},
        values::{MemberId, UnitId},
    },
    organisation::{members, units},
};

/// List what waits for your decision
///
/// The check-ins of the units that you manage that are submitted or held; what came first, first. Your own are not among
/// them: another manager of the unit or of one above it decides on those, on those of the manager of the topmost unit an admin,
/// and on an admin's another admin. Send each item's `version` with your decision, so that it is about what you have seen. That
/// you have read where they were made is written into the audit log.
#[utoipa::path(tag = "review_queue", params(ReviewFilter),
    responses((status = 200, body = Listed<ReviewItem>)))]
#[get("/review-queue")]
pub async fn list_review_queue(
    app: Data<App>,
    caller: Staff,
    context: RequestContext,
    query: Query<ReviewFilter>,
) -> Answer<Listed<ReviewItem>> {
    let (db, day) = (app.db.reads(), app.clock.today());
    let status = query.filter.status.map(|status| match status {
        Waiting::Submitted => CheckinStatus::Submitted,
        Waiting::Held => CheckinStatus::Held,
    });
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let rows = review_page(db, &caller, query.filter.campaign_id, status, day, &page).await?;
    let slice = app.cursors.slice(&page, rows, |row| (row.checkin.received_at, row.checkin.id));
    let places = places_of_others(&caller, slice.items.iter().map(|row| &row.checkin));
    let subject = Subject { kind: "review_queue", id: caller.member_id.0 };
    app.accessed_among(&context, READ_PLACE, subject, &places).await?;
    let members: Vec<MemberId> = slice.items.iter().map(|row| row.checkin.member_id).collect();
    let units: Vec<UnitId> = slice.items.iter().map(|row| row.checkin.unit_id).collect();
    let member_names = members::names_of(db, &members).await?;
    let unit_names = units::names_on(db, &units, day).await?;
    Ok(Reply::list(slice.map(|row| {
        let member_name = member_names.get(&row.checkin.member_id).cloned().unwrap_or_default();
        let unit_name = unit_names.get(&row.checkin.unit_id).cloned().unwrap_or_default();
        ReviewItem::new(row, member_name, unit_name)
    })))
}
