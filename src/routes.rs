//! One screen shows every room. The handlers of a noun stand in its own `routes()`.

use utoipa_actix_web::{scope, service_config::ServiceConfig};

use crate::{
    campaigns::{campaigns, checkins, pledges, progress, review_queue, targets, works},
    feed::{activities, feed},
    identity::{auth, me, oauth, role_grants, well_known},
    operations::{healthz, metrics, problems, readyz},
    organisation::{members, units},
    relay::{deliveries, notifications},
};

/// Mounts everything.
pub fn configure(service: &mut ServiceConfig<'_>) {
    service
        .service(
            scope("/v1")
                // Identity
                .configure(auth::routes)
                .configure(me::routes)
                .configure(role_grants::routes)
                // Organisation
                .configure(units::routes)
                .configure(members::routes)
                // Campaigns
                .configure(campaigns::routes)
                .configure(progress::routes)
                .configure(targets::routes)
                .configure(pledges::routes)
                .configure(checkins::routes)
                .configure(review_queue::routes)
                .configure(works::routes)
                // Feed
                .configure(feed::routes)
                .configure(activities::routes)
                // Relay
                .configure(notifications::routes)
                .configure(deliveries::routes),
        )
        .configure(oauth::routes)
        .configure(well_known::routes)
        .configure(healthz::routes)
        .configure(readyz::routes)
        .configure(metrics::routes)
        .configure(problems::routes);
}
