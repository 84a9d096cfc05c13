//! Pages that many people read, kept as the bytes that go out. They go at the next change, and in any case after a few
//! seconds. A page is kept under the very address it was asked by, so that finding it again takes no parsing; and under its
//! name, so that addresses that mean the same share one making.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;

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
}

impl PageCache {
    pub(super) fn new() -> Self {
        let pages = Cache::builder()
            .time_to_live(LIFE)
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
        let making = async { make.await.map(|page| Kept { page: Arc::new(page), generation }) };
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
