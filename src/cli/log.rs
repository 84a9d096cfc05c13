//! The log: to standard error, for machines or for people.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Begins to log. A filter that cannot be read is replaced by `info`, and said so.
pub fn begin(settings: &Log) {
    let (filter, error) = match EnvFilter::try_new(&settings.filter) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let is_watched = io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(is_watched);
    match settings.format {
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
        LogFormat::Text => subscriber.init(),
    }
    if let Some(error) = error {
        tracing::warn!(%error, filter = settings.filter, "log.filter cannot be read; logging what `info` says");
    }
}
