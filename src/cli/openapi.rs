//! `thidua openapi`: the exported document and the list of routes, under review with the code. Needs no database.

use std::{fs, io, path::Path};

use anyhow::Context as _;

use super::{
    Verdict,
    say::{complain, say},
};
use crate::openapi;

const FOLDER: &str = "openapi";

/// Writes both, or compares them with what is there.
pub fn run(check: bool) -> anyhow::Result<Verdict> {
    let document = openapi::document();
    let files = [("openapi.json", openapi::text(&document)), ("routes.txt", openapi::route_list(&document))];
    let mut verdict = Verdict::Well;
    for (name, text) in files {
        let path = Path::new(FOLDER).join(name);
        if !check {
            fs::create_dir_all(FOLDER).context(FOLDER)?;
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            say(path.display());
        } else if is_other(&path, &text)? {
            complain(format_args!(
                "{} is not what the code says: run `cargo run -- openapi` and commit it",
                path.display()
            ));
            verdict = Verdict::Wrong;
        }
    }
    Ok(verdict)
}

fn is_other(path: &Path, text: &str) -> anyhow::Result<bool> {
    match fs::read_to_string(path) {
        Ok(there) => Ok(there != text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}
