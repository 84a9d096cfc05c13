//! What goes wrong with Zalo, and what to do about it.
//!
//! The numbers are from Zalo's tables of error codes: "Mã lỗi" of the Official Account API
//! (docs.zaloplatforms.com/docs/OA/phu-luc/ma-loi) and that of the Social API. One number means different things on
//! different hosts, and some mean two things on one, so an error keeps its API and Zalo's words beside the number.

use std::{fmt, sync::Arc, time::Duration};

/// Which of Zalo's APIs answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZaloApi {
    /// People: profiles, phone numbers, places.
    Graph,
    /// Tokens of the Official Account.
    OAuth,
    /// Messages of the Official Account.
    OfficialAccount,
}

impl fmt::Display for ZaloApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Graph => "graph",
            Self::OAuth => "oauth",
            Self::OfficialAccount => "official_account",
        })
    }
}

/// Why a call to Zalo gave nothing. It holds no token and no URL, so it may be logged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ZaloError {
    /// No answer came, or not all of it.
    #[error("Zalo could not be reached")]
    Unreachable(#[source] Arc<reqwest::Error>),
    /// An HTTP status other than success. Zalo's own refusals come with 200, so this is something before it.
    #[error("Zalo's {api} API answered with HTTP status {status}")]
    Status { api: ZaloApi, status: u16 },
    /// Zalo understood and said no.
    #[error("Zalo's {api} API refused with error {code}: {message}")]
    Refused { api: ZaloApi, code: i64, message: String },
    /// A success that is not of the documented shape.
    #[error("Zalo's {api} API answered what cannot be read ({fault:?} fault)")]
    Unreadable { api: ZaloApi, fault: serde_json::error::Category },
    /// Nothing was asked: a token, code or secret has characters that none of Zalo's has. The fault says which it is.
    #[error("what was to be sent to Zalo is malformed: {fault:?}")]
    Malformed { fault: ZaloFault },
    /// Nothing was asked: the API did not answer a moment ago, and is left alone for so long.
    #[error("Zalo's {api} API is not asked while it does not answer")]
    CircuitOpen { api: ZaloApi, wait: Duration },
    /// Nothing was asked: too many calls are under way or wait for their turn.
    #[error("too many calls to Zalo's {api} API at once")]
    Busy { api: ZaloApi },
    /// Nothing was asked: too many tokens from there were refused, or one was shown too often. It may be tried again after
    /// that time.
    #[error("too many tries to sign in with Zalo")]
    Throttled { wait: Duration },
}

impl From<reqwest::Error> for ZaloError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(Arc::new(error.without_url()))
    }
}

/// What an error asks of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZaloFault {
    /// The person's token is forged, revoked or too old: they sign in again.
    BadToken,
    /// Zalo withholds personal data from our address because it is not in Vietnam: whoever runs the server must mend
    /// it, nobody's token is to blame.
    OutsideVietnam,
    /// The OA's access token is stale: refresh it once, repeat once.
    RefreshOaToken,
    /// Our app, our OA, its plan or its purse is in a state that waiting does not change: stop and tell somebody.
    NeedsHuman,
    /// A limit or the night: the same call will do later.
    RetryLater,
    /// This person cannot be reached this way until they do something themselves. Others can.
    NeverThisRecipient,
    /// What we sent is wrong, and will be wrong again.
    BadPayload,
    /// Zalo is down, unreachable, or says what no table explains: try again later, and give up in the end.
    Unavailable,
}

impl ZaloFault {
    /// Its name in figures and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadToken => "bad_token",
            Self::OutsideVietnam => "outside_vietnam",
            Self::RefreshOaToken => "refresh_oa_token",
            Self::NeedsHuman => "needs_human",
            Self::RetryLater => "retry_later",
            Self::NeverThisRecipient => "never_this_recipient",
            Self::BadPayload => "bad_payload",
            Self::Unavailable => "unavailable",
        }
    }
}

