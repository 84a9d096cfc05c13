//! What every handler leans on. It knows no room: nothing here says what a pledge is. Each shelf uses only those above it.

pub mod values;
pub mod problems;
pub mod secrets;
pub mod work;
pub mod http;
