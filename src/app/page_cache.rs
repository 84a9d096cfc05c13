//! Pages that many people read, kept as the bytes that go out: made once at a time, with their entity tag and their
//! compressed forms made then, never per request. They go at the next change, and in any case after a few seconds.

use std::{io::Write as _, sync::Arc, time::Duration};

use actix_web::web::Bytes;
use moka::future::Cache;

use crate::kit::{etag, problem::Problem};

/// How long a page lives when no message says that it has changed.
const LIFE: Duration = Duration::from_secs(5);
const CAPACITY_BYTES: u64 = 32 * 1024 * 1024;
/// What is smaller gains nothing from compression.
const WORTH_COMPRESSING: usize = 1024;
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 20;

/// A page as bytes.
#[derive(Debug)]
pub struct CachedPage {
    /// Its strong entity tag.
    pub tag: String,
    /// The header `Link`, where there is a next page.
    pub link: Option<String>,
    /// The body as it is.
    pub plain: Bytes,
    /// The body in brotli, where that is worth while.
    pub brotli: Option<Bytes>,
    /// The body in gzip, where that is worth while.
    pub gzip: Option<Bytes>,
}

/// Pages by what is seen on them.
pub struct PageCache {
    pages: Cache<String, Arc<CachedPage>>,
}

impl CachedPage {
    /// A page of these bytes.
    pub fn new(body: Vec<u8>, link: Option<String>) -> Self {
        let worth = body.len() >= WORTH_COMPRESSING;
        let brotli = worth.then(|| compress_brotli(&body)).flatten().map(Bytes::from);
        let gzip = worth.then(|| compress_gzip(&body)).flatten().map(Bytes::from);
        Self { tag: etag::tag_of(None, &body), link, plain: Bytes::from(body), brotli, gzip }
    }

    fn size(&self) -> usize {
        let compressed = [&self.brotli, &self.gzip].into_iter().flatten().map(Bytes::len).sum::<usize>();
        self.plain.len().saturating_add(compressed).saturating_add(256)
    }
}

impl PageCache {
    pub(super) fn new() -> Self {
        let pages = Cache::builder()
            .time_to_live(LIFE)
            .max_capacity(CAPACITY_BYTES)
            .weigher(|key: &String, page: &Arc<CachedPage>| {
                u32::try_from(page.size().saturating_add(key.len())).unwrap_or(u32::MAX)
            })
            .build();
        Self { pages }
    }

    /// The page of that key; `make` is run by one of those who ask, the others wait for it.
    pub async fn get_or_make(
        &self,
        key: &str,
        make: impl Future<Output = Result<CachedPage, Problem>>,
    ) -> Result<Arc<CachedPage>, Problem> {
        if let Some(page) = self.pages.get(key).await {
            return Ok(page);
        }
        let made = self.pages.try_get_with(key.to_owned(), async { make.await.map(Arc::new) }).await;
        made.map_err(|problem| problem.as_ref().clone())
    }

    /// Forgets all: what people read has changed.
    pub fn forget_all(&self) {
        self.pages.invalidate_all();
    }
}

fn compress_brotli(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(body).ok()?;
    writer.flush().ok()?;
    drop(writer);
    Some(out)
}

fn compress_gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(body).ok()?;
    writer.finish().ok()
}
