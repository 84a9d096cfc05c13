//! Which methods an address takes. Asked only when nothing answered: the router says 404, and this tells it from a 405.

use std::collections::BTreeMap;

use actix_web::dev::ResourceDef;
use serde_json::Value;

/// The paths of the OpenAPI document, with their methods.
#[derive(Default)]
pub struct Routes(Vec<(ResourceDef, String)>);

impl Routes {
    /// From the document.
    pub fn of(document: &Value) -> Self {
        let mut paths = BTreeMap::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let mut methods: Vec<String> =
                item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()).collect();
            if methods.iter().any(|method| method == "GET") {
                methods.push("HEAD".to_owned());
            }
            methods.sort();
            paths.insert(path.clone(), methods.join(", "));
        }
        Self(paths.into_iter().map(|(path, allow)| (ResourceDef::new(path), allow)).collect())
    }

    /// The documented path that an address is one of; none when there is nothing at it.
    pub fn pattern(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).and_then(|(pattern, _)| pattern.pattern())
    }

    /// The header `Allow` of an address; none when there is nothing at it.
    pub fn allow(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, allow)| allow.as_str())
    }
}
