//! What the server logs.

use std::{cell::RefCell, io, sync::Once};

use tracing_subscriber::{Layer as _, filter::dynamic_filter_fn, layer::SubscriberExt as _};

thread_local! {
    /// What this thread has logged since it began to listen.
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes to the log of the thread that it is on.
struct ThreadLog;

impl io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.get_or_insert_default().extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps everything that this thread logs, at every level. One subscriber serves all threads: one of a single thread would
/// hear only of what no other thread has come across first.
pub fn listen() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let is_listening = dynamic_filter_fn(|_, _| LOG.try_with(|log| log.borrow().is_some()).unwrap_or(false));
        let layer =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| ThreadLog).with_filter(is_listening);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    });
    LOG.set(Some(Vec::new()));
}

/// Was this logged since `listen`?
pub fn has_heard(text: &str) -> bool {
    LOG.with_borrow(|log| log.as_ref().is_some_and(|log| String::from_utf8_lossy(log).contains(text)))
}

/// What was logged since `listen`. Nothing is kept from then on.
pub fn heard() -> String {
    String::from_utf8(LOG.take().unwrap()).unwrap()
}
