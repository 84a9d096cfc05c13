//! Pages that many people read, kept as the bytes that go out. They go at the next change, and in any case after a few
//! seconds. A page is kept under the very address it was asked by, so that finding it again takes no parsing; and under its
//! name, so that addresses that mean the same share one making.
//!
//! The last page of each name is kept for longer, as a spare: it is served while the database is in trouble and no fresh page
//! can be made (`stale-if-error`, RFC 5861), and only then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};
use tokio::time::timeout;

use super::CachedPage;
use crate::kit::problems::{Code, Problem};

/// How long a page lives when no message says that it has changed.
const LIFE: Duration = Duration::from_secs(5);
const CAPACITY_BYTES: u64 = 32 * 1024 * 1024;
/// How old a spare may be; `CachedPage` says the same to everybody in `stale-if-error`.
pub(super) const SPARE_LIFE: Duration = Duration::from_secs(600);
const SPARE_CAPACITY_BYTES: u64 = 16 * 1024 * 1024;
/// How long the making of a page may take of which there is a spare. A database that takes longer is in trouble.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the older page is served without a new try, after a try has failed. Readers do not wait meanwhile.
const QUIET: Duration = Duration::from_secs(2);
const TROUBLED: u64 = 10_000;

/// Pages by what is seen on them.
pub struct PageCache {
    pages: Cache<String, Kept>,
    /// The last page of each name.
    spares: Cache<String, Kept>,
    /// How often everything was forgotten. What was begun before the last time is old, also when it is finished after it.
    generation: AtomicU64,
    /// The names of the pages that could not be made a moment ago. One page that is slow to make keeps no other from being made.
    troubled: Cache<String, ()>,
    patience: Duration,
}

#[derive(Clone)]
struct Kept {
    page: Arc<CachedPage>,
    generation: u64,
    made_at: Instant,
}

/// A page lives from its making on, under however many addresses and whenever it was found by them.
struct FromItsMaking;

impl<K> Expiry<K, Kept> for FromItsMaking {
    fn expire_after_create(&self, _: &K, kept: &Kept, now: Instant) -> Option<Duration> {
        Some(LIFE.saturating_sub(now.saturating_duration_since(kept.made_at)))
    }

    fn expire_after_update(&self, key: &K, kept: &Kept, now: Instant, _: Option<Duration>) -> Option<Duration> {
        self.expire_after_create(key, kept, now)
    }
}

impl PageCache {
    pub(super) fn new() -> Self {
        let pages = Cache::builder()
            .expire_after(FromItsMaking)
            .max_capacity(CAPACITY_BYTES)
            .weigher(|key: &String, kept| weight(key, kept))
            .build();
        let spares = Cache::builder()
            .time_to_live(SPARE_LIFE)
            .max_capacity(SPARE_CAPACITY_BYTES)
            .weigher(|key: &String, kept| weight(key, kept))
            .build();
        let troubled = Cache::builder().time_to_live(QUIET).max_capacity(TROUBLED).build();
        Self { pages, spares, troubled, generation: AtomicU64::new(0), patience: PATIENCE }
    }

    /// The page that was asked for by this address (path and query) a moment ago.
    pub async fn at(&self, address: &str) -> Option<Arc<CachedPage>> {
        let kept = self.pages.get(address).await?;
        (kept.generation == self.generation.load(Ordering::Acquire)).then_some(kept.page)
    }

    /// The page of that name; `make` is run by one of those who ask, the others wait for it. It is found by `address` from
    /// now on. A name never begins with a slash. When the database is in trouble it is the spare, where there is one.
    pub async fn make(
        &self,
        address: &str,
        name: &str,
        make: impl Future<Output = Result<CachedPage, Problem>>,
    ) -> Result<Arc<CachedPage>, Problem> {
        let spare = self.spares.get(name).await.filter(|spare| spare.made_at.elapsed() < SPARE_LIFE);
        let Some(spare) = spare else { return self.make_fresh(address, name, make).await };
        if self.troubled.contains_key(name) {
            return Ok(spare.page);
        }
        let fresh = timeout(self.patience, self.make_fresh(address, name, make)).await;
        match fresh.unwrap_or_else(|_elapsed| Err(Problem::new(Code::Unavailable))) {
            Err(problem) if matches!(problem.code, Code::Unavailable | Code::StorageFull) => {
                tracing::warn!(cause = ?problem.cause, "no fresh page can be made; an older one is served");
                self.troubled.insert(name.to_owned(), ()).await;
                Ok(spare.page)
            }
            fresh => fresh,
        }
    }

