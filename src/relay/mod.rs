//! What people are told: the inbox, and outside channels. `audience` says who hears of an event, `words` what they read,
//! `spread` puts both where they belong in the transaction that numbers the event, `sending` sends what goes outside, and `worker` is the jobs that do
//! all this.

use actix_web::web::Data;

use crate::app::App;

mod words;
pub mod notifications;
mod channels;
pub mod deliveries;
mod audience;
pub mod provider_tokens;
mod spread;
pub mod hooks;
pub mod housekeeping;
pub mod media_folder;
pub mod replicas;
mod tick;
mod sending;
pub mod worker;

/// The state that the workers share with the server.
pub type SharedApp = Data<App>;