impl ZaloError {
    /// Zalo's number for it, or the HTTP status. Its words may repeat what it was sent, so only this is fit for the log.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Status { status, .. } => Some((*status).into()),
            Self::Unreachable(_)
            | Self::Unreadable { .. }
            | Self::Malformed { .. }
            | Self::CircuitOpen { .. }
            | Self::Busy { .. }
            | Self::Throttled { .. } => None,
        }
    }

    /// What to do about it.
    pub fn class(&self) -> ZaloFault {
        match self {
            // The request could not even be written: a base URL in the settings is wrong.
            Self::Unreachable(error) if error.is_builder() => ZaloFault::NeedsHuman,
            Self::Unreachable(_) | Self::Unreadable { .. } | Self::CircuitOpen { .. } | Self::Busy { .. } => {
                ZaloFault::Unavailable
            }
            Self::Throttled { .. } => ZaloFault::RetryLater,
            Self::Malformed { fault } => *fault,
            Self::Status { api, status: 401 } => dead_token(*api),
            Self::Status { status: 429, .. } => ZaloFault::RetryLater,
            Self::Status { status: 408 | 500..=599, .. } => ZaloFault::Unavailable,
            // Redirected, forbidden, not found: this is not the Zalo that the settings think of.
            Self::Status { .. } => ZaloFault::NeedsHuman,
            Self::Refused { api: ZaloApi::Graph, code, .. } => graph_fault(*code),
            Self::Refused { api: ZaloApi::OAuth, code, .. } => oauth_fault(*code),
            Self::Refused { api: ZaloApi::OfficialAccount, code, message } => official_account_fault(*code, message),
        }
    }

    /// Whether Zalo may have done what it was asked although no usable answer came. A refresh token may then be spent
    /// and its successor lost; a message may have arrived, and would arrive twice.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Unreachable(error) => !error.is_connect() && !error.is_builder(),
            // A gateway lost sight of the server behind it.
            Self::Status { status, .. } => matches!(status, 502 | 504),
            Self::Unreadable { .. } => true,
            Self::Refused { .. }
            | Self::Malformed { .. }
            | Self::CircuitOpen { .. }
            | Self::Busy { .. }
            | Self::Throttled { .. } => false,
        }
    }

    /// Did no answer of Zalo's own come: no connection, none in time, or a server that is down?
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(error) => !error.is_builder(),
            Self::Status { status, .. } => matches!(status, 408 | 500..=599),
            _ => false,
        }
    }

    /// Was nothing sent, because of the state of things and not of what was to be sent?
    pub const fn is_not_asked(&self) -> bool {
        matches!(self, Self::CircuitOpen { .. } | Self::Busy { .. } | Self::Throttled { .. })
    }
}

fn dead_token(api: ZaloApi) -> ZaloFault {
    match api {
        ZaloApi::Graph => ZaloFault::BadToken,
        ZaloApi::OfficialAccount => ZaloFault::RefreshOaToken,
        // All that OAuth could dislike is the app's secret.
        ZaloApi::OAuth => ZaloFault::NeedsHuman,
    }
}

/// The Social API's table.
fn graph_fault(code: i64) -> ZaloFault {
    match code {
        452 => ZaloFault::BadToken,
        -501 => ZaloFault::OutsideVietnam,
        // Not linked to an OA; the app banned; a wrong `appsecret_proof`, hence a wrong secret.
        112 | 11004 | -242 => ZaloFault::NeedsHuman,
        // Too often; requests switched off for a while; the quotas.
        -32 | 2004 | 12000..=12999 => ZaloFault::RetryLater,
        // Not visible to us.
        210 => ZaloFault::NeverThisRecipient,
        // A parameter, the code of a phone number among them; a user id.
        100 | 110 | 111 => ZaloFault::BadPayload,
        _ => ZaloFault::Unavailable,
    }
}

/// OAuth v4 has no public table (-14002 app inactive, -14003 redirect, -14020 token spent are known): all but the rate
/// is final, because repeating spends tokens and consent is given by people.
fn oauth_fault(code: i64) -> ZaloFault {
    match code {
        -32 => ZaloFault::RetryLater,
        _ => ZaloFault::NeedsHuman,
    }
}

/// The Official Account API's table.
fn official_account_fault(code: i64, message: &str) -> ZaloFault {
    match code {
        // Invalid; expired or removed; the same on the business host.
        -216 | -220 | -124 => ZaloFault::RefreshOaToken,
        // -223 is "Official Account has not authorized this API" as well as "Your OA has reach the limit quota".
        -223 if speaks_of_a_limit(message) => ZaloFault::RetryLater,
        // OA gone; app or API not activated, not registered, disabled; OA unverified, without the right, on too low a
        // plan, of another type; a wrong proof; Zalo Cloud Account missing or empty.
        -204 | -205 | -209 | -212 | -219 | -221 | -223 | -224 | -235 | -242 | -320 | -321 => ZaloFault::NeedsHuman,
        // Rate, of the app or of the OA by Zalo's words, and both pass; quota; night; "Send message failed".
        -32 | -211 | -234 | -200 => ZaloFault::RetryLater,
        // Does not follow; blocked us; had their share; banned or idle over 45 days; outside the seven days; refuses
        // this kind.
        -213 | -217 | -218 | -227 | -230 | -232 | -244 => ZaloFault::NeverThisRecipient,
        // Asset too old; a field, its size, its kind; a closed API; against policy; template not for this way.
        -100 | -201 | -210 | -233 | -240 | -248 | -249 => ZaloFault::BadPayload,
        _ => ZaloFault::Unavailable,
    }
}

fn speaks_of_a_limit(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("quota") || message.contains("limit")
}

