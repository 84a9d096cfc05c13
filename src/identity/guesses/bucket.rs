//! What wrong guesses are counted by, and how many each may have.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    config,
    kit::{http::Network, secrets::Vault, values::MemberId},
};

const PURPOSE: &str = "wrong_guess.bucket";
/// Windows begin at full multiples of their length since 1970.
const TEN_MINUTES: i64 = 600;
const HOUR: i64 = 3_600;
/// At the password of one username in ten minutes: besides the ten tries and one more a minute that each replica takes.
const PER_USERNAME: u32 = 20;
/// At the codes of one account in an hour. At this pace a code of six digits, of which three are good at a time, is hit once in
/// four years, on average.
const PER_CODE: u32 = 10;

/// Something that wrong guesses are counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// What kind it is, in figures.
    pub kind: &'static str,
    /// Its name in the database.
    pub name: String,
    /// How many wrong guesses it takes in a window.
    pub most: i64,
    /// How long a window is, in seconds.
    window: i64,
}

impl Bucket {
    /// All guesses at this username, which need not exist.
    pub fn username(vault: &Vault, username: &str) -> Self {
        Self::new(vault, "username", &username.to_lowercase(), PER_USERNAME, TEN_MINUTES)
    }

    /// Guesses at the password of whoever is signed in already.
    pub fn owner(vault: &Vault, member: MemberId) -> Self {
        Self::new(vault, "owner", &member.to_string(), PER_USERNAME, TEN_MINUTES)
    }

    /// All guesses at the codes of this account.
    pub fn code(vault: &Vault, member: MemberId) -> Self {
        Self::new(vault, "code", &member.to_string(), PER_CODE, HOUR)
    }

    /// All guesses from this network, whatever they are at.
    pub fn network(vault: &Vault, network: Network, limits: &config::SignIn) -> Self {
        let most = limits.wrong_passwords_per_network.get();
        Self::new(vault, "network", &network.to_string(), most, TEN_MINUTES)
    }

    /// All guesses.
    pub fn all(vault: &Vault, limits: &config::SignIn) -> Self {
        Self::new(vault, "all", "", limits.wrong_passwords_in_all.get(), TEN_MINUTES)
    }

    fn new(vault: &Vault, kind: &'static str, what: &str, most: u32, window: i64) -> Self {
        let name = format!("{kind}:{}", vault.look_up(PURPOSE, &format!("{kind}\n{what}")));
        Self { kind, name, most: most.into(), window }
    }

    /// When the window that `now` is in ends.
    pub fn window_ends(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let second = now.timestamp();
        let ends = second.saturating_sub(second.rem_euclid(self.window)).saturating_add(self.window);
        DateTime::from_timestamp(ends, 0).unwrap_or(now)
    }

    /// How long that takes, in whole seconds, at least one.
    pub fn wait(&self, now: DateTime<Utc>) -> i64 {
        let left: TimeDelta = self.window_ends(now).signed_duration_since(now);
        left.num_seconds().saturating_add(1).clamp(1, self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_at_the_next_multiple_of_its_length() {
        let vault = Vault::new([7; 32]);
        let bucket = Bucket::username(&vault, "an");
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();

        assert_eq!(bucket.window_ends(at("2026-03-10T02:00:00Z")), at("2026-03-10T02:10:00Z"));
        assert_eq!(bucket.window_ends(at("2026-03-10T02:09:59.9Z")), at("2026-03-10T02:10:00Z"));
        assert_eq!(bucket.wait(at("2026-03-10T02:09:59.9Z")), 1);
        assert_eq!(bucket.wait(at("2026-03-10T02:00:00Z")), 600);
        assert!(Bucket::code(&vault, MemberId::new()).wait(at("1960-01-01T00:00:01Z")) <= 3_600);
    }

    #[test]
    fn neither_a_username_nor_a_network_is_in_a_name() {
        let vault = Vault::new([7; 32]);
        let limits = config::Config::defaults().unwrap().sign_in;
        let network = Bucket::network(&vault, Network::wide([203, 0, 113, 7].into()), &limits);

        assert_eq!(Bucket::username(&vault, "An"), Bucket::username(&vault, "an"));
        assert!(!network.name.contains("203") && !Bucket::username(&vault, "binh").name.contains("binh"));
        assert_ne!(Bucket::username(&vault, "").name, Bucket::all(&vault, &limits).name);
    }
}
