#[expect(clippy::module_inception, reason = "the tests of the noun, in the room of the same name")]
mod campaigns;
mod checkin_places;
mod checkins;
mod decisions;
mod figures;
mod pledges;
mod progress;
mod review_queue;
mod works;
