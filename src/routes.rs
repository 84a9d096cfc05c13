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

/// Mounts everything, by who uses it most. Routes are tried in this order: what is asked for most comes first.
pub fn configure(service: &mut ServiceConfig<'_>) {
    service
        .service(
            scope("/v1")
                // Everybody
                .configure(activities::routes)
                // Members
                .configure(feed::routes)
                .configure(notifications::routes)
                .configure(checkins::routes)
                .configure(pledges::routes)
                .configure(campaigns::routes)
                .configure(progress::routes)
                .configure(targets::routes)
                .configure(works::routes)
                .configure(units::routes)
                .configure(auth::routes)
                .configure(me::routes)
                .configure(avatars::routes)
                .configure(sessions::routes)
                .configure(consents::routes)
                .configure(data_requests::routes)
                // Managers and editors
                .configure(review_queue::routes)
                .configure(members::routes)
                .configure(memberships::routes)
                .configure(clusters::routes)
                .configure(imports::routes)
                .configure(deliveries::routes)
                .configure(role_grants::routes)
                .configure(password::routes)
                .configure(totp::routes)
                // Admins
                .configure(apps::routes)
                .configure(exports::routes)
                .configure(zalo_links::routes)
                .configure(audit_log::routes)
                // Zalo
                .configure(hooks::routes),
        )
        // Clients that sign people in, and apps of third parties
        .configure(oauth::routes)
        .configure(well_known::routes)
        .configure(problems::routes)
        // Operators
        .configure(healthz::routes)
        .configure(readyz::routes);
}

/// Mounts what is for operators and their tools, on an address of its own.
pub fn configure_internal(service: &mut actix_web::web::ServiceConfig) {
    service
        .service(healthz::http::find_health)
        .service(readyz::http::find_readiness)
        .service(metrics::http::list_metrics);
}
