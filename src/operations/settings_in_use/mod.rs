//! What the server runs with, for commands that must agree with it: a token made on the command line is for the URL by
//! which the server is reached, whatever this call's own settings say.

mod store;

pub use store::{find, note, note_nothing};

/// The setting `server.public_url`, as it was worked out.
pub const PUBLIC_URL: &str = "server.public_url";
