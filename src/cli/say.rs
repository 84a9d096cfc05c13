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

/// A line about what went wrong.
pub fn complain(line: impl Display) {
    let _nobody_listens = writeln!(io::stderr().lock(), "{line}");
}
