//! Batches of check-ins on the wire.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, Object, Ref, RefOr, Schema,
        schema::{AnyOfBuilder, ArrayBuilder, SchemaType},
    },
};

use super::super::wire::{CheckinView, NewCheckin};
use crate::kit::{
    problems::ProblemDocument,
    values::{CheckinId, PledgeId},
};

const PLEDGE_ID: &str = "pledge_id";

/// Check-ins that a phone kept while it was offline.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes the envelope; `kit::http::batch` takes the items out of it")]
pub struct CheckinBatch {
    /// In the order they happened. Each is checked by itself: a bad one never stops the others.
    #[schema(schema_with = batched_items)]
    pub items: Vec<Value>,
}

/// Documented as what they should be, accepted as anything: faults are answered item by item.
fn batched_items() -> Array {
    let item = AnyOfBuilder::new()
        .item(Ref::from_schema_name(BatchedCheckin::name()))
        .item(Object::with_type(SchemaType::AnyValue));
    ArrayBuilder::new()
        .description(Some("In the order they happened. Each is checked by itself: a bad one never stops the others."))
        .items(item)
        .min_items(Some(1))
        .max_items(Some(100))
        .build()
}

/// A check-in with its pledge: the fields of `NewCheckin`, with an id of the phone's making, and `pledge_id`.
#[derive(Clone, Debug)]
pub struct BatchedCheckin {
    /// For which pledge.
    pub pledge_id: PledgeId,
    /// What was done.
    pub checkin: NewCheckin,
}

impl<'de> Deserialize<'de> for BatchedCheckin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let pledge_id = fields.remove(PLEDGE_ID).unwrap_or_default();
        Ok(Self {
            pledge_id: PledgeId::deserialize(pledge_id).map_err(D::Error::custom)?,
            checkin: NewCheckin::deserialize(Value::Object(fields)).map_err(D::Error::custom)?,
        })
    }
}

impl PartialSchema for BatchedCheckin {
    fn schema() -> RefOr<Schema> {
        let mut schema = NewCheckin::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.description = Some("A check-in with its pledge.".to_owned());
            object.example = None;
            let described = |name: &str, words: &str| {
                Ref::builder().ref_location_from_schema_name(name).description(Some(words)).build().into()
            };
            object.properties.insert(PLEDGE_ID.to_owned(), described(&PledgeId::name(), "For which pledge."));
            object.properties.insert("id".to_owned(), described(&CheckinId::name(), "The id that the phone made."));
            object.required.extend([PLEDGE_ID.to_owned(), "id".to_owned()]);
        }
        schema
    }
}

impl ToSchema for BatchedCheckin {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((PledgeId::name().into_owned(), PledgeId::schema()));
        schemas.push((CheckinId::name().into_owned(), CheckinId::schema()));
        NewCheckin::schemas(schemas);
    }
}

/// What became of each.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// In the order they were sent.
    pub items: Vec<BatchOutcome>,
}

/// What became of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchOutcome {
    /// Of which; null when it had no id.
    pub id: Option<CheckinId>,
    /// What became of it.
    pub outcome: Outcome,
    /// The check-in, unless it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkin: Option<CheckinView>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDocument>,
}

/// What became of a check-in in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BatchOutcomeKind)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It was there already, with the same content.
    Replayed,
    /// It was not taken.
    Refused,
}
