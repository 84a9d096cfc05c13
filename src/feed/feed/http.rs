//! The feed over HTTP.

use actix_web::{get, web::Data};

use super::{store, wire::FeedFilter};
use crate::{
    app::App,
    campaigns::campaigns,
    feed::activities::{self, ActivityView},
    kit::http::{Answer, Listed, Query, Reply, SignedIn},
};

/// List your feed
///
/// What is published by your units, by those above and below them, and in the campaigns that are open to them: pinned first,
/// newest next.
#[utoipa::path(tag = "feed", params(FeedFilter),
    responses((status = 200, body = Listed<ActivityView>)))]
#[get("/feed")]
pub async fn list_feed(app: Data<App>, caller: SignedIn, query: Query<FeedFilter>) -> Answer<Listed<ActivityView>> {
    let (db, today, filter) = (app.db.reads(), app.clock.today(), &query.filter);
    let whose = caller.member_id.to_string();
    let depth = activities::http::depth_of(filter.include);
    let page = app.cursors.page(&query, &whose, filter.limit, filter.cursor.as_deref())?;
    let campaigns = campaigns::open_to(db, &caller.unit_ids, today).await?;
    let part = store::part_for(&caller.unit_ids, &campaigns, today);
    let rows = activities::published_page(db, part, depth, &page).await?;
    let slice = app.cursors.slice(&page, rows, activities::key_of);
    Ok(Reply::list(activities::show(db, slice, depth, today).await?))
}
