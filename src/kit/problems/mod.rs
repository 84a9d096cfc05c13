//! What is wrong with a request, as a problem document (RFC 9457): codes, faults, words.

pub mod codes;
pub mod faults;
pub mod problem;

pub use codes::{Code, FaultCode};
pub use faults::{Fault, Faults, Words};
pub use problem::{FaultDocument, Problem, ProblemDocument};
