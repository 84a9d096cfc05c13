//! Pages that many people read, kept as the bytes that go out. They go at the next change, and in any case after a few
//! seconds. A page is kept under the very address it was asked by, so that finding it again takes no parsing; and under its
//! name, so that addresses that mean the same share one making.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};

use super::CachedPage;
use crate::kit::problem::Problem;

/// How long a page lives when no message says that it has changed.
const LIFE: Duration = Duration::from_secs(5);
const CAPACITY_BYTES: u64 = 32 * 1024 * 1024;

/// Pages by what is seen on them.
pub struct PageCache {
    pages: Cache<String, Kept>,
    /// How often everything was forgotten. What was begun before the last time is old, also when it is finished after it.
    generation: AtomicU64,
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
            .weigher(|key: &String, kept: &Kept| {
                u32::try_from(kept.page.size().saturating_add(key.len())).unwrap_or(u32::MAX)
            })
            .build();
        Self { pages, generation: AtomicU64::new(0) }
    }

    /// The page that was asked for by this address (path and query) a moment ago.
    pub async fn at(&self, address: &str) -> Option<Arc<CachedPage>> {
        let kept = self.pages.get(address).await?;
        (kept.generation == self.generation.load(Ordering::Acquire)).then_some(kept.page)
    }

    /// The page of that name; `make` is run by one of those who ask, the others wait for it. It is found by `address` from
    /// now on. A name never begins with a slash.
    pub async fn make(
        &self,
        address: &str,
        name: &str,
        make: impl Future<Output = Result<CachedPage, Problem>>,
    ) -> Result<Arc<CachedPage>, Problem> {
        let generation = self.generation.load(Ordering::Acquire);
        let made_at = Instant::now();
        let making = async { make.await.map(|page| Kept { page: Arc::new(page), generation, made_at }) };
        let kept = self.pages.try_get_with(format!("{generation} {name}"), making).await;
        let kept = kept.map_err(|problem| problem.as_ref().clone())?;
        self.pages.insert(address.to_owned(), kept.clone()).await;
        Ok(kept.page)
    }

    /// Forgets all: what people read has changed.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.pages.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
