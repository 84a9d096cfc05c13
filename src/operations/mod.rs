//! What whoever runs the server looks at.

pub mod audit_log;
pub mod healthz;
pub mod metrics;
pub mod problems;
pub mod readyz;
pub mod settings_in_use;