#[cfg(test)]
mod tests {
    use super::{ZaloFault::*, *};

    fn class_of(api: ZaloApi, code: i64) -> ZaloFault {
        ZaloError::Refused { api, code, message: String::new() }.class()
    }

    fn class_of_oa(code: i64, message: &str) -> ZaloFault {
        ZaloError::Refused { api: ZaloApi::OfficialAccount, code, message: message.to_owned() }.class()
    }

    #[test]
    fn the_table_of_the_official_account_api_is_complete() {
        let table: [(ZaloFault, &[i64]); 5] = [
            (RefreshOaToken, &[-216, -220, -124]),
            (NeedsHuman, &[-204, -205, -209, -212, -219, -221, -223, -224, -235, -320, -321, -242]),
            (RetryLater, &[-32, -234, -211, -200]),
            (NeverThisRecipient, &[-213, -217, -218, -227, -230, -232, -244]),
            (BadPayload, &[-201, -210, -233, -240, -248, -249, -100]),
        ];

        for (fault, codes) in table {
            for code in codes {
                assert_eq!(class_of(ZaloApi::OfficialAccount, *code), fault, "{code}");
            }
        }
    }

    #[test]
    fn the_table_of_the_graph_api_is_complete() {
        let table: [(ZaloFault, &[i64]); 6] = [
            (BadToken, &[452]),
            (OutsideVietnam, &[-501]),
            (NeedsHuman, &[112, 11004, -242]),
            (RetryLater, &[-32, 2004, 12000, 12002, 12010]),
            (NeverThisRecipient, &[210]),
            (BadPayload, &[100, 110, 111]),
        ];

        for (fault, codes) in table {
            for code in codes {
                assert_eq!(class_of(ZaloApi::Graph, *code), fault, "{code}");
            }
        }
    }

    #[test]
    fn one_number_means_different_things_on_different_hosts() {
        assert_eq!(class_of(ZaloApi::Graph, -216), Unavailable);
        assert_eq!(class_of(ZaloApi::OAuth, -216), NeedsHuman);
        assert_eq!(class_of(ZaloApi::OfficialAccount, -216), RefreshOaToken);
        assert_eq!(class_of(ZaloApi::OfficialAccount, 452), Unavailable);
        assert_eq!(class_of(ZaloApi::OfficialAccount, -501), Unavailable);
    }

    #[test]
    fn two_numbers_are_told_apart_by_their_words() {
        assert_eq!(class_of_oa(-32, "Your application reached limit call api"), RetryLater);
        assert_eq!(class_of_oa(-32, "Your OA reached limit call api"), RetryLater);
        assert_eq!(class_of_oa(-223, "Official Account has not authorized this API"), NeedsHuman);
        assert_eq!(class_of_oa(-223, "Your OA has reach the limit quota create article"), RetryLater);
    }

    #[test]
    fn every_refusal_to_refresh_is_final_but_the_rate() {
        for code in [-14002, -14003, -14020, -1, 7] {
            assert_eq!(class_of(ZaloApi::OAuth, code), NeedsHuman, "{code}");
        }
        assert_eq!(class_of(ZaloApi::OAuth, -32), RetryLater);
    }

    #[test]
    fn an_unknown_number_is_an_outage() {
        assert_eq!(class_of(ZaloApi::Graph, -1), Unavailable);
        assert_eq!(class_of(ZaloApi::OfficialAccount, -9_999), Unavailable);
    }

    #[test]
    fn a_status_speaks_for_its_host() {
        let class_of = |api, status| ZaloError::Status { api, status }.class();

        assert_eq!(class_of(ZaloApi::Graph, 401), BadToken);
        assert_eq!(class_of(ZaloApi::OfficialAccount, 401), RefreshOaToken);
        assert_eq!(class_of(ZaloApi::OAuth, 401), NeedsHuman);
        assert_eq!(class_of(ZaloApi::Graph, 429), RetryLater);
        assert_eq!(class_of(ZaloApi::Graph, 503), Unavailable);
        assert_eq!(class_of(ZaloApi::Graph, 302), NeedsHuman);
        assert_eq!(class_of(ZaloApi::Graph, 404), NeedsHuman);
    }

    #[test]
    fn only_a_lost_answer_may_hide_an_effect() {
        let status = |status| ZaloError::Status { api: ZaloApi::OAuth, status };
        let refused = ZaloError::Refused { api: ZaloApi::OAuth, code: -14020, message: String::new() };
        let unreadable = ZaloError::Unreadable { api: ZaloApi::OAuth, fault: serde_json::error::Category::Eof };

        assert!(unreadable.may_have_taken_effect());
        assert!(status(504).may_have_taken_effect());
        assert!(!status(503).may_have_taken_effect());
        assert!(!refused.may_have_taken_effect());
    }
}
