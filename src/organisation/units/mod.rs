//! Units: a tree with dates. What a unit was called and stood under is asked with a day, and "all below U on day D" is one
//! range condition on one index (`unit_closure`). Changes hold from a day on, so that what was said of a day before stays
//! true: see `timeline` for one unit, `closure` for the tree, `reorganise` for moves, merges and splits.

mod actions;
mod bulk;
mod closure;
mod counts;
pub mod http;
mod reorganise;
mod rights;
mod store;
mod timeline;
mod tree;
mod unit;
mod wire;

pub use actions::create;
pub use bulk::{add, lock_shared, revise};
pub use counts::{hold as hold_counts, recount_members};
pub use rights::require_manager_of;
pub use store::{
    above, below, branches_on, carrier_on, carriers_on, code_holders, exists_on, find_on, is_below_any, known_on,
    names_on, no_earlier_than, resting_under, stays_on, which_are_below, with_resting, within,
};
pub use tree::{lock_tree, obstacle, rebuild_closure, spans};
pub use unit::{Unit, UnitKind};
pub use wire::{NewUnit, UnitRef};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_units)
        .service(http::create_unit)
        .service(http::find_unit)
        .service(http::update_unit)
        .service(http::delete_unit)
        .service(http::move_unit)
        .service(http::merge_unit)
        .service(http::split_unit);
}
