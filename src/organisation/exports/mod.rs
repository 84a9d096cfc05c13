//! Units and members as spreadsheets, for admins: what comes out here goes in again by an import and changes nothing. Streamed,
//! so that memory stays flat; written down in the audit log before the first byte, because members' phone numbers go out.

mod csv;
pub mod http;
mod store;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::export_units).service(http::export_members);
}
