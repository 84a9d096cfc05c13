//! The schema, one thought a file. History: a migration never changes once it has been released, and never imports an
//! entity, which moves on. Each one can be taken back.

pub use sea_orm_migration::prelude::*;

mod m20261123_000001_create_units;
mod m20261123_000002_create_members;
mod m20261123_000003_create_clusters;
mod m20261123_000004_create_role_grants;
mod m20261123_000005_create_sign_in;
mod m20261123_000006_create_campaigns;
mod m20261123_000007_create_pledges;
mod m20261123_000008_create_checkins;
mod m20261123_000009_create_ledger;
mod m20261123_000010_create_works;
mod m20261123_000011_create_activities;
mod m20261123_000012_create_outbox_events;
mod m20261123_000013_create_idempotency_keys;
mod m20261123_000014_create_audit_rows;
mod m20261123_000015_create_notifications;
mod m20261123_000016_create_deliveries;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_units::Migration),
            Box::new(m20261123_000002_create_members::Migration),
            Box::new(m20261123_000003_create_clusters::Migration),
            Box::new(m20261123_000004_create_role_grants::Migration),
            Box::new(m20261123_000005_create_sign_in::Migration),
            Box::new(m20261123_000006_create_campaigns::Migration),
            Box::new(m20261123_000007_create_pledges::Migration),
            Box::new(m20261123_000008_create_checkins::Migration),
            Box::new(m20261123_000009_create_ledger::Migration),
            Box::new(m20261123_000010_create_works::Migration),
            Box::new(m20261123_000011_create_activities::Migration),
            Box::new(m20261123_000012_create_outbox_events::Migration),
            Box::new(m20261123_000013_create_idempotency_keys::Migration),
            Box::new(m20261123_000014_create_audit_rows::Migration),
            Box::new(m20261123_000015_create_notifications::Migration),
            Box::new(m20261123_000016_create_deliveries::Migration),
        ]
    }
}
