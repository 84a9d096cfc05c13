//! A body of many: `{"items": [..]}`. The envelope is checked as a whole, each item by itself, so that a bad one never
//! stops the others.

use std::{marker::PhantomData, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{made, read_bytes, read_json},
    schemas::Schemas,
    strict_json::Read,
};
use crate::kit::problems::problem::Problem;

const ITEMS: &str = "items";

/// The items of a body that the schema of `E` describes, which says that each is a `T` or anything else. All items together
/// list no more faults than one answer does.
#[derive(Debug)]
pub struct Batch<E, T> {
    /// In the order they were sent.
    pub items: Vec<Item<T>>,
    envelope: PhantomData<E>,
}

/// One item of a batch.
#[derive(Debug)]
pub struct Item<T> {
    /// What it calls itself, where that can be read.
    pub id: Option<Value>,
    /// It, or what is wrong with it.
    pub content: Result<T, Problem>,
}

impl<E, T> FromRequest for Batch<E, T>
where
    E: DeserializeOwned + ToSchema + 'static,
    T: DeserializeOwned + ToSchema + 'static,
{
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let schemas = request.app_data::<Data<Schemas>>().cloned();
        let bytes = read_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let Read { mut value, faults, items } = read_json::<E>(schemas.as_ref().map(Data::get_ref), &bytes)?;
            let sent = take_items(&mut value);
            let _envelope: E = made(value, faults)?;
            let items = sent
                .into_iter()
                .zip(items)
                .map(|(item, faults)| Item { id: item.get("id").cloned(), content: made(item, faults) });
            Ok(Self { items: items.collect(), envelope: PhantomData })
        })
    }
}

/// Leaves as many nulls.
fn take_items(body: &mut Value) -> Vec<Value> {
    let items = body.get_mut(ITEMS).and_then(Value::as_array_mut);
    items.into_iter().flatten().map(Value::take).collect()
}
