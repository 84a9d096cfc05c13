//! Beginning, confirming, using and giving up a second factor.

use super::{
    store,
    totp::{TotpSecret, base32},
};
use crate::{
    audit::{self, Subject},
    db::Tx,
    kit::{
        problems::{Code, FaultCode, Problem, problem::bad_field},
        secrets::{Vault, secret::random_bytes},
        values::MemberId,
    },
};

const SECRET: &str = "staff_account.totp";
const RECOVERY_CODE: &str = "recovery_code";
const RECOVERY_CODES: usize = 10;
/// 80 random bits: nobody guesses one at ten guesses and one a minute.
const RECOVERY_BYTES: usize = 10;

/// A secret that waits for its confirmation; it replaces one that still waits, and not one that counts.
pub async fn begin(tx: &Tx, vault: &Vault, member: MemberId) -> Result<TotpSecret, Problem> {
    let secret = TotpSecret::generate();
    if !store::begin(tx, member, vault.seal(SECRET, &secret.to_base32())).await? {
        return Err(Problem::new(Code::AlreadyExists));
    }
    Ok(secret)
}

/// Makes the secret count, because the authenticator shows its code. Gives the recovery codes, which are not kept.
pub async fn confirm(tx: &Tx, vault: &Vault, member: MemberId, code: &str) -> Result<Vec<String>, Problem> {
    let kept = store::find(tx, member).await?.ok_or_else(Problem::not_found)?;
    if kept.is_confirmed {
        return Err(Problem::new(Code::AlreadyExists));
    }
    let step = open(vault, &kept.cipher)?.step_of(code.trim(), tx.now());
    let step = step.ok_or_else(|| bad_field("/code", FaultCode::WrongCode))?;
    if !store::use_step(tx, member, step).await? {
        return Err(bad_field("/code", FaultCode::WrongCode));
    }
    store::confirm(tx, member).await?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| new_recovery_code()).collect();
    let hashes = codes.iter().map(|code| vault.look_up(RECOVERY_CODE, &normal(code))).collect();
    store::replace_recovery_codes(tx, member, hashes).await?;
    record(tx, "enable_totp", member).await?;
    Ok(codes)
}

/// Is it a code of the authenticator that was not used before, or a recovery code? Uses it up.
pub async fn is_right(tx: &Tx, vault: &Vault, member: MemberId, code: &str) -> Result<bool, Problem> {
    let Some(kept) = store::find(tx, member).await?.filter(|kept| kept.is_confirmed) else { return Ok(false) };
    if let Some(step) = open(vault, &kept.cipher)?.step_of(code.trim(), tx.now()) {
        // RFC 6238, 5.2: a code is good once.
        return Ok(store::use_step(tx, member, step).await?);
    }
    let hash = vault.look_up(RECOVERY_CODE, &normal(code));
    let is_recovery_code = store::use_recovery_code(tx, member, &hash).await?;
    if is_recovery_code {
        record(tx, "use_recovery_code", member).await?;
    }
    Ok(is_recovery_code)
}

/// Gives the second factor up.
pub async fn remove(tx: &Tx, member: MemberId) -> Result<(), Problem> {
    store::remove(tx, member).await?;
    record(tx, "disable_totp", member).await
}

fn open(vault: &Vault, cipher: &str) -> Result<TotpSecret, Problem> {
    let text = vault.open(SECRET, cipher).map_err(Problem::internal)?;
    TotpSecret::from_base32(&text).ok_or_else(|| Problem::internal(crate::kit::secrets::vault::Unreadable))
}

/// `abcd-efgh-ijkl-mnop`
fn new_recovery_code() -> String {
    let text = base32(&random_bytes::<RECOVERY_BYTES>()).to_lowercase();
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// However it was typed.
fn normal(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

async fn record(tx: &Tx, action: &'static str, member: MemberId) -> Result<(), Problem> {
    audit::record(tx, action, Subject { kind: "member", id: member.0 }, None, None).await
}
