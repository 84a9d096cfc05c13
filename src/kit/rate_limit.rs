//! How often one may call: per address for strangers, per member and per app for whoever is signed in. Counted in memory
//! (GCRA), so that each replica counts for itself; told in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10).

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use uuid::Uuid;

use super::{caller::Caller, codes::Code, problem::Problem};

const WINDOW: Duration = Duration::from_secs(60);
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

type Limiter = RateLimiter<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Caller(Uuid),
}

/// The three limits.
pub struct RateLimits {
    address: Limit,
    member: Limit,
    app: Limit,
}

struct Limit {
    name: &'static str,
    limiter: Limiter,
    policy: HeaderValue,
    burst: u32,
}

/// What is left after a request was counted.
#[derive(Debug)]
pub struct Left {
    policy: HeaderValue,
    limit: String,
}

/// A request too many.
#[derive(Debug)]
pub struct Refused {
    /// What it is answered with.
    pub problem: Problem,
    /// What is left: nothing.
    pub left: Left,
}

impl RateLimits {
    /// Limits in requests a minute, for an address, a member and an app.
    pub fn new(address: NonZeroU32, member: NonZeroU32, app: NonZeroU32) -> Self {
        Self {
            address: Limit::new("address", address),
            member: Limit::new("member", member),
            app: Limit::new("app", app),
        }
    }

    /// Counts a request of this caller, or of this address when nobody is signed in.
    pub fn count(&self, caller: Option<&Caller>, address: IpAddr) -> Result<Left, Box<Refused>> {
        match caller {
            None => self.address.count(Key::Address(address)),
            Some(Caller::Person(person)) => self.member.count(Key::Caller(person.member_id.0)),
            Some(Caller::App(app)) => self.app.count(Key::Caller(app.id.0)),
        }
    }

    /// Forgets whoever has been away for a window, so that memory stays bounded.
    pub fn tidy(&self) {
        for limit in [&self.address, &self.member, &self.app] {
            limit.limiter.retain_recent();
            limit.limiter.shrink_to_fit();
        }
    }
}

impl Limit {
    fn new(name: &'static str, a_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::dashmap(Quota::per_minute(a_minute)).with_middleware();
        let policy = format!("\"{name}\";q={a_minute};w={}", WINDOW.as_secs());
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("\"default\""));
        Self { name, limiter, policy, burst: a_minute.get() }
    }

    fn count(&self, key: Key) -> Result<Left, Box<Refused>> {
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(self.left(state.remaining_burst_capacity())),
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1);
                let problem = Problem::new(Code::TooManyRequests).header(RETRY_AFTER.as_str(), wait);
                Err(Box::new(Refused { problem, left: self.left(0) }))
            }
        }
    }

    fn left(&self, remaining: u32) -> Left {
        let used = u64::from(self.burst.saturating_sub(remaining));
        let until_full = used.saturating_mul(WINDOW.as_secs()).div_ceil(u64::from(self.burst));
        Left { policy: self.policy.clone(), limit: format!("\"{}\";r={remaining};t={until_full}", self.name) }
    }
}

impl Left {
    /// Tells it to the client.
    pub fn write(self, headers: &mut HeaderMap) {
        if let Ok(limit) = HeaderValue::from_str(&self.limit) {
            headers.insert(RATE_LIMIT, limit);
        }
        headers.insert(RATE_LIMIT_POLICY, self.policy);
    }
}
