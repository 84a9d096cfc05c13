//! Consultation messages of the Official Account, in Vietnamese: whoever follows it has chosen so. Zalo offers no key
//! against repetition. So a message whose answer was lost is sent again: twice is a nuisance, never is a broken promise.

use crate::{
    app::App,
    kit::{values::Language, work::Wait},
    outside::zalo::{OaAccessToken, ZaloError, ZaloFault},
    relay::{deliveries::Outcome, words::News},
};

/// What came of sending.
pub enum Sent {
    /// That is known.
    Known(Outcome),
    /// Nothing: the token is stale.
    StaleToken(String),
    /// Nothing: Zalo was not asked, because it does not answer or too much is on its way.
    NotAsked,
}

/// Sends this news to somebody whom the Official Account knows by `oa_user_id`.
pub async fn send(app: &App, token: &OaAccessToken, oa_user_id: &str, news: &News) -> Sent {
    let words = news.words(Language::Vietnamese);
    let text = format!("{}\n\n{}", words.title, words.body);
    match app.zalo.send_consultation(token, oa_user_id, &text).await {
        Ok(message) => Sent::Known(Outcome::Delivered { message_id: message.message_id }),
        Err(error) => outcome_of(&error),
    }
}

fn outcome_of(error: &ZaloError) -> Sent {
    if error.is_not_asked() {
        return Sent::NotAsked;
    }
    let answer = error.to_string();
    Sent::Known(match error.class() {
        ZaloFault::RefreshOaToken => return Sent::StaleToken(answer),
        ZaloFault::NeverThisRecipient => Outcome::NeverThisRecipient { reason: reason_of(error), answer },
        ZaloFault::BadPayload => Outcome::Hopeless { reason: "bad_payload", answer },
        ZaloFault::RetryLater => Outcome::Failed { wait: Wait::Long, answer },
        ZaloFault::NeedsHuman | ZaloFault::OutsideVietnam | ZaloFault::BadToken => {
            tracing::error!(%error, "the Official Account may not send; its state, plan or purse needs somebody");
            Outcome::Failed { wait: Wait::Long, answer }
        }
        ZaloFault::Unavailable => Outcome::Failed { wait: Wait::Short, answer },
    })
}

/// Zalo's table of error codes: docs.zaloplatforms.com/docs/OA/phu-luc/ma-loi.
fn reason_of(error: &ZaloError) -> &'static str {
    match error {
        ZaloError::Refused { code: -213, .. } => "not_a_follower",
        ZaloError::Refused { code: -230 | -232, .. } => "outside_window",
        _ => "recipient_refused",
    }
}
