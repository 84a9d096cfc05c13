//! Lists come in pages, by keyset: a page begins after the last row of the one before, so that a deep page costs what the
//! first one costs and an insertion in between neither repeats nor hides a row.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::body::Query;
use crate::kit::{
    problems::{codes::Code, problem::Problem},
    secrets::{
        secret::{equal_in_constant_time, to_hex},
        vault::mac,
    },
};

/// How many items a page has when the client does not say.
pub const DEFAULT_LIMIT: u64 = 20;
const SIGNATURE_CHARS: usize = 32;

/// Signs cursors, so that a foreign one is told from ours.
#[derive(Clone)]
pub struct Cursors([u8; 32]);

/// What part of a list is wanted. `K` is the sort key with the id at its end.
#[derive(Debug)]
pub struct Page<K> {
    /// How many items at the most.
    pub limit: u64,
    /// The key of the last row before this page.
    pub after: Option<K>,
    scope: String,
    base: String,
}

/// One page of a list.
#[derive(Debug)]
pub struct Slice<T> {
    /// The items.
    pub items: Vec<T>,
    next: Option<String>,
    link: Option<String>,
}

impl Cursors {
    /// With the key that signs them.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The part of a list that is asked for. `whose` is who asks, for lists that differ by caller: a cursor is bound to it.
    pub fn page<K: DeserializeOwned, F>(
        &self,
        query: &Query<F>,
        whose: &str,
        limit: Option<u64>,
        cursor: Option<&str>,
    ) -> Result<Page<K>, Problem> {
        let pairs = serde_json::to_string(&query.pairs).unwrap_or_default();
        let scope = format!("{}\n{whose}\n{pairs}", query.path);
        let after = cursor.map(|cursor| self.open(cursor, &scope)).transpose()?;
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(&query.pairs);
        pairs.append_pair("limit", &limit.unwrap_or(DEFAULT_LIMIT).to_string());
        let base = format!("{}?{}", query.path, pairs.finish());
        Ok(Page { limit: limit.unwrap_or(DEFAULT_LIMIT), after, scope, base })
    }

    /// The rows of a page, of which one more than its limit was asked for, as the answer to it.
    pub fn slice<T, K: Serialize>(&self, page: &Page<K>, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Slice<T> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = has_more.then(|| rows.last().map(|last| self.seal(&key(last), &page.scope))).flatten();
        let link = next.as_ref().map(|next| format!("<{}&cursor={next}>; rel=\"next\"", page.base));
        Slice { items: rows, next, link }
    }

    fn seal<K: Serialize>(&self, key: &K, scope: &str) -> String {
        let key = serde_json::to_string(key).unwrap_or_default();
        format!("{}{}", self.signature(&key, scope), URL_SAFE_NO_PAD.encode(key))
    }

    fn open<K: DeserializeOwned>(&self, cursor: &str, scope: &str) -> Result<K, Problem> {
        let invalid = || Problem::new(Code::InvalidCursor);
        let (signature, key) = cursor.split_at_checked(SIGNATURE_CHARS).ok_or_else(invalid)?;
        let key = URL_SAFE_NO_PAD.decode(key).ok().and_then(|key| String::from_utf8(key).ok()).ok_or_else(invalid)?;
        if !equal_in_constant_time(signature, &self.signature(&key, scope)) {
            return Err(invalid());
        }
        serde_json::from_str(&key).map_err(|_of_another_version| invalid())
    }

    fn signature(&self, key: &str, scope: &str) -> String {
        let mut signature = to_hex(&mac(&self.0, format!("{scope}\n{key}").as_bytes()));
        signature.truncate(SIGNATURE_CHARS);
        signature
    }
}

impl<K> Page<K> {
    /// How many rows to ask for: one more than the limit tells whether there is a next page.
    pub fn fetch(&self) -> u64 {
        self.limit.saturating_add(1)
    }
}

impl<T> Slice<T> {
    /// The same page with each item made something else.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Slice<U> {
        Slice { items: self.items.into_iter().map(make).collect(), next: self.next, link: self.link }
    }

    /// The same page with each item made something else, or left out.
    pub fn filter_map<U>(self, make: impl FnMut(T) -> Option<U>) -> Slice<U> {
        Slice { items: self.items.into_iter().filter_map(make).collect(), next: self.next, link: self.link }
    }

    /// The header `Link` (RFC 8288), where there is a next page.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// What is sent.
    pub fn into_listed(self) -> Listed<T> {
        Listed { items: self.items, next_cursor: self.next }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Give it as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<String>,
}
