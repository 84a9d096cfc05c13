//! The tables as the object-relational mapper sees them: columns and nothing else, one file a table.
//! An id, a kind or a status is a type of its own already here. A text that is none of a type's makes its row unreadable.
//! Rows stay inside `store.rs` files, but where a row is the noun itself (`Work`, `DataRequest`); no entity is ever sent to a
//! client.

/// Shows these as they are kept.
macro_rules! shown_as_kept {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&sea_orm::ActiveEnum::to_value(self))
            }
        }
    };
}

pub mod activity;
pub mod activity_revision;
pub mod activity_tag;
pub mod audit_checkpoint;
pub mod audit_row;
pub mod authorization_code;
pub mod avatar;
pub mod campaign;
pub mod campaign_audience;
pub mod campaign_version;
pub mod checkin;
pub mod checkin_decision;
pub mod client_app;
pub mod cluster;
pub mod cluster_head;
pub mod cluster_unit;
pub mod commitment;
pub mod consent;
pub mod consent_decision;
pub mod criterion;
pub mod data_request;
pub mod delivery;
pub mod delivery_attempt;
pub mod erasure;
pub mod flag_holding;
pub mod idempotency_key;
pub mod import;
pub mod import_chunk;
pub mod import_conflict;
pub mod import_plan;
pub mod import_row;
pub mod inbox_row;
pub mod ledger_entry;
pub mod member;
pub mod member_count_day;
pub mod member_name_word;
pub mod member_private;
pub mod membership;
pub mod milestone;
pub mod notification;
pub mod outbox_event;
pub mod outbox_mark;
pub mod phase;
pub mod pledge;
pub mod pledge_version;
pub mod provider_event;
pub mod provider_token;
pub mod recovery_code;
pub mod refresh_token;
pub mod role_grant;
pub mod session;
pub mod setting_in_use;
pub mod signing_key;
pub mod staff_account;
pub mod target;
pub mod target_unit_total;
pub mod unit;
pub mod unit_closure;
pub mod unit_member_count;
pub mod unit_version;
pub mod work;
pub mod wrong_guess;
pub mod zalo_identity;
