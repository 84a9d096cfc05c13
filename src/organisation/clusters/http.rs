//! Clusters over HTTP.

use actix_web::{
    get, patch, post,
    web::{Data, Path},
};
use chrono::NaiveDate;

use super::{
    Cluster, NewCluster, actions, store,
    wire::{ClusterFilter, ClusterPatch, ClusterView},
};
use crate::{
    app::App,
    db::ConnectionTrait,
    kit::{
        http::{ActivitiesRead, Answer, AppWith, Body, IfMatch, Listed, Manager, Query, Reply, RequestContext},
        problems::Problem,
        values::{ClusterId, UnitId},
    },
    organisation::units,
};

/// List clusters
///
/// The latest year first, each with its units, its heads and the history of its rotating flag. Like units they are no secret:
/// whoever is signed in may read them.
#[utoipa::path(tag = "clusters", params(ClusterFilter),
    responses((status = 200, body = Listed<ClusterView>)))]
#[get("/clusters")]
pub async fn list_clusters(
    app: Data<App>,
    _caller: AppWith<ActivitiesRead>,
    query: Query<ClusterFilter>,
) -> Answer<Listed<ClusterView>> {
    let page = app.cursors.page(&query, "", query.filter.limit, query.filter.cursor.as_deref())?;
    let clusters = store::page(app.db.reads(), &query.filter, &page).await?;
    let slice = app.cursors.slice(&page, clusters, |cluster| (cluster.year, cluster.id));
    let today = app.clock.today();
    let names = units::names_on(app.db.reads(), &ids_in(&slice.items), today).await?;
    Ok(Reply::list(slice.map(|cluster| ClusterView::new(cluster, today, &names))))
}

/// Create a cluster
///
/// Of units that you manage, all of them, for a year.
#[utoipa::path(tag = "clusters", request_body = NewCluster,
    responses((status = 201, body = ClusterView), (status = 409, description = "already_exists")))]
#[post("/clusters")]
pub async fn create_cluster(
    app: Data<App>,
    caller: Manager,
    context: RequestContext,
    body: Body<NewCluster>,
) -> Answer<ClusterView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let cluster = actions::create(tx, &caller, new).await?;
        let (location, version) = (format!("/v1/clusters/{}", cluster.id), cluster.version);
        Ok(Reply::created(location, view_of(tx, cluster, tx.today()).await?).version(version))
    })
    .await
}

/// Find a cluster
///
/// With its units, its heads and the history of its rotating flag.
#[utoipa::path(tag = "clusters", params(("cluster_id" = ClusterId, Path, description = "The cluster")),
    responses((status = 200, body = ClusterView)))]
#[get("/clusters/{cluster_id}")]
pub async fn find_cluster(
    app: Data<App>,
    _caller: AppWith<ActivitiesRead>,
    path: Path<ClusterId>,
) -> Answer<ClusterView> {
    let cluster = store::find(app.db.reads(), *path).await?.ok_or_else(Problem::not_found)?;
    let version = cluster.version;
    Ok(Reply::ok(view_of(app.db.reads(), cluster, app.clock.today()).await?).version(version))
}

/// Update a cluster
///
/// Its texts at once; its units, its head and the holder of its rotating flag from a day of its year on. What was before that
/// day stays as its history.
#[utoipa::path(tag = "clusters", params(("cluster_id" = ClusterId, Path, description = "The cluster")),
    request_body(content = ClusterPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ClusterView)))]
#[patch("/clusters/{cluster_id}")]
pub async fn update_cluster(
    app: Data<App>,
    caller: Manager,
    path: Path<ClusterId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<ClusterPatch>,
) -> Answer<ClusterView> {
    let Body(patch) = body;
    app.change(context, async |tx| {
        let cluster = actions::update(tx, &caller, *path, &seen, patch).await?;
        let version = cluster.version;
        Ok(Reply::ok(view_of(tx, cluster, tx.today()).await?).version(version))
    })
    .await
}

async fn view_of(db: &impl ConnectionTrait, cluster: Cluster, today: NaiveDate) -> Result<ClusterView, Problem> {
    let names = units::names_on(db, &ids_in(std::slice::from_ref(&cluster)), today).await?;
    Ok(ClusterView::new(cluster, today, &names))
}

fn ids_in(clusters: &[Cluster]) -> Vec<UnitId> {
    let stays = clusters.iter().flat_map(|cluster| cluster.units.iter().chain(&cluster.heads).chain(&cluster.flags));
    let mut ids: Vec<UnitId> = stays.map(|stay| stay.unit_id).collect();
    ids.sort();
    ids.dedup();
    ids
}
