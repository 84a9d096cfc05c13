//! The direction of dependencies, read off the sources.

mod entities;

use std::{fs, path::Path};

/// Every source file below `folder`, as a path with slashes, with its text.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix("src").unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    assert!(found.len() > 100);
    found
}

/// The modules in the order of the `mod` lines of a file.
fn order_of(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// What `text` names after `prefix`, comments left out.
fn named_after(text: &str, prefix: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for rest in code.split(prefix).skip(1) {
        let braced = rest.trim_start().strip_prefix('{');
        match braced {
            None => names.push(rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()),
            Some(list) => {
                let mut depth = 0;
                let mut word = String::new();
                for letter in list.chars() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 && (letter.is_alphanumeric() || letter == '_') {
                        word.push(letter);
                    } else if depth == 0 && matches!(letter, ',' | ':') {
                        if !word.is_empty() {
                            names.push(std::mem::take(&mut word));
                        }
                        if letter == ':' {
                            word.push(' ');
                        }
                    } else if letter == '}' || letter == '{' {
                        word.clear();
                    }
                }
                names.push(word);
            }
        }
    }
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_module_uses_only_what_stands_above_it() {
    let order = order_of(&fs::read_to_string("src/lib.rs").unwrap());
    let place = |name: &str| order.iter().position(|module| module == name);
    for (file, text) in all_sources() {
        let own = file.split(['/', '.']).next().unwrap_or_default();
        let Some(own_place) = place(own) else { continue };
        for used in named_after(&text, "crate::") {
            let Some(used_place) = place(&used) else { continue };
            assert!(used_place <= own_place, "{file} uses {used}, which stands below {own}");
        }
    }
}

#[test]
fn a_noun_uses_only_the_nouns_above_it_in_its_room() {
    for room in ["kit", "organisation", "identity", "campaigns", "feed", "relay"] {
        let order = order_of(&fs::read_to_string(format!("src/{room}/mod.rs")).unwrap());
        let place = |name: &str| order.iter().position(|module| module == name);
        for (file, text) in all_sources().into_iter().filter(|(file, _)| file.starts_with(&format!("{room}/"))) {
            let own = file.split(['/', '.']).nth(1).unwrap_or_default();
            let Some(own_place) = place(own) else { continue };
            for used in named_after(&text, &format!("crate::{room}::")) {
                let Some(used_place) = place(&used) else { continue };
                assert!(used_place <= own_place, "{file} uses {used}, which stands below {own} in {room}");
            }
        }
    }
}

/// `TimeDelta::days(n)` panics where `n` is too large; `kit::values::clock::span` and `TimeDelta::try_days` do not.
#[test]
fn a_span_of_time_is_made_of_a_constant() {
    let makers = ["weeks", "days", "hours", "minutes", "seconds"];
    for (file, text) in all_sources().into_iter().filter(|(file, _)| !file.starts_with("sandbox/")) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for maker in makers.map(|maker| format!("::{maker}(")) {
            for (before, rest) in code.match_indices(&maker).map(|(at, _)| code.split_at(at)) {
                let rest = rest.strip_prefix(&maker).unwrap();
                let is_span = before.ends_with("TimeDelta") || before.ends_with("Duration");
                let number = rest.split(')').next().unwrap_or_default();
                let is_constant = number.chars().all(|letter| letter.is_ascii_digit() || letter == '_');
                assert!(!is_span || is_constant, "{file}: {maker}{number})");
            }
        }
    }
}

#[test]
fn only_stores_speak_to_the_database() {
    for (file, text) in all_sources() {
        let may = ["db/", "entity/", "outbox/", "audit/"].iter().any(|room| file.starts_with(room))
            || file == "app/idempotency.rs"
            // An id knows how it stands in a column.
            || file == "kit/values/ids.rs"
            || file.ends_with("/store.rs");
        let uses = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("sea_orm"));
        assert!(may || !uses, "{file} speaks to the database itself");
    }
}

#[test]
fn only_handlers_speak_http() {
    for (file, text) in all_sources() {
        let may = ["kit/", "app/", "cli/", "server.rs", "routes.rs", "openapi/", "main.rs"]
            .iter()
            .any(|place| file.starts_with(place))
            || file.ends_with("/http.rs")
            || file.ends_with("/mod.rs")
            || file.ends_with("/middleware.rs");
        // A pure file's tests may run on actix's runtime.
        let uses = text.lines().any(|line| {
            !line.trim_start().starts_with("//") && line.contains("actix_web") && !line.contains("#[actix_web::test]")
        });
        assert!(may || !uses, "{file} speaks HTTP itself");
    }
}

#[test]
fn the_kit_knows_no_room() {
    for (file, text) in all_sources().into_iter().filter(|(file, _)| file.starts_with("kit/")) {
        assert!(named_after(&text, "crate::").iter().all(|used| used == "kit"), "{file}");
    }
}

/// A panic that ended the process would end every other job and every request with it.
#[test]
fn a_panic_unwinds_in_every_profile() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();

    assert!(!manifest.lines().any(|line| line.trim_start().starts_with("panic")), "panic = \"abort\"");
}
