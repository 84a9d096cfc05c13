//! Spreadsheets of units and members, brought in: a dry run first says what would happen, the run does exactly that.
//!
//! The file is kept in the database, encrypted, so that any replica can work on it. A worker takes it in steps
//! (`worker::step`), each with a lease that runs out on the clock: read the file into rows; find out for each row what is to
//! become of it, by what is there before the run (`plan`); carry that out, a batch in one transaction with the import's own
//! progress. So a crash loses nothing but the step it happened in, and a row is taken whole or left out whole. What is kept
//! of the file goes as it is used up, and at the latest after a day.
//!
//! Whom a row is about: our id of them, else their code, else their phone number, else their name within their unit. An
//! empty cell says nothing. Nobody is ever taken out by an import, and no unit is moved by it; a change of home that is
//! planned stays as planned. A row that turns out otherwise than planned is left out and says so.
//!
//! One audit row stands for each batch, with its rows, its counts and whom or what they were about; the hash of the file
//! stands in the one of the upload.

mod actions;
mod file;
pub mod http;
mod import;
mod members;
mod reading;
mod reference;
mod staged;
mod store;
mod units;
mod wire;
mod worker;

pub use import::{Import, ImportKind, ImportStatus, RowFault};
pub use store::{find, waiting_since};
pub use worker::{Imports, Step, step};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_imports)
        .service(http::create_import)
        .service(http::find_import)
        .service(http::list_import_conflicts);
}
