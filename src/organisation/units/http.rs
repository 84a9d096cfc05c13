//! Units over HTTP.

use actix_web::{
    delete, get,
    http::header::CONTENT_LOCATION,
    patch, post,
    web::{Data, Path},
};
use chrono::NaiveDate;

use super::{
    NewUnit, Unit, actions, counts, reorganise, store,
    wire::{MergeUnit, MoveUnit, SplitUnit, UnitEnd, UnitFilter, UnitMoment, UnitPatch, UnitSplitView, UnitView},
};
use crate::{
    app::App,
    db::{ConnectionTrait, Tx},
    kit::{
        http::{ActivitiesRead, Answer, AppWith, Body, IfMatch, Listed, Manager, Query, Reply, RequestContext},
        problems::Problem,
        values::UnitId,
    },
};

/// List units
///
/// The units as they were on a day, by name. Names of units are no secret: whoever is signed in may read them.
#[utoipa::path(tag = "units", params(UnitFilter),
    responses((status = 200, body = Listed<UnitView>)))]
#[get("/units")]
pub async fn list_units(
    app: Data<App>,
    _caller: AppWith<ActivitiesRead>,
    query: Query<UnitFilter>,
) -> Answer<Listed<UnitView>> {
    let day = query.filter.as_of.unwrap_or_else(|| app.clock.today());
    let page = app.cursors.page(&query, "", query.filter.limit, query.filter.cursor.as_deref())?;
    let units = store::page_on(app.db.reads(), &query.filter, day, &page).await?;
    let slice = app.cursors.slice(&page, units, store::key_of);
    let ids: Vec<UnitId> = slice.items.iter().map(|unit| unit.id).collect();
    let mut paths = store::paths_on(app.db.reads(), &ids, day).await?;
    let counts = counts::member_counts_on(app.db.reads(), &ids, day).await?;
    Ok(Reply::list(slice.map(|unit| {
        let path = paths.remove(&unit.id).unwrap_or_default();
        let count = counts.get(&unit.id).copied().unwrap_or(0);
        UnitView::new(unit, path, count).said_of_a_day(query.filter.as_of.is_some())
    })))
}

/// Create a unit
///
/// A manager makes units below their own; a topmost unit takes an admin.
#[utoipa::path(tag = "units", request_body = NewUnit,
    responses((status = 201, body = UnitView), (status = 409, description = "already_exists")))]
#[post("/units")]
pub async fn create_unit(
    app: Data<App>,
    caller: Manager,
    context: RequestContext,
    body: Body<NewUnit>,
) -> Answer<UnitView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let unit = actions::create(tx, &caller, new).await?;
        let (location, day) = (format!("/v1/units/{}", unit.id), unit.valid_from);
        Ok(tagged(tx, unit, day).await?.made_at(location))
    })
    .await
}

/// Find a unit
///
/// The unit as it was on a day. A unit that was not there on that day is not found.
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit"), UnitMoment),
    responses((status = 200, body = UnitView)))]
#[get("/units/{unit_id}")]
pub async fn find_unit(
    app: Data<App>,
    _caller: AppWith<ActivitiesRead>,
    path: Path<UnitId>,
    query: Query<UnitMoment>,
) -> Answer<UnitView> {
    let today = app.clock.today();
    let day = query.filter.as_of.unwrap_or(today);
    let unit = store::find_on(app.db.reads(), *path, day).await?.ok_or_else(Problem::not_found)?;
    let version = unit.version;
    let view = view_on(app.db.reads(), unit, day).await?.said_of_a_day(query.filter.as_of.is_some());
    // What was said of a day has no version: it is not what a change would be of.
    let is_said = query.filter.as_of.is_some_and(|day| day <= today);
    Ok(if is_said { Reply::ok(view) } else { Reply::ok(view).version(version) })
}

/// Update a unit
///
/// What it is called or is, from a day on: reports of the days before keep what they had. With `from` the first day of what
/// is wrong (for what was never otherwise, the unit's `valid_from`) it is a correction instead. Answers with the unit of today,
/// or of `from` where that lies ahead (`Content-Location`).
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit")),
    request_body(content = UnitPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = UnitView), (status = 409, description = "already_exists")))]
#[patch("/units/{unit_id}")]
pub async fn update_unit(
    app: Data<App>,
    caller: Manager,
    path: Path<UnitId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<UnitPatch>,
) -> Answer<UnitView> {
    let Body(patch) = body;
    let day = patch.from.unwrap_or_else(|| app.clock.today());
    app.change(context, async |tx| {
        let unit = actions::update(tx, &caller, *path, &seen, patch).await?;
        tagged(tx, unit, day).await
    })
    .await
}

