//! One screen shows every room. The handlers of a noun stand in its own `routes()`.

use utoipa_actix_web::{scope, service_config::ServiceConfig};

use crate::{
    campaigns::{campaigns, checkins, pledges, progress, review_queue, targets, works},
    feed::{activities, feed},
    identity::{
        apps, auth, avatars, consents, data_requests, me, oauth, password, role_grants, sessions, totp, well_known,
        zalo_links,
    },
    operations::{audit_log, healthz, metrics, problems, readyz},
    organisation::{clusters, exports, imports, members, memberships, units},
    relay::{deliveries, hooks, notifications},
};

/// Mounts everything.
pub fn configure(service: &mut ServiceConfig<'_>) {
    service
        .service(
            scope("/v1")
                // Feed: routes are tried in this order, and this is what everybody reads
                .configure(activities::routes)
                .configure(feed::routes)
                // Identity
                .configure(auth::routes)
                .configure(me::routes)
                .configure(sessions::routes)
                .configure(password::routes)
                .configure(totp::routes)
                .configure(consents::routes)
                .configure(data_requests::routes)
                .configure(avatars::routes)
                .configure(zalo_links::routes)
                .configure(role_grants::routes)
                .configure(apps::routes)
                // Organisation
                .configure(units::routes)
                .configure(clusters::routes)
                .configure(members::routes)
                .configure(memberships::routes)
                .configure(imports::routes)
                .configure(exports::routes)
                // Campaigns
                .configure(campaigns::routes)
                .configure(progress::routes)
                .configure(targets::routes)
                .configure(pledges::routes)
                .configure(checkins::routes)
                .configure(review_queue::routes)
                .configure(works::routes)
                // Relay
                .configure(notifications::routes)
                .configure(deliveries::routes)
                .configure(hooks::routes)
                // Operations
                .configure(audit_log::routes),
        )
        .configure(oauth::routes)
        .configure(well_known::routes)
        .configure(healthz::routes)
        .configure(readyz::routes)
        .configure(problems::routes);
}

/// Mounts what is for operators and their tools, on an address of its own.
pub fn configure_internal(service: &mut actix_web::web::ServiceConfig) {
    service
        .service(healthz::http::find_health)
        .service(readyz::http::find_readiness)
        .service(metrics::http::list_metrics);
}
