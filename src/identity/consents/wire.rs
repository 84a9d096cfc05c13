//! Consents on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Decision,
    texts::{CURRENT, current_version},
};
use crate::{
    kit::{
        problems::{Fault, FaultCode, Faults, Problem},
        values::Language,
    },
    personal_data::Consent,
};

/// What the member decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"consents": [{"kind": "oa_messages", "version": 1, "agreed": true}]}))]
pub struct ConsentChoices {
    /// Each kind at the most once; a kind that is not named stays as it is.
    #[schema(min_items = 1, max_items = 10)]
    pub consents: Vec<ConsentChoice>,
}

/// One decision.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentChoice {
    /// What it is about.
    pub kind: Consent,
    /// The version of the text that the member has read: the one that is asked for now.
    #[schema(minimum = 1, examples(1))]
    pub version: i32,
    /// True: agreed. False: not, or not any more.
    pub agreed: bool,
}

impl ConsentChoices {
    /// The decisions, if everything is as it should be.
    pub fn parse(self, now: DateTime<Utc>) -> Result<Vec<Decision>, Problem> {
        let mut faults = Faults::new();
        for (place, choice) in self.consents.iter().enumerate() {
            let current = current_version(choice.kind);
            if choice.version != current {
                let fault = Fault::at(format!("/consents/{place}/version"), FaultCode::NotOneOf);
                faults.add(fault.with("options", current));
            }
            let is_refusal = choice.kind.is_required() && !choice.agreed;
            faults.add_if(is_refusal, format_args!("/consents/{place}/agreed"), FaultCode::NotAllowed);
            let is_repeated = self.consents.iter().take(place).any(|earlier| earlier.kind == choice.kind);
            faults.add_if(is_repeated, format_args!("/consents/{place}/kind"), FaultCode::Duplicate);
        }
        let decisions = self.consents.into_iter().map(|choice| Decision {
            kind: choice.kind,
            version: choice.version,
            is_agreed: choice.agreed,
            decided_at: now,
        });
        faults.or(decisions.collect())
    }
}

/// What a member is asked for and what they have decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentsView {
    /// One of each kind.
    pub items: Vec<ConsentView>,
    /// What was decided before, the latest first; at most 100.
    pub history: Vec<DecisionView>,
}

/// One kind of consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    /// What it is about.
    pub kind: Consent,
    /// Is it asked of everybody? The app shows its text at the first sign-in and goes on with whoever agrees; no request is
    /// refused for want of it. It cannot be taken back but by deleting one's account (`DELETE /v1/me`).
    pub required: bool,
    /// The version of the text that is asked for now.
    #[schema(examples(1))]
    pub version: i32,
    /// What it is called, in the language of `Accept-Language`.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Does the member agree? False until they have said so, and again once there is a newer text of what is optional.
    pub agreed: bool,
    /// The version that they decided about last; null when they never did. Lower than `version`: ask them anew.
    #[schema(examples(1))]
    pub decided_version: Option<i32>,
    /// When that was.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A decision of before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentDecision)]
pub struct DecisionView {
    /// What it was about.
    pub kind: Consent,
    /// The version of the text.
    #[schema(examples(1))]
    pub version: i32,
    /// Agreed, or withdrawn.
    pub agreed: bool,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl ConsentsView {
    /// What this member has decided.
    pub fn new(states: &[Decision], history: Vec<Decision>, language: Language) -> Self {
        let items = CURRENT.iter().map(|text| {
            let state = states.iter().find(|state| state.kind == text.kind);
            ConsentView {
                kind: text.kind,
                required: text.kind.is_required(),
                version: text.version,
                title: text.title(language).to_owned(),
                text: text.body(language).to_owned(),
                agreed: state.is_some_and(Decision::holds),
                decided_version: state.map(|state| state.version),
                decided_at: state.map(|state| state.decided_at),
            }
        });
        let history = history.into_iter().map(|decision| DecisionView {
            kind: decision.kind,
            version: decision.version,
            agreed: decision.is_agreed,
            decided_at: decision.decided_at,
        });
        Self { items: items.collect(), history: history.collect() }
    }

    /// A number that grows with each decision, for optimistic locking.
    pub fn version(&self) -> i64 {
        self.history.first().map_or(0, |latest| latest.decided_at.timestamp_micros())
    }
}
