//! How often one may call: per address for strangers, per member and per app for whoever is signed in. Counted in memory
//! (GCRA), so that each replica counts for itself; told in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use uuid::Uuid;

use super::caller::Caller;
use crate::kit::{
    problems::{codes::Code, problem::Problem},
    secrets::secret::sha256,
};

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
    /// Of apps with a number of their own: a limit for each such number.
    special: Mutex<HashMap<NonZeroU32, Arc<Limit>>>,
}

struct Limit {
    name: &'static str,
    limiter: Limiter,
    policy: HeaderValue,
    burst: u32,
}

/// Guesses at a password or a code, counted for whatever is guessed at.
pub struct Guesses {
    passwords: GuessLimiter,
    codes: GuessLimiter,
}

type GuessLimiter = RateLimiter<[u8; 32], DashMapStateStore<[u8; 32]>, DefaultClock>;

/// How many guesses are free, and how long each further one takes to come back. At this pace a password of 12 characters
/// is out of reach (OWASP ASVS 5.0, 6.3.1).
const GUESSES: NonZeroU32 = NonZeroU32::new(10).unwrap();
const GUESS_COMES_BACK: Duration = Duration::from_secs(60);
/// The same of a code of 6 digits, of which three are good at a time: 150 guesses a day hit one in six years, on average.
const CODE_GUESS_COMES_BACK: Duration = Duration::from_secs(10 * 60);

impl Guesses {
    /// Nobody has guessed yet.
    pub fn new() -> Self {
        Self { passwords: limiter_of_guesses(GUESS_COMES_BACK), codes: limiter_of_guesses(CODE_GUESS_COMES_BACK) }
    }

    /// Counts a guess at the password of `what`, which need not exist.
    pub fn count(&self, what: &str) -> Result<(), Problem> {
        count_guess(&self.passwords, what)
    }

    /// Counts a guess at a code of `what`.
    pub fn count_code(&self, what: &str) -> Result<(), Problem> {
        count_guess(&self.codes, what)
    }

    /// Forgets what nobody has guessed at of late.
    pub fn tidy(&self) {
        for limiter in [&self.passwords, &self.codes] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn limiter_of_guesses(comes_back: Duration) -> GuessLimiter {
    let quota = Quota::with_period(comes_back).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
    RateLimiter::dashmap(quota.allow_burst(GUESSES))
}

fn count_guess(limiter: &GuessLimiter, what: &str) -> Result<(), Problem> {
    limiter.check_key(&sha256(what.as_bytes())).map_err(|refused| {
        let wait = refused.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1);
        Problem::new(Code::TooManyRequests).header(RETRY_AFTER.as_str(), wait)
    })
}

impl Default for Guesses {
    fn default() -> Self {
        Self::new()
    }
}

/// Requests under way, by the address of their clients. For servers behind proxies: there a client is no connection of ours.
#[derive(Debug)]
pub struct InFlight {
    most: usize,
    by_network: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct UnderWay<'a> {
    in_flight: &'a InFlight,
    network: IpAddr,
}

impl InFlight {
    /// At most so many of one address.
    pub fn new(most: usize) -> Self {
        Self { most, by_network: Mutex::default() }
    }

    /// Counts a request of this address until what is given is dropped. One too many is refused.
    pub fn begin(&self, address: IpAddr) -> Result<UnderWay<'_>, Problem> {
        let network = network_of(address);
        let mut by_network = self.by_network();
        let count = by_network.entry(network).or_default();
        if *count >= self.most {
            return Err(Problem::new(Code::TooManyRequests).header(RETRY_AFTER.as_str(), 1));
        }
        *count = count.saturating_add(1);
        Ok(UnderWay { in_flight: self, network })
    }

    fn by_network(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut by_network = self.in_flight.by_network();
        if let Some(count) = by_network.get_mut(&self.network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                by_network.remove(&self.network);
            }
        }
    }
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
            special: Mutex::default(),
        }
    }

    /// Counts a request of this caller, or of this address when nobody is signed in.
    pub fn count(&self, caller: Option<&Caller>, address: IpAddr) -> Result<Left, Box<Refused>> {
        match caller {
            None => self.address.count(Key::Address(network_of(address))),
            Some(Caller::Person(person)) => self.member.count(Key::Caller(person.member_id.0)),
            Some(Caller::App(app)) => match app.requests_per_minute {
                None => self.app.count(Key::Caller(app.id.0)),
                Some(number) => self.special(number).count(Key::Caller(app.id.0)),
            },
        }
    }

    fn special(&self, a_minute: NonZeroU32) -> Arc<Limit> {
        let mut special = self.special.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(special.entry(a_minute).or_insert_with(|| Arc::new(Limit::new("app", a_minute))))
    }

    /// Forgets whoever has been away for a window, so that memory stays bounded.
    pub fn tidy(&self) {
        for limit in self.special.lock().unwrap_or_else(PoisonError::into_inner).values() {
            limit.limiter.retain_recent();
        }
        for limit in [&self.address, &self.member, &self.app] {
            limit.limiter.retain_recent();
            limit.limiter.shrink_to_fit();
        }
    }
}

/// What is counted as one address. Of IPv6 it is the network of 64 bits: whoever has one address there has all of them
/// (RFC 4291, 2.5.1).
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_under_way_are_counted_by_address_until_they_end() {
        let in_flight = InFlight::new(1);
        let (one, other) = (IpAddr::from([203, 0, 113, 1]), IpAddr::from([203, 0, 113, 2]));

        let under_way = in_flight.begin(one).unwrap();

        assert!(in_flight.begin(one).is_err_and(|problem| problem.code == Code::TooManyRequests));
        assert!(in_flight.begin(other).is_ok());
        drop(under_way);
        assert!(in_flight.begin(one).is_ok());
        assert!(in_flight.by_network().is_empty());
    }

    #[test]
    fn an_address_is_counted_with_all_that_its_owner_has() {
        let network = |text: &str| network_of(text.parse().unwrap());

        assert_eq!(network("2001:db8:1:2:aaaa::1"), network("2001:db8:1:2::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:203.0.113.1"), network("203.0.113.1"));
        assert_ne!(network("203.0.113.1"), network("203.0.113.2"));
    }
}
