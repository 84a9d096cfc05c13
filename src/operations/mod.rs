//! What whoever runs the server looks at.

pub mod healthz;
pub mod metrics;
pub mod problems;
pub mod readyz;
