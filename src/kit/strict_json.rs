//! JSON in which every name stands in its object once. Of two of the same name one reader takes the first and another the
//! last (RFC 8259, 4); what an answer is to be made of has one meaning (RFC 7493, 2.3).

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::faults::escaped;

/// Why there is no value.
#[derive(Debug)]
pub enum Unread {
    /// It is no JSON.
    NoJson(serde_json::Error),
    /// At this JSON Pointer stands a number that is larger than any is here.
    TooLarge(String),
}

/// The value, and the JSON Pointer of each name that stands there again.
pub fn read(bytes: &[u8]) -> Result<(Value, Vec<String>), Unread> {
    let notes = Notes::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { place: &Place::Root, notes: &notes }.deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value)).map_err(|error| {
        // Its category is that of a slip of the pen, though it is well formed.
        match notes.failed.take().filter(|_| error.to_string().starts_with("number out of range")) {
            Some(place) => Unread::TooLarge(place),
            None => Unread::NoJson(error),
        }
    })?;
    Ok((value, notes.doubles.into_inner()))
}

/// What the reader notes down by the way.
#[derive(Default)]
struct Notes {
    doubles: RefCell<Vec<String>>,
    /// Where reading ended.
    failed: RefCell<Option<String>>,
}

/// Where the reader is; written out only when there is something to say of it.
enum Place<'p> {
    Root,
    Item(&'p Place<'p>, usize),
    Field(&'p Place<'p>, &'p str),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Item(parent, number) => format!("{}/{number}", parent.pointer()),
            Self::Field(parent, name) => format!("{}/{}", parent.pointer(), escaped(name)),
        }
    }
}

#[derive(Clone, Copy)]
struct Strict<'p> {
    place: &'p Place<'p>,
    notes: &'p Notes,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self).inspect_err(|_innermost_first| {
            self.notes.failed.borrow_mut().get_or_insert_with(|| self.place.pointer());
        })
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let place = Place::Item(self.place, list.len());
            let Some(item) = items.next_element_seed(Strict { place: &place, notes: self.notes })? else { break };
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let place = Place::Field(self.place, &name);
            let value = fields.next_value_seed(Strict { place: &place, notes: self.notes })?;
            if object.contains_key(&name) {
                self.notes.doubles.borrow_mut().push(place.pointer());
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_name_that_stands_again_is_told_by_its_place() {
        let text = r#"{"a": 1, "b/c": [{"d": 1}, {"d": 1, "e": 2, "d": 3}], "a": {"f": 1, "f": 1}}"#;

        let (_, doubles) = read(text.as_bytes()).unwrap();

        assert_eq!(doubles, ["/b~1c/1/d", "/a/f", "/a"]);
    }

    #[test]
    fn a_number_beyond_all_is_told_by_its_place() {
        let place = |text: &str| match read(text.as_bytes()) {
            Err(Unread::TooLarge(place)) => place,
            other => panic!("{text}: {other:?}"),
        };

        assert_eq!(place(r#"{"a": [1, {"b/c": -1e400}], "d": 1}"#), "/a/1/b~1c");
        assert_eq!(place("1e400"), "");
        assert!(matches!(read(b"[1, 1e]"), Err(Unread::NoJson(_))));
    }

    #[test]
    fn what_follows_the_value_and_what_is_too_deep_is_no_json() {
        assert!(read(b"{} {}").is_err());
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn a_value_reads_as_ever(text in r#"[\[\]{}:," 0-9a-e.\\-]{0,20}|\{"a": (-?[0-9]{1,20}(\.[0-9]{1,3})?|true|null|"[^"\\]{0,5}")\}"#) {
            let expected: Option<Value> = serde_json::from_str(&text).ok();
            prop_assert_eq!(read(text.as_bytes()).ok().map(|(value, _)| value), expected);
        }
    }
}
