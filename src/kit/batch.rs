//! A body of many: `{"items": [..]}`. The envelope is checked as a whole, each item by itself, so that a bad one never
//! stops the others.

use std::{collections::HashMap, marker::PhantomData, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{checked, read_bytes, read_json},
    faults::{Fault, Place},
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
            let (mut body, doubles) = read_json(&bytes.await?)?;
            let schemas = schemas.as_ref().map(Data::get_ref);
            let mut doubles = by_item(doubles)?;
            let items = take_items(&mut body);
            let _envelope: E = checked(schemas, body)?;
            let items = items.into_iter().enumerate().map(|(number, item)| Item {
                id: item.get("id").cloned(),
                content: match doubles.remove(&number) {
                    Some(faults) => Err(Problem::invalid(faults)),
                    None => checked(schemas, item),
                },
            });
            Ok(Self { items: items.collect(), envelope: PhantomData })
        })
    }
}

/// What is wrong inside of an item is the item's, with the pointer as from there; else it is the whole body's.
fn by_item(faults: Vec<Fault>) -> Result<HashMap<usize, Vec<Fault>>, Problem> {
    let (mut of_items, mut of_all) = (HashMap::<usize, Vec<Fault>>::new(), Vec::new());
    for fault in faults {
        let inside = fault.place.as_str().strip_prefix('/').and_then(|place| place.strip_prefix(ITEMS));
        let inside = inside.and_then(|place| place.strip_prefix('/')).and_then(|place| place.split_once('/'));
        match inside.and_then(|(number, place)| Some((number.parse().ok()?, format!("/{place}")))) {
            Some((number, place)) => {
                of_items.entry(number).or_default().push(Fault { place: Place::Body(place), ..fault });
            }
            None => of_all.push(fault),
        }
    }
    if of_all.is_empty() { Ok(of_items) } else { Err(Problem::invalid(of_all)) }
}

/// Leaves as many nulls, which the envelope's schema counts.
fn take_items(body: &mut Value) -> Vec<Value> {
    let items = body.get_mut(ITEMS).and_then(Value::as_array_mut);
    items.into_iter().flatten().map(Value::take).collect()
}
