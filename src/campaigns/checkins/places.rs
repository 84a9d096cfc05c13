//! Who has read where check-ins were made.

use uuid::Uuid;

use super::Checkin;
use crate::kit::caller::Person;

/// How the audit log calls that somebody has read it.
pub const READ_PLACE: &str = "read_checkin_place";

/// The ids of those of these check-ins that show where somebody else has been.
pub fn places_of_others<'a>(caller: &Person, checkins: impl IntoIterator<Item = &'a Checkin>) -> Vec<Uuid> {
    let foreign = checkins.into_iter().filter(|checkin| checkin.member_id != caller.member_id);
    foreign.filter(|checkin| checkin.location.is_some()).map(|checkin| checkin.id.0).collect()
}
