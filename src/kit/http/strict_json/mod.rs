//! JSON read once, from its first byte to its last, led by what its schema describes. What a stranger may send has a price
//! that its length bounds: a value is built only where the schema asks for one; lists end at their `maxItems`; what follows
//! is passed over, as is everything once there are more faults than an answer lists; and pointers are written when there is
//! a fault to tell, cut to their bound. What is passed over may be nested at will: it is read without recursion.
//!
//! Every name stands in its object once. Of two of the same name one reader takes the first and another the last (RFC 8259,
//! 4); what an answer is to be made of has one meaning (RFC 7493, 2.3).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::schemas::{
    scalar::{Scalar, Wrong},
    shape::{Field, List, Object, Shape},
};
use crate::kit::problems::{
    codes::FaultCode,
    faults::{self, Fault, Faults, LONGEST_PLACE, Words},
};

mod notes;

use notes::{Notes, Place};

/// Why there is no value.
#[derive(Debug)]
pub enum Unread {
    /// It is no JSON.
    NoJson(serde_json::Error),
    /// At this JSON Pointer stands a number that is larger than any is here.
    TooLarge(String),
}

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// The value, without what is wrong in it.
    pub value: Value,
    /// What is wrong, as it stands in the text.
    pub faults: Faults,
    /// The same of each item of a list whose items are answered by themselves, with pointers as from there.
    pub items: Vec<Faults>,
}

/// Reads JSON of that shape.
pub fn read(bytes: &[u8], shape: &Shape) -> Result<Read, Unread> {
    let notes = Notes::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Reader { shape, place: &Place::Root, notes: &notes }.deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value)).map_err(|error| {
        // Its category is that of a slip of the pen, though it is well formed.
        match notes.failed.take().filter(|_| error.to_string().starts_with("number out of range")) {
            Some(place) => Unread::TooLarge(place),
            None => Unread::NoJson(error),
        }
    })?;
    let (faults, items) = notes.into_faults();
    Ok(Read { value, faults, items })
}

#[derive(Clone, Copy)]
struct Reader<'r> {
    shape: &'r Shape,
    place: &'r Place<'r>,
    notes: &'r Notes,
}

impl Reader<'_> {
    fn tell(&self, (code, values): Wrong) {
        self.notes.add(Fault { place: faults::Place::Body(self.place.pointer()), code, values });
    }

    /// A single value, or what stands for a list or an object where none is expected.
    fn single(self, value: Value) -> Value {
        match self.shape {
            Shape::Scalar(scalar) => scalar.value(value, |wrong| self.tell(wrong)),
            Shape::Nullable(_) if value.is_null() => value,
            Shape::Nullable(shape) => Self { shape: shape.as_ref(), ..self }.single(value),
            Shape::Object(_) => self.misfit(Words::Both("đối tượng", "an object")),
            Shape::List(_) => self.misfit(Words::Both("danh sách", "an array")),
        }
    }

    fn misfit(self, expected: Words) -> Value {
        self.tell((FaultCode::WrongType, vec![("expected", expected)]));
        Value::Null
    }

    fn as_scalar(&self) -> Option<&Scalar> {
        match core(self.shape) {
            Shape::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

fn core(shape: &Shape) -> &Shape {
    match shape {
        Shape::Nullable(shape) => core(shape),
        shape => shape,
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self).inspect_err(|_innermost_first| {
            self.notes.failed.borrow_mut().get_or_insert_with(|| self.place.pointer());
        })
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(self.single(truth.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(self.single(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(self.single(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(self.single(number.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(match self.as_scalar() {
            Some(scalar) => scalar.text(text, |wrong| self.tell(wrong)),
            None => self.single(Value::String(String::new())),
        })
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(self.single(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if let Shape::List(list) = core(self.shape) {
            return self.list(list, items);
        }
        let value = self.single(Value::Array(Vec::new()));
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        if let Shape::Object(object) = core(self.shape) {
            return self.object(object, fields);
        }
        let value = self.single(Value::Object(Map::new()));
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(value)
    }
}

impl Reader<'_> {
    fn list<'de, A: SeqAccess<'de>>(self, list: &List, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while read.len() < list.most && !self.notes.is_over() {
            let item = if list.is_batch {
                self.notes.enter_item();
                let item =
                    items.next_element_seed(Reader { shape: &list.item, place: &Place::Root, notes: self.notes })?;
                self.notes.leave_item();
                item
            } else {
                let place = Place::Item(self.place, read.len());
                items.next_element_seed(Reader { shape: &list.item, place: &place, notes: self.notes })?
            };
            let Some(item) = item else { break };
            read.push(item);
        }
        let mut count = read.len();
        while items.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        let limit = |size: usize| vec![("limit", Words::Plain(size.to_string()))];
        if count > list.most {
            self.tell((FaultCode::TooMany, limit(list.most)));
        } else if count < list.least {
            self.tell((FaultCode::TooFew, limit(list.least)));
        }
        Ok(read.into())
    }

    fn object<'de, A: MapAccess<'de>>(self, object: &Object, mut fields: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        let mut is_there = vec![false; object.fields.len()];
        while !self.notes.is_over()
            && let Some(name) = fields.next_key_seed(NameReader(object))?
        {
            let field = match name {
                Name::Known(field) => field,
                Name::Unknown(name) => {
                    let place = Place::Field(self.place, &name);
                    Reader { place: &place, ..self }.tell((FaultCode::UnknownField, Vec::new()));
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let place = Place::Field(self.place, &field.name);
            let inside = Reader { shape: &field.shape, place: &place, notes: self.notes };
            match is_there.get_mut(field.place) {
                Some(is_there) if !*is_there => *is_there = true,
                _ => {
                    inside.tell((FaultCode::Duplicate, Vec::new()));
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            let value = fields.next_value_seed(inside)?;
            read.insert(field.name.clone(), value);
        }
        if self.notes.is_over() {
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(read.into());
        }
        for (name, place) in &object.required {
            if is_there.get(*place) == Some(&false) {
                let place = Place::Field(self.place, name);
                Reader { place: &place, ..self }.tell((FaultCode::Missing, Vec::new()));
            }
        }
        Ok(read.into())
    }
}

/// The name of a field.
enum Name<'s> {
    Known(&'s Field),
    /// As much of it as a pointer shows.
    Unknown(String),
}

struct NameReader<'s>(&'s Object);

impl<'de, 's> DeserializeSeed<'de> for NameReader<'s> {
    type Value = Name<'s>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'s>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'s> Visitor<'_> for NameReader<'s> {
    type Value = Name<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name<'s>, E> {
        let unknown = || Name::Unknown(name.chars().take(LONGEST_PLACE.saturating_add(1)).collect());
        Ok(self.0.fields.get(name).map_or_else(unknown, Name::Known))
    }
}

#[cfg(test)]
mod tests;
