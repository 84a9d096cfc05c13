//! Everything that the stand-in remembers: who its people are, what was sent, which codes and tokens are alive, how
//! often it was called and what the fault dial says. How it judges a call is in `rules`.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    token::{Purpose, Token, hmac_hex},
    webhook::Webhook,
};

/// How many messages are kept.
const SENT_KEPT: usize = 1_000;
/// A code of a phone number lives two minutes. For that of a place no life is published; the same will do.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(2);
/// No delay of the dial is longer.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Three months.
pub(super) const REFRESH_LIFE: TimeDelta = TimeDelta::days(90);

/// The clock that the stand-in asks.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Somebody with a Zalo account.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id within the app.
    pub zalo_id: String,
    /// Their id with the Official Account.
    pub oa_user_id: String,
    pub name: String,
    /// `849...`, without a plus.
    pub phone: String,
    /// The Mini App token by which they sign in. It does not expire.
    pub access_token: String,
    /// Do they follow the Official Account?
    pub follows_oa: bool,
    /// Did they write to the Official Account within the last seven days?
    pub inside_window: bool,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// `consultation`
    pub kind: &'static str,
    /// The recipient's id with the Official Account.
    pub to: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// The fault dial. Everything absent is no fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Wait so many milliseconds before answering, 30,000 at most.
    pub delay_ms: Option<u64>,
    /// Answer with this HTTP status.
    pub status: Option<u16>,
    /// Answer HTTP 200 with this error number, where people and messages are asked for. Tokens are renewed all the same:
    /// Zalo's numbers mean other things there, and an application whose refresh token is refused stays without messages.
    pub error: Option<i64>,
    /// Expire all access tokens of the Official Account given out so far. They stay expired when the dial is cleared.
    pub expire_tokens: bool,
}

impl Faults {
    /// How long to wait.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0)).min(LONGEST_DELAY)
    }
}

/// An endpoint of Zalo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Who holds a token.
    Profile,
    /// What a code stands for: a phone number or a place.
    SharedByCode,
    /// A new pair of tokens of the Official Account.
    OaToken,
    /// A consultation message.
    Consultation,
}

impl Endpoint {
    const ALL: [Self; 4] = [Self::Profile, Self::SharedByCode, Self::OaToken, Self::Consultation];

    /// Does the dial's `error` reach it?
    pub fn obeys_error(self) -> bool {
        self != Self::OaToken
    }

    /// The path, the same as Zalo's.
    pub fn path(self) -> &'static str {
        match self {
            Self::Profile => "/v2.0/me",
            Self::SharedByCode => "/v2.0/me/info",
            Self::OaToken => "/v4/oa/access_token",
            Self::Consultation => "/v3.0/oa/message/cs",
        }
    }

    /// The endpoint at a path.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }
}

/// A fresh code of each kind, as the app on a phone would get them.
#[derive(Clone, Debug, Serialize)]
pub struct Codes {
    pub phone_code: String,
    pub location_code: String,
}

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shares {
    Phone,
    Location,
}

struct Code {
    zalo_id: String,
    shares: Shares,
    expires_at: DateTime<Utc>,
}

/// The stand-in, shared by its handlers.
pub struct Stage {
    pub(super) app_id: String,
    pub(super) app_secret: String,
    people: Vec<Person>,
    now: Now,
    webhook: Option<Webhook>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// The highest serial number given out. It starts at the clock, so that it rises over restarts too.
    last_serial: u64,
    /// Access tokens up to this serial number are expired.
    expired_up_to: u64,
    spent_refresh_tokens: HashSet<u64>,
    codes: HashMap<String, Code>,
    /// Newest first.
    sent: VecDeque<Sent>,
    calls: HashMap<Endpoint, u64>,
    faults: Faults,
}

impl Memory {
    fn next_serial(&mut self) -> u64 {
        self.last_serial = self.last_serial.saturating_add(1);
        self.last_serial
    }
}

impl Stage {
    /// A stage for one app, its Official Account and these people.
    pub fn new(app_id: impl Into<String>, app_secret: impl Into<String>, people: Vec<Person>, now: Now) -> Self {
        let last_serial = u64::try_from(now().timestamp_micros()).unwrap_or(0);
        let memory = Mutex::new(Memory { last_serial, ..Memory::default() });
        Self { app_id: app_id.into(), app_secret: app_secret.into(), people, now, webhook: None, memory }
    }

    /// The same, telling an application at this address, signed with its Open API key, who withdraws their consent.
    pub fn telling(self, url: String, api_key: &str) -> Self {
        Self { webhook: Some(Webhook::new(url, api_key)), ..self }
    }

