//! Who may call an operation, as the document says it.

use serde_json::{Value, json};

use crate::kit::http::{CallerKind, Operation};

/// The security requirements of an operation (OpenAPI 3.1, 4.8.30).
pub fn security(operation: &Operation) -> Value {
    if operation.lets(CallerKind::Anonymous) {
        return json!([{}]);
    }
    let is_open_to = |kinds: &[CallerKind]| kinds.iter().any(|kind| operation.lets(*kind));
    let mut all = Vec::new();
    if is_open_to(&[CallerKind::Guest, CallerKind::Owner, CallerKind::Colleague, CallerKind::Stranger]) {
        all.push(json!({"member": []}));
    }
    if is_open_to(&[CallerKind::Manager, CallerKind::Editor, CallerKind::Admin]) {
        all.push(json!({"staff": []}));
    }
    if let Some(scope) = operation.scope {
        all.push(json!({"app": [scope]}));
    }
    all.into()
}

/// Who may call, in a sentence.
pub fn words(operation: &Operation) -> String {
    if operation.lets(CallerKind::Anonymous) {
        return "everybody, without signing in".to_owned();
    }
    let persons = [
        (CallerKind::Guest, "guests"),
        (CallerKind::Owner, "the member whose it is"),
        (CallerKind::Colleague, "members of the unit"),
        (CallerKind::Stranger, "members of other units"),
        (CallerKind::Manager, "managers of the unit or of one above it"),
        (CallerKind::OtherManager, "managers of other units"),
        (CallerKind::Editor, "editors of the unit or of one above it"),
        (CallerKind::Admin, "admins"),
    ];
    let mut words: Vec<String> = if persons.iter().all(|(kind, _)| operation.lets(*kind)) {
        vec!["whoever is signed in".to_owned()]
    } else {
        persons.iter().filter(|(kind, _)| operation.lets(*kind)).map(|(_, words)| (*words).to_owned()).collect()
    };
    words.extend(operation.scope.map(|scope| format!("apps with the scope `{scope}`")));
    words.join(", ")
}
