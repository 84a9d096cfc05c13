//! Passwords: Argon2id (RFC 9106) with the library's recommended parameters, on a thread of its own, few at once.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use crate::kit::{problems::Problem, work::ConcurrencyLimit};

/// The hash to compare with where there is no account, so that it takes as long: of a password that nobody has.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$hJxkqk2IhYqYBWR0bRS5eBzTBWt5rQYJB3c2xM0Ff7g";

/// What to store for a password.
pub async fn hash(turns: &ConcurrencyLimit, password: String) -> Result<String, Problem> {
    let hashing = move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string());
    turns.run(hashing).await?.map_err(Problem::internal)
}

/// Is it the password of that hash? With no hash, `false`, after the same work.
pub async fn verify(turns: &ConcurrencyLimit, password: String, stored: Option<String>) -> Result<bool, Problem> {
    let comparing = move || {
        let is_known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODYS.to_owned());
        let is_right = PasswordHash::new(&stored)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        is_right && is_known
    };
    turns.run(comparing).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_is_known_by_its_hash_and_nobodys_hash_is_well_formed() {
        let at_once = ConcurrencyLimit::new(1);
        let stored = hash(&at_once, "đúng rồi".into()).await.unwrap();

        assert!(verify(&at_once, "đúng rồi".into(), Some(stored.clone())).await.unwrap());
        assert!(!verify(&at_once, "sai".into(), Some(stored)).await.unwrap());
        assert!(!verify(&at_once, "sai".into(), None).await.unwrap());
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }
}
