//! Units: a tree with dates. What a unit was called and stood under is asked with a day, and "all below U on day D" is one
//! range condition on one index (`unit_closure`).

mod actions;
pub mod http;
mod store;
mod unit;
mod wire;

pub use actions::create;
pub use store::{above, below, exists_on, is_below_any, kinds_of, names_on, within};
pub use unit::{Unit, UnitKind};
pub use wire::{NewUnit, UnitRef};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_units).service(http::create_unit).service(http::find_unit);
}
