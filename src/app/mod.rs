//! What all requests share, and the one door for changes.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use crate::{
    config::Config,
    db::{Db, Effect},
    kit::{
        allow::Routes, clock::Clock, jwt::KeyRing, page::Cursors, rate_limit::RateLimits, schemas::Schemas,
        vault::Vault,
    },
    outside::zalo::Zalo,
};

mod cached_page;
mod caller_cache;
mod door;
mod idempotency;
mod page_cache;

pub use cached_page::CachedPage;
pub use caller_cache::{CallerCache, token_key};
pub use page_cache::PageCache;

/// The shared state. Made once, outside the server's threads.
pub struct App {
    /// Every setting.
    pub config: Arc<Config>,
    /// Where data is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What encrypts and hashes.
    pub vault: Vault,
    /// What signs cursors.
    pub cursors: Cursors,
    /// The Zalo platform.
    pub zalo: Zalo,
    /// How often one may call.
    pub limits: RateLimits,
    /// Who callers turned out to be, for a few seconds.
    pub callers: CallerCache,
    /// Pages that many people read, as bytes.
    pub pages: PageCache,
    /// Rings when the relay has something to do.
    pub bell: Notify,
    /// How much password hashing may go on at once: each takes memory and a processor.
    pub hashing: tokio::sync::Semaphore,
    /// Which methods each path takes, for `Allow`.
    pub routes: Routes,
    /// What comes in, compiled from the OpenAPI document.
    pub schemas: Arc<Schemas>,
    keys: RwLock<Arc<KeyRing>>,
    stopping: AtomicBool,
}

/// What an `App` is made of.
pub struct Parts {
    /// Every setting.
    pub config: Config,
    /// Where data is kept, migrated.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What encrypts and hashes.
    pub vault: Vault,
    /// The signing keys.
    pub keys: KeyRing,
    /// The Zalo platform.
    pub zalo: Zalo,
    /// Which methods each path takes.
    pub routes: Routes,
    /// What comes in, compiled.
    pub schemas: Arc<Schemas>,
}

const HASHING_AT_ONCE: usize = 2;

impl App {
    /// The shared state of these parts.
    pub fn new(parts: Parts) -> Self {
        let limits = &parts.config.rate_limit;
        Self {
            limits: RateLimits::new(limits.per_address, limits.per_member, limits.per_app),
            cursors: Cursors::new(parts.vault.cursor_key()),
            callers: CallerCache::new(parts.clock.clone()),
            pages: PageCache::new(),
            bell: Notify::new(),
            hashing: tokio::sync::Semaphore::new(HASHING_AT_ONCE),
            keys: RwLock::new(Arc::new(parts.keys)),
            stopping: AtomicBool::new(false),
            config: Arc::new(parts.config),
            db: parts.db,
            clock: parts.clock,
            vault: parts.vault,
            zalo: parts.zalo,
            routes: parts.routes,
            schemas: parts.schemas,
        }
    }

    /// The signing keys as they are known now.
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the signing keys that are known.
    pub fn set_keys(&self, keys: KeyRing) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Tells load balancers and workers that no more work should begin here.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.bell.notify_one();
    }

    /// Has somebody asked the server to stop?
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Does what was to be done after a commit, on this replica.
    pub fn apply(&self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::WakeRelay => self.bell.notify_one(),
                Effect::ForgetCallers => self.callers.forget_all(),
                Effect::ForgetPages => self.pages.forget_all(),
            }
        }
    }
}
