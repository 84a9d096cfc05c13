//! What each class of Zalo's faults means to whoever signs in. Zalo's own words are neither sent nor logged: they may repeat
//! the token or the code.

use std::time::Duration;

use crate::{
    kit::problems::{Code, FaultCode, Problem, problem::bad_field},
    outside::zalo::{ZaloError, ZaloFault},
};

/// When to try again while Zalo limits us, and while somebody has to mend this server.
const LIMITED_SECONDS: u64 = 60;
const MENDED_SECONDS: u64 = 300;
const DOWN_SECONDS: u64 = 10;
const BUSY_SECONDS: u64 = 5;

/// The problem of a fault. Those that the operator must mend raise an alarm.
pub fn zalo_problem(error: &ZaloError) -> Problem {
    let class = error.class();
    let number = error.number();
    if let Some(problem) = not_asked(error) {
        return problem;
    }
    raise_alarm(error);
    match class {
        ZaloFault::BadToken | ZaloFault::BadPayload | ZaloFault::NeverThisRecipient => {
            tracing::info!(class = class.name(), number, "Zalo refuses a token or a code");
            Problem::new(Code::ZaloTokenRefused)
        }
        ZaloFault::OutsideVietnam => Problem::new(Code::ZaloOutsideVietnam).header("retry-after", MENDED_SECONDS),
        ZaloFault::NeedsHuman | ZaloFault::RefreshOaToken => Problem::new(Code::ZaloMisconfigured),
        ZaloFault::RetryLater => {
            tracing::warn!(class = class.name(), number, "Zalo limits this server");
            Problem::new(Code::ZaloUnavailable).header("retry-after", LIMITED_SECONDS)
        }
        ZaloFault::Unavailable => {
            tracing::warn!(class = class.name(), number, "Zalo cannot be asked");
            Problem::new(Code::ZaloUnavailable).header("retry-after", DOWN_SECONDS)
        }
    }
}

/// The problem of a call that was not made; none of one that was.
fn not_asked(error: &ZaloError) -> Option<Problem> {
    let seconds = |wait: Duration| wait.as_secs().saturating_add(1);
    let problem = match error {
        ZaloError::CircuitOpen { wait, .. } => {
            Problem::new(Code::ZaloUnavailable).header("retry-after", seconds(*wait))
        }
        ZaloError::Throttled { wait } => Problem::new(Code::TooManyRequests).header("retry-after", seconds(*wait)),
        ZaloError::Busy { .. } => Problem::new(Code::Unavailable).header("retry-after", BUSY_SECONDS),
        _ => return None,
    };
    tracing::debug!(%error, "Zalo is not asked");
    Some(problem)
}

/// The problem of a phone number that Zalo does not give to a token that it knows: then it is the code that is spent or wrong.
pub fn phone_problem(error: &ZaloError) -> Problem {
    let problem = zalo_problem(error);
    if problem.code == Code::ZaloTokenRefused { bad_field("/phone_code", FaultCode::WrongCode) } else { problem }
}

/// What the operator must mend raises an alarm, a line with `alarm` in the log; everything else does not.
pub fn raise_alarm(error: &ZaloError) {
    let number = error.number();
    match error.class() {
        ZaloFault::OutsideVietnam => tracing::error!(
            alarm = "zalo_outside_vietnam",
            number,
            "Zalo refuses this server: its address is not in Vietnam; route its calls through an address that is"
        ),
        ZaloFault::NeedsHuman | ZaloFault::RefreshOaToken => tracing::error!(
            alarm = "zalo_misconfigured",
            number,
            "Zalo refuses this server; check its app id and secret"
        ),
        ZaloFault::BadToken
        | ZaloFault::BadPayload
        | ZaloFault::NeverThisRecipient
        | ZaloFault::RetryLater
        | ZaloFault::Unavailable => {}
    }
}
