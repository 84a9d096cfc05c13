//! Deliveries over HTTP.

use actix_web::{
    get, post,
    web::{Data, Path},
};

use super::{
    actions, store,
    wire::{DeliveryFilter, DeliveryView},
};
use crate::{
    app::App,
    kit::{
        http::{Answer, Body, Listed, Manager, NoFields, Query, Reply, RequestContext, Staff},
        values::DeliveryId,
    },
};

/// List deliveries
///
/// Those to members of units that you manage, newest first, each attempt with its answer; an admin sees all.
#[utoipa::path(tag = "deliveries", params(DeliveryFilter),
    responses((status = 200, body = Listed<DeliveryView>)))]
#[get("/deliveries")]
pub async fn list_deliveries(
    app: Data<App>,
    caller: Staff,
    query: Query<DeliveryFilter>,
) -> Answer<Listed<DeliveryView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let day = app.clock.today();
    let deliveries = store::page_visible(app.db.reads(), &caller, query.filter.status, day, &page).await?;
    Ok(Reply::list(app.cursors.slice(&page, deliveries, |delivery| delivery.id).map(DeliveryView::from)))
}

/// Retry a delivery
///
/// Has a `failed`, `dead` or `suppressed` delivery tried once more, now.
#[utoipa::path(tag = "deliveries", params(("delivery_id" = DeliveryId, Path, description = "The delivery")),
    request_body = NoFields,
    responses((status = 200, body = DeliveryView), (status = 409, description = "delivery_state")))]
#[post("/deliveries/{delivery_id}/retry")]
pub async fn retry_delivery(
    app: Data<App>,
    caller: Manager,
    path: Path<DeliveryId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<DeliveryView> {
    app.change(context, async |tx| Ok(Reply::ok(actions::retry(tx, &caller, *path).await?.into()))).await
}
