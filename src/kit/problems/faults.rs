//! What is wrong with the input, collected until all of it is known: nobody mends a form one field at a time. There is an
//! end to it, because what is wrong may be a stranger's making: an answer lists `MOST_FAULTS`, and says that there are more.

use std::{collections::HashSet, fmt::Display};

use chrono::NaiveDate;

use super::codes::FaultCode;
use crate::kit::values::{
    clock::{FIRST_DAY, NO_END},
    language::Language,
    quantity::Quantity,
};

/// The most faults that an answer lists.
pub const MOST_FAULTS: usize = 100;
/// The longest pointer or name of a parameter in an answer, in bytes as JSON writes it; a longer one is cut and ends in `…`.
pub const LONGEST_PLACE: usize = 256;
/// The longest value inside the words of a fault or a problem, in bytes as JSON writes it.
const LONGEST_VALUE: usize = 1000;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub code: FaultCode,
    /// What stands for the `{name}`s in the code's words.
    pub values: Vec<(&'static str, Words)>,
}

/// Where a fault is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the body, at this JSON Pointer (RFC 6901).
    Body(String),
    /// In this query parameter.
    Query(String),
}

impl Place {
    /// The pointer or the parameter's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Body(text) | Self::Query(text) => text,
        }
    }
}

/// A value inside a fault's words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Words {
    /// The same in both languages.
    Plain(String),
    /// Vietnamese, English.
    Both(&'static str, &'static str),
}

impl Words {
    /// In that language.
    pub fn worded(&self, language: Language) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Both(vietnamese, english) => language.pick(*vietnamese, *english).to_owned(),
        }
    }
}

impl Fault {
    /// A fault of the body, at a JSON Pointer.
    pub fn at(pointer: impl Into<String>, code: FaultCode) -> Self {
        Self { place: Place::Body(pointer.into()), code, values: Vec::new() }
    }

    /// A fault of a query parameter.
    pub fn parameter(name: impl Into<String>, code: FaultCode) -> Self {
        Self { place: Place::Query(name.into()), code, values: Vec::new() }
    }

    /// The same, with a value for the `{name}` in its words. A long value is cut.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, Words::Plain(short_value(value.to_string()))));
        self
    }
}

/// A name as it stands in a JSON Pointer (RFC 6901, 3).
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A value for the words of a fault or a problem: it may come from the request.
pub fn short_value(value: String) -> String {
    cut(value, LONGEST_VALUE)
}

/// The text, or as much of it as JSON writes in `most` bytes, with `…` at its end.
pub fn cut(mut text: String, most: usize) -> String {
    let mut written = 0_usize;
    let mut end = 0;
    for (place, letter) in text.char_indices() {
        written = written.saturating_add(match letter {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{C}' => 2,
            letter if letter < ' ' => 6,
            letter => letter.len_utf8(),
        });
        if written > most {
            text.truncate(end);
            text.push('…');
            return text;
        }
        if written <= most.saturating_sub('…'.len_utf8()) {
            end = place.saturating_add(letter.len_utf8());
        }
    }
    text
}

/// Faults found so far: each once, in the order in which they were found, at most `MOST_FAULTS`.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
    told: HashSet<Fault>,
    has_more: bool,
}

impl Faults {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn add(&mut self, fault: Fault) {
        if self.told.contains(&fault) {
            return;
        }
        if self.list.len() >= MOST_FAULTS {
            self.has_more = true;
            return;
        }
        self.told.insert(fault.clone());
        self.list.push(fault);
    }

    /// Notes that there is something wrong besides, which is not told.
    pub fn add_untold(&mut self) {
        self.has_more = true;
    }

    /// One more, when it is true. Only then is the pointer written: give it as `format_args!`.
    pub fn add_if(&mut self, is_wrong: bool, pointer: impl Display, code: FaultCode) {
        if is_wrong {
            self.add(Fault::at(pointer.to_string(), code));
        }
    }

    /// An amount that must be more than nothing.
    pub fn add_unless_positive(&mut self, amount: Quantity, pointer: impl Display) {
        if !amount.is_positive() {
            self.add(Fault::at(pointer.to_string(), FaultCode::OutOfRange).with("limit", "> 0"));
        }
    }

    /// A day that something begins on: from `FIRST_DAY` on, and not the one that stands for no end.
    pub fn add_unless_first_day(&mut self, day: NaiveDate, pointer: impl Display) {
        let limit = match day {
            day if day < FIRST_DAY => format!(">= {FIRST_DAY}"),
            day if day >= NO_END => format!("< {NO_END}"),
            _ => return,
        };
        self.add(Fault::at(pointer.to_string(), FaultCode::OutOfRange).with("limit", limit));
    }

    /// Nothing is wrong?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.has_more
    }

    /// How many are told.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Is there more than is told? Whoever looks for faults may stop then.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// The faults.
    pub fn into_list(self) -> Vec<Fault> {
        self.list
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(list: Vec<Fault>) -> Self {
        let mut faults = Self::new();
        for fault in list {
            faults.add(fault);
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_faults_are_told_each_once() {
        let mut faults = Faults::new();
        for number in (0..MOST_FAULTS).chain(0..MOST_FAULTS) {
            faults.add(Fault::at(format!("/{number}"), FaultCode::Missing));
        }
        assert_eq!((faults.len(), faults.has_more()), (MOST_FAULTS, false));

        faults.add(Fault::at("/one_more", FaultCode::Missing));

        assert_eq!((faults.len(), faults.has_more()), (MOST_FAULTS, true));
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(cut("abcdef".into(), 6), "abcdef");
        assert_eq!(cut("abcdefg".into(), 6), "abc…");
        assert_eq!(cut("ếếế".into(), 8), "ế…");
        assert_eq!(cut("\u{1}\u{1}".into(), 11), "\u{1}…");
        assert_eq!(cut("abc".into(), 2), "…");
    }

    proptest! {
        #[test]
        fn what_is_cut_is_short_as_json_writes_it(text in "[\\PC\\u{0}-\\u{20}\"\\\\]{0,40}", most in 3_usize..30) {
            let written = serde_json::to_string(&cut(text.clone(), most)).unwrap().len() - 2;
            prop_assert!(written <= most, "{text:?}");
            let whole = serde_json::to_string(&text).unwrap().len() - 2;
            prop_assert!(whole > most || cut(text.clone(), most) == text);
        }
    }
}
