//! What all requests share, and the one door for changes.

use std::{
    collections::HashSet,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, Notify, watch};

use crate::{
    belongings::Belongings,
    config::Config,
    db::{Db, Effect},
    kit::{
        http::{Cursors, Guesses, InFlight, RateLimits, Uploads},
        secrets::{KeyRing, Vault},
        values::Clock,
        work::{ConcurrencyLimit, Jobs},
    },
    outside::{files::Files, zalo::Zalo},
};

mod cached_page;
mod caller_cache;
mod door;
pub mod erasures;
mod held_tokens;
pub(crate) mod idempotency;
mod jobs;
mod page_cache;

pub use cached_page::CachedPage;
pub use caller_cache::{CallerCache, token_key};
pub use held_tokens::{HeldPair, HeldTokens};
pub use jobs::Job;
pub use page_cache::PageCache;

/// The shared state. Made once, outside the server's threads.
pub struct App {
    /// Every setting.
    pub config: Arc<Config>,
    /// Where data is kept.
    pub db: Db,
    /// What hangs on units and on members.
    pub belongings: Belongings,
    /// What time it is.
    pub clock: Clock,
    /// What encrypts and hashes.
    pub vault: Vault,
    /// What signs cursors.
    pub cursors: Cursors,
    /// The Zalo platform.
    pub zalo: Zalo,
    /// What the Zalo platform has given and the database does not have yet.
    pub held_tokens: HeldTokens,
    /// How often one may call.
    pub limits: RateLimits,
    /// Requests under way, where proxies stand in front.
    pub in_flight: InFlight,
    /// Who callers turned out to be, for a few seconds.
    pub callers: CallerCache,
    /// Pages that many people read, as bytes.
    pub pages: PageCache,
    /// Rings when the relay has something to do.
    pub bell: Notify,
    /// Rings when there is something to send by an outside channel.
    pub sending_bell: Notify,
    /// Rings when there is a spreadsheet to bring in.
    pub imports_bell: Notify,
    /// Rings when a provider has told us something.
    pub hooks_bell: Notify,
    /// How the background jobs of this process do.
    pub jobs: Arc<Jobs>,
    /// How much password hashing may go on at once: each takes memory and a processor.
    pub hashing: ConcurrencyLimit,
    /// How often somebody has guessed at a password or a code.
    pub guesses: Guesses,
    /// How much decoding of pictures may go on at once, likewise.
    pub imaging: ConcurrencyLimit,
    /// The workbook that is being inspected, one at a time: an import that has just come in.
    pub workbooks: ConcurrencyLimit,
    /// Files that are being sent.
    pub uploads: Uploads,
    /// Files that people have sent.
    pub files: Files,
    /// When the signing keys were last read because a token named one that is not known; whoever holds it reads them.
    pub keys_asked: Mutex<Option<DateTime<Utc>>>,
    keys: RwLock<Arc<KeyRing>>,
    are_keys_stale: AtomicBool,
    origins: RwLock<Arc<HashSet<String>>>,
    stopping: watch::Sender<bool>,
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
    /// What hangs on units and on members.
    pub belongings: Belongings,
}

const HASHING_AT_ONCE: usize = 2;
const IMAGING_AT_ONCE: usize = 1;
const WORKBOOKS_AT_ONCE: usize = 1;

impl App {
    /// The shared state of these parts.
    pub fn new(parts: Parts) -> Self {
        let limits = &parts.config.rate_limit;
        let media = &parts.config.media;
        Self {
            limits: RateLimits::new(limits.per_address, limits.per_member, limits.per_app),
            in_flight: InFlight::new(
                usize::try_from(parts.config.server.max_connections_per_address).unwrap_or(usize::MAX),
            ),
            cursors: Cursors::new(parts.vault.cursor_key()),
            callers: CallerCache::new(parts.clock.clone()),
            pages: PageCache::new(),
            bell: Notify::new(),
            sending_bell: Notify::new(),
            imports_bell: Notify::new(),
            hooks_bell: Notify::new(),
            jobs: Arc::new(Jobs::new(parts.clock.clone())),
            held_tokens: HeldTokens::default(),
            hashing: ConcurrencyLimit::new(HASHING_AT_ONCE),
            guesses: Guesses::new(),
            keys_asked: Mutex::new(None),
            imaging: ConcurrencyLimit::new(IMAGING_AT_ONCE),
            workbooks: ConcurrencyLimit::new(WORKBOOKS_AT_ONCE),
            uploads: Uploads::new(media.uploads_at_once.get(), media.uploads_per_member.get()),
            files: Files::new(&media.directory),
            keys: RwLock::new(Arc::new(parts.keys)),
            are_keys_stale: AtomicBool::new(false),
            origins: RwLock::default(),
            stopping: watch::Sender::new(false),
            config: Arc::new(parts.config),
            db: parts.db,
            clock: parts.clock,
            vault: parts.vault,
            zalo: parts.zalo,
            belongings: parts.belongings,
        }
    }

    /// The signing keys as they are known now.
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the signing keys that are known.
    pub fn set_keys(&self, keys: KeyRing) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.are_keys_stale.store(false, Ordering::Relaxed);
    }

    /// Has somebody changed the signing keys since they were read?
    pub fn are_keys_stale(&self) -> bool {
        self.are_keys_stale.load(Ordering::Relaxed)
    }

    /// May a page of this origin call, because a client app says so?
    pub fn is_origin_of_an_app(&self, origin: &[u8]) -> bool {
        let origins = Arc::clone(&self.origins.read().unwrap_or_else(PoisonError::into_inner));
        std::str::from_utf8(origin).is_ok_and(|origin| origins.contains(origin))
    }

    /// Replaces the origins that client apps call from.
    pub fn set_origins(&self, origins: HashSet<String>) {
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(origins);
    }

    /// Tells load balancers and workers that no more work should begin here.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Has somebody asked the server to stop?
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until somebody has asked the server to stop.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // It cannot be closed: the sender is here.
        let _closed = stopping.wait_for(|is_stopping| *is_stopping).await;
    }

    /// Does what was to be done after a commit, on this replica.
    pub fn apply(&self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::WakeRelay => {
                    self.bell.notify_one();
                    self.sending_bell.notify_one();
                    self.hooks_bell.notify_one();
                }
                Effect::WakeImports => self.imports_bell.notify_one(),
                Effect::ForgetCallers => self.callers.forget_all(),
                Effect::ForgetPages => self.pages.forget_all(),
                Effect::ReloadKeys => self.are_keys_stale.store(true, Ordering::Relaxed),
            }
        }
    }
}
