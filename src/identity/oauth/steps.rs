//! Staff sign in on our page: username and password, then a code where they have a second factor. Between the two the page
//! carries a ticket that only this server can write and read, so nothing is remembered here and no password travels twice.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    store::{self, NewCode},
    wire::SignInForm,
};
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Actor, Tx},
    identity::{
        guesses::Guessing,
        staff::{self, KnownDevice, StaffAccount},
        totp,
    },
    kit::{
        http::Network,
        problems::Problem,
        secrets::secret::{random_token, token_hash},
        values::{MemberId, clock::later},
    },
    personal_data,
};

const CODE_LIFE: Duration = Duration::seconds(60);
const TICKET_LIFE: Duration = Duration::minutes(5);
const TICKET: &str = "oauth.second_factor";

/// How far somebody got.
#[derive(Debug)]
pub enum Step {
    /// All the way.
    SignedIn {
        /// For the client.
        code: String,
        /// For the browser, by which it is known the next time.
        device: String,
    },
    /// Username and password are right; now a code, with this ticket.
    NeedsCode(String),
    /// Username and password do not fit, or there is no such account.
    WrongPassword,
    /// The code does not fit; the ticket is still good.
    WrongCode(String),
    /// The ticket is too old, or the account is not what it was.
    Late,
}

/// That username and password were right, and for which request.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    member_id: MemberId,
    /// Another password has been set since, and this is of no more use.
    password_set_at: DateTime<Utc>,
    client_id: String,
    redirect_uri: String,
    code_challenge: String,
    until: DateTime<Utc>,
}

/// The browser that somebody signs in with.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// Where it is.
    pub network: Network,
    /// What it carries from an earlier sign-in.
    pub device: Option<&'a str>,
}

/// Takes the next step. Guesses are counted before anything is looked up, so that a username that nobody has is counted and
/// refused like any other. Wrong ones of strangers are counted by network and in all as well (`guesses`).
pub async fn sign_in(app: &App, form: &SignInForm, browser: Browser<'_>, actor: Actor) -> Result<Step, Problem> {
    if form.ticket.is_empty() {
        check_password(app, form, browser, actor).await
    } else {
        check_code(app, form, browser, actor).await
    }
}

async fn check_password(app: &App, form: &SignInForm, browser: Browser<'_>, actor: Actor) -> Result<Step, Problem> {
    let device = browser.device.and_then(|token| KnownDevice::read(&app.vault, &form.username, token));
    app.guesses.count(&staff::guess_key(&form.username, device.as_ref()))?;
    let guessing = match device {
        Some(_) => Guessing::by_owner(app),
        None => Guessing::password(app, &form.username, browser.network),
    };
    guessing.check().await?;
    let account = staff::find(app.db.reads(), &form.username).await?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = staff::verify(&app.hashing, form.password.clone(), stored).await?;
    let Some(account) = account.filter(|_| is_right) else {
        metrics::counter!("thidua_wrong_passwords_total").increment(1);
        guessing.wrong().await?;
        return Ok(Step::WrongPassword);
    };
    guessing.check().await?;
    app.change_as(actor, async |tx| {
        let Some(account) = find_unchanged(tx, account.member_id, account.password_set_at).await? else {
            return Ok(Step::WrongPassword);
        };
        // As it is now: a second factor may have been turned on while the password was hashed.
        if account.totp_since.is_some() {
            return needs_code(app, &account, form);
        }
        let code = give_code(tx, &account, form).await?;
        Ok(signed_in(app, &account, device, code))
    })
    .await
}

fn needs_code(app: &App, account: &StaffAccount, form: &SignInForm) -> Result<Step, Problem> {
    let ticket = Ticket {
        member_id: account.member_id,
        password_set_at: account.password_set_at,
        client_id: form.client_id.clone(),
        redirect_uri: form.redirect_uri.clone(),
        code_challenge: form.code_challenge.clone(),
        until: later(app.clock.now(), TICKET_LIFE),
    };
    let ticket = serde_json::to_string(&ticket).map_err(Problem::internal)?;
    Ok(Step::NeedsCode(app.vault.seal(TICKET, &ticket)))
}

/// The account, if it is still enabled and its password is the one that was set then; held until the change is done, the
/// member before it, as an erasure takes them.
async fn find_unchanged(tx: &Tx, member: MemberId, set_at: DateTime<Utc>) -> Result<Option<StaffAccount>, Problem> {
    if !personal_data::try_hold_shared(tx, member).await? {
        return Ok(None);
    }
    let account = staff::find_enabled_for_change(tx, member).await?;
    Ok(account.filter(|account| account.password_set_at == set_at))
}

/// Tries at a code are counted for each device on which one was right before, and together for all others: whoever knows the
/// password uses up none of the owner's, and has few of their own.
async fn check_code(app: &App, form: &SignInForm, browser: Browser<'_>, actor: Actor) -> Result<Step, Problem> {
    let ticket = app.vault.open(TICKET, &form.ticket).ok();
    let ticket = ticket.and_then(|text| serde_json::from_str::<Ticket>(&text).ok());
    let is_of_this_request = |ticket: &Ticket| {
        ticket.until > app.clock.now()
            && ticket.client_id == form.client_id
            && ticket.redirect_uri == form.redirect_uri
            && ticket.code_challenge == form.code_challenge
    };
    let Some(ticket) = ticket.filter(is_of_this_request) else { return Ok(Step::Late) };
    let Some(account) = staff::find_enabled(app.db.reads(), ticket.member_id).await? else { return Ok(Step::Late) };
    let device = browser.device.and_then(|token| KnownDevice::read(&app.vault, &account.username, token));
    app.guesses.count_code(&staff::code_guess_key(&app.vault, &account, device.as_ref()))?;
    let guessing = match &device {
        Some(device) if device.has_given_code(&app.vault, &account) => Guessing::by_owner(app),
        _ => Guessing::code(app, account.member_id, browser.network),
    };
    guessing.check().await?;
    let try_code = async |tx: &Tx| {
        let account = find_unchanged(tx, ticket.member_id, ticket.password_set_at).await?;
        let Some(account) = account.filter(|account| account.totp_since.is_some()) else {
            return Ok(Step::Late);
        };
        if !totp::is_right(tx, &app.vault, account.member_id, &form.code).await? {
            return Ok(Step::WrongCode(form.ticket.clone()));
        }
        let code = give_code(tx, &account, form).await?;
        Ok(signed_in(app, &account, device, code))
    };
    let step = app.change_as(actor, try_code).await?;
    if matches!(step, Step::WrongCode(_)) {
        metrics::counter!("thidua_wrong_codes_total").increment(1);
        guessing.wrong().await?;
    }
    Ok(step)
}

fn signed_in(app: &App, account: &StaffAccount, device: Option<KnownDevice>, code: String) -> Step {
    let device = device.unwrap_or_default().token(&app.vault, account);
    Step::SignedIn { code, device }
}

async fn give_code(tx: &Tx, account: &StaffAccount, form: &SignInForm) -> Result<String, Problem> {
    let code = random_token();
    let new = NewCode {
        hash: token_hash(&code),
        client_id: &form.client_id,
        member_id: account.member_id,
        redirect_uri: &form.redirect_uri,
        code_challenge: &form.code_challenge,
        expires_at: later(tx.now(), CODE_LIFE),
    };
    store::insert(tx, new).await?;
    let after = json!({"client_id": form.client_id, "second_factor": account.totp_since.is_some()});
    audit::record(tx, "sign_in_staff", Subject { kind: "member", id: account.member_id.0 }, None, Some(after)).await?;
    Ok(code)
}
