//! Values: moments, ids, quantities, texts, languages. They know nothing of HTTP but a header here and there.

pub mod clock;
pub mod days;
pub mod ids;
pub mod language;
pub mod patch;
pub mod quantity;
pub mod text;