    async fn make_fresh(
        &self,
        address: &str,
        name: &str,
        make: impl Future<Output = Result<CachedPage, Problem>>,
    ) -> Result<Arc<CachedPage>, Problem> {
        let generation = self.generation.load(Ordering::Acquire);
        let made_at = Instant::now();
        let making = async {
            let kept = Kept { page: Arc::new(make.await?), generation, made_at };
            self.spares.insert(name.to_owned(), kept.clone()).await;
            Ok(kept)
        };
        let kept = self.pages.try_get_with(format!("{generation} {name}"), making).await;
        let kept = kept.map_err(|problem: Arc<Problem>| problem.as_ref().clone())?;
        self.pages.insert(address.to_owned(), kept.clone()).await;
        Ok(kept.page)
    }

    /// Forgets all: what people read has changed. Spares stay: they are served only while no fresh page can be made.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.pages.invalidate_all();
    }
}

/// How many bytes a page takes.
fn weight(key: &str, kept: &Kept) -> u32 {
    u32::try_from(kept.page.size().saturating_add(key.len())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn troubled() -> Result<CachedPage, Problem> {
        Err(Problem::new(Code::Unavailable))
    }

    fn page(json: &str) -> CachedPage {
        CachedPage::new(json.as_bytes().to_vec(), None).unwrap()
    }

    #[actix_web::test]
    async fn another_spelling_of_an_address_makes_no_page_younger() {
        let cache = PageCache::new();
        let made_at = Instant::now().checked_sub(LIFE).unwrap();
        let old = Kept { page: Arc::new(page("[1]")), generation: 0, made_at };
        cache.pages.insert("0 page".to_owned(), old.clone()).await;
        cache.pages.insert("/pages?a".to_owned(), old.clone()).await;

        let found = cache.make("/pages?b", "page", async { Ok(page("[2]")) }).await.unwrap();

        assert!(cache.at("/pages?a").await.is_none());
        assert!(!Arc::ptr_eq(&found, &old.page));
        assert!(cache.at("/pages?b").await.is_some_and(|page| Arc::ptr_eq(&page, &found)));
    }

    #[actix_web::test]
    async fn an_older_page_is_served_while_none_can_be_made_and_never_otherwise() {
        let cache = PageCache::new();
        let old = cache.make("/pages", "page", async { Ok(page("[1]")) }).await.unwrap();
        cache.forget_all();

        let in_trouble = cache.make("/pages", "page", async { troubled() }).await.unwrap();
        let at_once = cache.make("/pages", "page", pending()).await.unwrap();
        let another = cache.make("/others", "other", async { Ok(page("[3]")) }).await;
        cache.troubled.invalidate_all();
        let fresh = cache.make("/pages", "page", async { Ok(page("[2]")) }).await.unwrap();

        assert!(Arc::ptr_eq(&in_trouble, &old) && Arc::ptr_eq(&at_once, &old));
        assert!(another.is_ok());
        assert!(!Arc::ptr_eq(&fresh, &old));
        assert!(cache.at("/pages").await.is_some_and(|found| Arc::ptr_eq(&found, &fresh)));
    }

    #[actix_web::test]
    async fn a_database_that_does_not_answer_is_in_trouble() {
        let cache = PageCache { patience: Duration::from_millis(1), ..PageCache::new() };
        let old = cache.make("/pages", "page", async { Ok(page("[1]")) }).await.unwrap();
        cache.forget_all();

        let served = cache.make("/pages", "page", pending()).await.unwrap();

        assert!(Arc::ptr_eq(&served, &old));
    }

    #[actix_web::test]
    async fn trouble_is_told_where_there_is_no_older_page_and_other_errors_always_are() {
        let cache = PageCache::new();
        assert_eq!(cache.make("/a", "a", async { troubled() }).await.unwrap_err().code, Code::Unavailable);

        cache.make("/b", "b", async { Ok(page("[1]")) }).await.unwrap();
        cache.forget_all();
        let refused = cache.make("/b", "b", async { Err(Problem::new(Code::InvalidCursor)) }).await;

        assert_eq!(refused.unwrap_err().code, Code::InvalidCursor);
    }

    #[actix_web::test]
    async fn a_page_is_too_old_after_its_time() {
        let cache = PageCache::new();
        let made_at = Instant::now().checked_sub(SPARE_LIFE).unwrap();
        cache.spares.insert("page".to_owned(), Kept { page: Arc::new(page("[1]")), generation: 0, made_at }).await;

        let refused = cache.make("/pages", "page", async { troubled() }).await;

        assert_eq!(refused.unwrap_err().code, Code::Unavailable);
    }
}
