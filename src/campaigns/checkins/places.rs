//! Who has read where check-ins were made.

use serde_json::json;
use uuid::Uuid;

use super::Checkin;
use crate::{
    audit::{self, Subject},
    db::Tx,
    kit::{http::Person, problems::Problem},
};

/// How the audit log calls that somebody has read it.
pub const READ_PLACE: &str = "read_checkin_place";

/// The ids of those of these check-ins that show where somebody else has been.
pub fn places_of_others<'a>(caller: &Person, checkins: impl IntoIterator<Item = &'a Checkin>) -> Vec<Uuid> {
    let foreign = checkins.into_iter().filter(|checkin| checkin.member_id != caller.member_id);
    foreign.filter(|checkin| checkin.location.is_some()).map(|checkin| checkin.id.0).collect()
}

/// Writes down, with a change that is answered with this check-in, that the caller reads where somebody else made it.
pub async fn write_down(tx: &Tx, caller: &Person, checkin: &Checkin) -> Result<(), Problem> {
    let ids = places_of_others(caller, [checkin]);
    if ids.is_empty() {
        return Ok(());
    }
    let subject = Subject { kind: "checkin", id: checkin.id.0 };
    audit::record(tx, READ_PLACE, subject, None, Some(json!({"ids": ids}))).await
}
