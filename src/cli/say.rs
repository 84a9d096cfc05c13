//! What people read: answers on standard output, complaints on standard error.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// A line of the answer. Nobody listening any more is no reason to stop.
pub fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _nobody_listens = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// An error with what lies underneath it. Many have their cause in their own words: what is said already is not said again.
pub fn in_words(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// A line about what went wrong.
pub fn complain(line: impl Display) {
    let _nobody_listens = writeln!(io::stderr().lock(), "{line}");
}
