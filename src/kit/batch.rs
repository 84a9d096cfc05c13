//! A body of many: `{"items": [..]}`. The envelope is checked as a whole, each item by itself, so that a bad one never
//! stops the others.

use std::{marker::PhantomData, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{checked, parse_json, read_bytes},
    problem::Problem,
    schemas::Schemas,
};

const ITEMS: &str = "items";

/// The items of a body that the schema of `E` describes, each checked against the schema of `T`.
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
            let mut body = parse_json(&bytes.await?)?;
            let items = take_items(&mut body);
            let _envelope: E = checked(schemas.as_ref().map(Data::get_ref), body)?;
            let items = items.into_iter().map(|item| Item {
                id: item.get("id").cloned(),
                content: checked(schemas.as_ref().map(Data::get_ref), item),
            });
            Ok(Self { items: items.collect(), envelope: PhantomData })
        })
    }
}

/// Leaves as many nulls, which the envelope's schema counts.
fn take_items(body: &mut Value) -> Vec<Value> {
    let items = body.get_mut(ITEMS).and_then(Value::as_array_mut);
    items.into_iter().flatten().map(Value::take).collect()
}
