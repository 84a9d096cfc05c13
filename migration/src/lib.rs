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
mod m20261123_000020_keep_one_home;
mod m20261123_000021_create_unit_member_counts;
mod m20261123_000030_add_unit_codes;
mod m20261123_000031_add_member_codes;
mod m20261123_000032_create_imports;
mod m20261123_000040_create_recovery_codes;
mod m20261123_000050_create_consents;
mod m20261123_000051_create_avatars;
mod m20261123_000052_create_data_requests;
mod m20261123_000053_create_provider_events;
mod m20261123_000054_create_member_name_words;
mod m20261123_000060_index_lists;
mod m20261123_000061_create_settings_in_use;
mod m20261123_000062_guard_audit_rows;
mod m20261123_000070_create_checkin_decisions;
mod m20261129_000001_index_waiting_deliveries;
mod m20261129_000002_index_what_is_whose;
mod m20261129_000003_let_provider_events_wait;
mod m20261129_000004_index_waiting_data_requests;
mod m20261129_000021_guard_audit_places;
mod m20261130_000500_add_usual_quantities;
mod m20261130_000600_watch_events;
mod m20261130_000701_date_zalo_sign_ins;
mod m20261130_000702_create_wrong_guesses;

pub struct Migrator;

/// A migration that happens as a whole, on SQLite as on PostgreSQL: one that a full disk stops half-way leaves nothing, and is
/// run again.
struct Whole(Box<dyn MigrationTrait>);

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Whole {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let all: Vec<Box<dyn MigrationTrait>> = vec![
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
            Box::new(m20261123_000020_keep_one_home::Migration),
            Box::new(m20261123_000021_create_unit_member_counts::Migration),
            Box::new(m20261123_000030_add_unit_codes::Migration),
            Box::new(m20261123_000031_add_member_codes::Migration),
            Box::new(m20261123_000032_create_imports::Migration),
            Box::new(m20261123_000040_create_recovery_codes::Migration),
            Box::new(m20261123_000050_create_consents::Migration),
            Box::new(m20261123_000051_create_avatars::Migration),
            Box::new(m20261123_000052_create_data_requests::Migration),
            Box::new(m20261123_000053_create_provider_events::Migration),
            Box::new(m20261123_000054_create_member_name_words::Migration),
            Box::new(m20261123_000060_index_lists::Migration),
            Box::new(m20261123_000061_create_settings_in_use::Migration),
            Box::new(m20261123_000062_guard_audit_rows::Migration),
            Box::new(m20261123_000070_create_checkin_decisions::Migration),
            Box::new(m20261129_000001_index_waiting_deliveries::Migration),
            Box::new(m20261129_000002_index_what_is_whose::Migration),
            Box::new(m20261129_000003_let_provider_events_wait::Migration),
            Box::new(m20261129_000004_index_waiting_data_requests::Migration),
            Box::new(m20261129_000021_guard_audit_places::Migration),
            Box::new(m20261130_000500_add_usual_quantities::Migration),
            Box::new(m20261130_000600_watch_events::Migration),
            Box::new(m20261130_000701_date_zalo_sign_ins::Migration),
            Box::new(m20261130_000702_create_wrong_guesses::Migration),
        ];
        all.into_iter().map(|migration| Box::new(Whole(migration)) as Box<dyn MigrationTrait>).collect()
    }
}
