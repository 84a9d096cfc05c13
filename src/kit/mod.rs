//! What every handler leans on. It knows no room: nothing here says what a pledge is.

pub mod allow;
pub mod answer;
pub mod batch;
pub mod body;
pub mod caller;
pub mod clock;
pub mod codes;
pub mod edge;
pub mod etag;
pub mod faults;
pub mod ids;
pub mod jwt;
pub mod language;
pub mod metrics;
pub mod once;
pub mod page;
pub mod patch;
pub mod problem;
pub mod quantity;
pub mod rate_limit;
pub mod schemas;
pub mod secret;
pub mod text;
pub mod turns;
pub mod upload;
pub mod vault;