    /// Whom it tells.
    pub(super) fn webhook(&self) -> Option<&Webhook> {
        self.webhook.as_ref()
    }

    /// A refresh token with which an application begins, as the Official Account's owner gets one by consenting: another
    /// one at each call, so that an application whose tokens have died begins anew with it. Like every other it works once.
    pub fn first_refresh_token(&self) -> String {
        self.issue(Purpose::Refresh, REFRESH_LIFE)
    }

    /// Everybody on Zalo.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// What was sent, newest first, the last 1,000.
    pub fn sent(&self) -> Vec<Sent> {
        self.memory().sent.iter().cloned().collect()
    }

    /// How often an endpoint was called, faults included.
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.memory().calls.get(&endpoint).copied().unwrap_or(0)
    }

    /// What the fault dial says.
    pub fn faults(&self) -> Faults {
        self.memory().faults.clone()
    }

    /// Turns the fault dial.
    pub fn set_faults(&self, faults: Faults) {
        let mut memory = self.memory();
        if faults.expire_tokens {
            memory.expired_up_to = memory.last_serial;
        }
        memory.faults = faults;
    }

    /// What `getPhoneNumber` gives in the app: a code for the phone number of whoever holds this token. It works once,
    /// within two minutes.
    pub fn mint_phone_code(&self, access_token: &str) -> Option<String> {
        self.mint_code(access_token, Shares::Phone)
    }

    /// What `getLocation` gives in the app: a code for a place, otherwise the same.
    pub fn mint_location_code(&self, access_token: &str) -> Option<String> {
        self.mint_code(access_token, Shares::Location)
    }

    /// A code of each kind.
    pub fn mint_codes(&self, access_token: &str) -> Option<Codes> {
        let phone_code = self.mint_phone_code(access_token)?;
        let location_code = self.mint_location_code(access_token)?;
        Some(Codes { phone_code, location_code })
    }

    fn mint_code(&self, access_token: &str, shares: Shares) -> Option<String> {
        let person = self.person_with_token(access_token)?;
        let now = self.now();
        let mut memory = self.memory();
        memory.codes.retain(|_, code| code.expires_at > now);
        let mut text = hmac_hex(&self.app_secret, &format!("code.{}", memory.next_serial()));
        text.truncate(32);
        let code = Code { zalo_id: person.zalo_id.clone(), shares, expires_at: now + CODE_LIFE };
        memory.codes.insert(text.clone(), code);
        Some(text)
    }

    /// What a code of this person stands for. It is spent by that; a stranger's code is not.
    pub(super) fn spend_code(&self, text: &str, person: &Person) -> Option<Shares> {
        let now = self.now();
        let mut memory = self.memory();
        let code = memory.codes.get(text)?;
        if code.zalo_id != person.zalo_id || code.expires_at <= now {
            return None;
        }
        memory.codes.remove(text).map(|code| code.shares)
    }

    /// A new token that lives so long from now.
    pub(super) fn issue(&self, purpose: Purpose, life: TimeDelta) -> String {
        let expires_at = (self.now() + life).timestamp();
        let serial = self.memory().next_serial();
        Token { purpose, serial, expires_at }.sign(&self.app_secret)
    }

    /// Is this a live access token of the Official Account?
    pub(super) fn accepts(&self, access_token: &str) -> bool {
        Token::verify(Purpose::Access, access_token, &self.app_secret).is_some_and(|token| {
            token.expires_at > self.now().timestamp() && token.serial > self.memory().expired_up_to
        })
    }

    /// Spends a refresh token. False when it is forged, expired or spent.
    pub(super) fn spend(&self, refresh_token: &str) -> bool {
        let Some(token) = Token::verify(Purpose::Refresh, refresh_token, &self.app_secret) else { return false };
        let now = self.now().timestamp();
        let mut memory = self.memory();
        // It may be from before a restart, and then the numbers go on behind it.
        memory.last_serial = memory.last_serial.max(token.serial);
        token.expires_at > now && memory.spent_refresh_tokens.insert(token.serial)
    }

    pub(super) fn record_call(&self, endpoint: Endpoint) {
        *self.memory().calls.entry(endpoint).or_default() += 1;
    }

    /// Keeps a message, and gives it an id.
    pub(super) fn record_sent(&self, sent: Sent) -> String {
        let mut memory = self.memory();
        memory.sent.push_front(sent);
        memory.sent.truncate(SENT_KEPT);
        format!("{:x}", memory.next_serial())
    }

    pub(super) fn person_with_token(&self, access_token: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.access_token == access_token)
    }

    pub(super) fn person_known_to_oa(&self, oa_user_id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.oa_user_id == oa_user_id)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// A panic elsewhere leaves nothing half-written here: every change is complete before the guard is dropped.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
