//! Units over HTTP.

use actix_web::{
    get, post,
    web::{Data, Path},
};
use chrono::NaiveDate;

use super::{
    NewUnit, Unit, actions, store,
    wire::{UnitFilter, UnitMoment, UnitView},
};
use crate::{
    app::App,
    db::ConnectionTrait,
    kit::{
        answer::{Answer, Reply},
        body::{Body, Query},
        caller::{ActivitiesRead, SignedIn, With},
        ids::UnitId,
        once::Once,
        page::Listed,
        problem::Problem,
    },
};

/// List units
///
/// The units as they were on a day, by name. Names of units are no secret: whoever is signed in may read them.
#[utoipa::path(tag = "units", params(UnitFilter), security(("member" = []), ("staff" = []), ("app" = ["activities:read"])),
    responses((status = 200, body = Listed<UnitView>)))]
#[get("/units")]
pub async fn list_units(
    app: Data<App>,
    _caller: With<ActivitiesRead>,
    query: Query<UnitFilter>,
) -> Answer<Listed<UnitView>> {
    let day = query.filter.as_of.unwrap_or_else(|| app.clock.today());
    let page = app.cursors.page(&query, "", query.filter.limit, query.filter.cursor.as_deref())?;
    let units = store::page_on(app.db.reads(), &query.filter, day, &page).await?;
    let slice = app.cursors.slice(&page, units, store::key_of);
    let ids: Vec<UnitId> = slice.items.iter().map(|unit| unit.id).collect();
    let mut paths = store::paths_on(app.db.reads(), &ids, day).await?;
    let counts = store::member_counts_on(app.db.reads(), &ids, day).await?;
    Ok(Reply::list(slice.map(|unit| {
        let path = paths.remove(&unit.id).unwrap_or_default();
        let count = counts.get(&unit.id).copied().unwrap_or(0);
        UnitView::new(unit, path, count)
    })))
}

/// Create a unit
///
/// A manager makes units below their own; a topmost unit takes an admin.
#[utoipa::path(tag = "units", security(("staff" = [])), request_body = NewUnit,
    responses((status = 201, body = UnitView), (status = 409, description = "already_exists")))]
#[post("/units")]
pub async fn create_unit(app: Data<App>, caller: SignedIn, once: Once, body: Body<NewUnit>) -> Answer<UnitView> {
    let Body(new) = body;
    app.change(once, async |tx| {
        let unit = actions::create(tx, &caller, new).await?;
        let version = unit.version;
        let view = view_on(tx, unit, tx.today()).await?;
        Ok(Reply::created(format!("/v1/units/{}", view.id), view).version(version))
    })
    .await
}

/// Find a unit
///
/// The unit as it was on a day. A unit that was not there on that day is not found.
#[utoipa::path(tag = "units", params(("unit_id" = UnitId, Path, description = "The unit"), UnitMoment),
    security(("member" = []), ("staff" = []), ("app" = ["activities:read"])), responses((status = 200, body = UnitView)))]
#[get("/units/{unit_id}")]
pub async fn find_unit(
    app: Data<App>,
    _caller: With<ActivitiesRead>,
    path: Path<UnitId>,
    query: Query<UnitMoment>,
) -> Answer<UnitView> {
    let day = query.filter.as_of.unwrap_or_else(|| app.clock.today());
    let unit = store::find_on(app.db.reads(), *path, day).await?.ok_or_else(Problem::not_found)?;
    let version = unit.version;
    Ok(Reply::ok(view_on(app.db.reads(), unit, day).await?).version(version))
}

async fn view_on(db: &impl ConnectionTrait, unit: Unit, day: NaiveDate) -> Result<UnitView, Problem> {
    let path = store::paths_on(db, &[unit.id], day).await?.remove(&unit.id).unwrap_or_default();
    let count = store::member_counts_on(db, &[unit.id], day).await?.remove(&unit.id).unwrap_or(0);
    Ok(UnitView::new(unit, path, count))
}