/// Delete a unit
///
/// Closes it on a day, when no unit, no member and nothing that runs hangs on it any more; else the answer names each reason.
/// What was done in it goes on counting for the unit above it.
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit"), UnitEnd),
    responses((status = 204), (status = 409, description = "unit_in_use")))]
#[delete("/units/{unit_id}")]
pub async fn delete_unit(
    app: Data<App>,
    caller: Manager,
    path: Path<UnitId>,
    query: Query<UnitEnd>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::close(tx, &app.belongings, &caller, *path, &seen, query.filter.on).await?;
        Ok(Reply::nothing())
    })
    .await
}

/// Move a unit
///
/// With all below it, from a day on. Figures of the days before do not change; from that day on its history counts above it
/// in its new place.
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit")),
    request_body = MoveUnit, responses((status = 200, body = UnitView), (status = 409, description = "unit_cycle")))]
#[post("/units/{unit_id}/move")]
pub async fn move_unit(
    app: Data<App>,
    caller: Manager,
    path: Path<UnitId>,
    context: RequestContext,
    body: Body<MoveUnit>,
) -> Answer<UnitView> {
    let Body(to) = body;
    let day = to.on.unwrap_or_else(|| app.clock.today());
    app.change(context, async |tx| {
        let unit = reorganise::move_unit(tx, &caller, *path, to).await?;
        tagged(tx, unit, day).await
    })
    .await
}

/// Merge a unit into another
///
/// From that day on the other one has its members, the units below it, the roles over it and its history: its figures contain
/// what was done before. Reports of the days before do not change. Answers with the unit that goes on.
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit that ends")),
    request_body = MergeUnit,
    responses((status = 200, body = UnitView), (status = 409, description = "unit_cycle")))]
#[post("/units/{unit_id}/merge")]
pub async fn merge_unit(
    app: Data<App>,
    caller: Manager,
    path: Path<UnitId>,
    context: RequestContext,
    body: Body<MergeUnit>,
) -> Answer<UnitView> {
    let Body(with) = body;
    let day = with.on.unwrap_or_else(|| app.clock.today());
    app.change(context, async |tx| {
        let unit = reorganise::merge(tx, &app.belongings, &caller, *path, with).await?;
        tagged(tx, unit, day).await
    })
    .await
}

/// Split a unit
///
/// New units beside it take the members and the units below it that you name, from a day on. It keeps its past and goes on
/// with the rest.
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit")),
    request_body = SplitUnit, responses((status = 200, body = UnitSplitView), (status = 409, description = "already_exists")))]
#[post("/units/{unit_id}/split")]
pub async fn split_unit(
    app: Data<App>,
    caller: Manager,
    path: Path<UnitId>,
    context: RequestContext,
    body: Body<SplitUnit>,
) -> Answer<UnitSplitView> {
    let Body(split) = body;
    app.change(context, async |tx| {
        let (on, ids) = reorganise::split(tx, &app.belongings, &caller, *path, split).await?;
        let unit = view_on(tx, actions::found(tx, *path, on).await?, on).await?;
        let mut new_units = Vec::with_capacity(ids.len());
        for id in ids {
            new_units.push(view_on(tx, actions::found(tx, id, on).await?, on).await?);
        }
        Ok(Reply::ok(UnitSplitView { unit, new_units }))
    })
    .await
}

/// What `find_unit` answers after a change from `day` on: of today, or of a day that lies ahead, which `Content-Location` says.
async fn tagged(tx: &Tx, unit: Unit, day: NaiveDate) -> Answer<UnitView> {
    let (id, version, today) = (unit.id, unit.version, tx.today());
    if day > today {
        let view = view_on(tx, unit, day).await?.said_of_a_day(true);
        return Ok(Reply::ok(view).version(version).with(&CONTENT_LOCATION, format!("/v1/units/{id}?as_of={day}")));
    }
    let unit = store::find_on(tx, id, today).await?.unwrap_or(unit);
    Ok(Reply::ok(view_on(tx, unit, today).await?).version(version))
}

async fn view_on(db: &impl ConnectionTrait, unit: Unit, day: NaiveDate) -> Result<UnitView, Problem> {
    let path = store::paths_on(db, &[unit.id], day).await?.remove(&unit.id).unwrap_or_default();
    let count = counts::member_counts_on(db, &[unit.id], day).await?.remove(&unit.id).unwrap_or(0);
    Ok(UnitView::new(unit, path, count))
}
