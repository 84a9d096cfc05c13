//! Ids in bodies and in filters, all that the document knows of: one that something has which is hidden from the caller is
//! answered byte for byte like one that nothing has.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use thidua::{
    kit::http::{CallerKind, Verdict},
    openapi, operation_table,
};
use uuid::Uuid;

use super::world::{Body, Call, World};
use crate::harness::{Answer, text};

/// Who is nobody in the unit whose things are hidden.
const CALLERS: [CallerKind; 7] = [
    CallerKind::Guest,
    CallerKind::Owner,
    CallerKind::Colleague,
    CallerKind::Stranger,
    CallerKind::Manager,
    CallerKind::OtherManager,
    CallerKind::Editor,
];

/// What everybody may know of: units, clusters. And what a client makes up itself: an id of its own that is taken already is
/// a conflict, whosever it is, for nothing can have it a second time.
const NOTHING_HIDDEN: [&str; 13] = [
    "unit_id",
    "home_unit_id",
    "launched_by_unit_id",
    "head_unit_id",
    "flag_unit_id",
    "into_unit_id",
    "parent_id",
    "unit_ids",
    "cluster_ids",
    "id",
    "media_ids",
    "client_id",
    // Admins alone read by it, from whom nothing is hidden.
    "subject_id",
];

/// Who pledges for somebody else is refused before anybody looks who that is; what is read that is not one's own is passed
/// over; and of a batch each item has an answer of its own.
const SAYS_NOTHING: [&str; 3] =
    ["create_checkin_batch commitment_id", "create_pledge pledger", "read_notifications ids"];

/// Where an operation takes an id.
#[derive(Clone, Debug)]
enum Place {
    Query(String),
    Body(String),
}

/// Things of a unit that none of the callers has anything to do with.
struct Hidden {
    campaign: String,
    target: String,
    member: String,
    pledge: String,
    commitment: String,
    notification: String,
}

impl Hidden {
    async fn make(world: &World) -> Self {
        let app = &world.app;
        let unit = app.unit("Đảng bộ khác").await;
        let draft = app.draft_campaign_of(&unit).await;
        let member = app.member_of(&unit).await;
        let pledge = app.pledge_of(&member, &app.campaign_of(&unit).await).await;
        let grant = json!({"member_id": member.id, "role": "editor", "unit_id": unit.id});
        app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
        app.run_relay().await;
        let inbox = app.inbox_of(&member).await;
        let hidden = Self {
            campaign: draft.id,
            target: draft.target,
            notification: text(&inbox[0]["id"]),
            pledge: pledge.id,
            commitment: pledge.commitment,
            member: member.id,
        };
        let urls = [("campaigns", &hidden.campaign), ("members", &hidden.member), ("pledges", &hidden.pledge)];
        for caller in world.persons.iter().filter(|(name, _)| **name != "admin").map(|(_, person)| person) {
            for (noun, id) in urls {
                app.get(format!("/v1/{noun}/{id}")).caller(caller).await.is_problem(404, "not_found");
            }
        }
        hidden
    }

    /// The one that an id of this name could be of; none where nothing of the kind is hidden from anybody.
    fn named(&self, name: &str) -> Option<&str> {
        Some(match name {
            "campaign_id" => &self.campaign,
            "target_id" | "numerator_target_id" => &self.target,
            "member_id" | "member_ids" | "pledger" => &self.member,
            "pledge_id" => &self.pledge,
            "commitment_id" => &self.commitment,
            "ids" => &self.notification,
            name if NOTHING_HIDDEN.contains(&name) => return None,
            name => panic!("{name}: say what an id of this name is of, or that nothing of it is hidden"),
        })
    }
}

impl Place {
    /// What the id is called: by its field, by the list it is in, or by the thing that it identifies.
    fn name(&self) -> &str {
        match self {
            Self::Query(name) => name,
            Self::Body(pointer) if pointer.ends_with("/pledger/id") => "pledger",
            Self::Body(pointer) => pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap(),
        }
    }

    /// The call with this id there.
    fn with(&self, call: &Call, id: &str) -> Call {
        let mut call = call.clone();
        match (self, &mut call.body) {
            (Self::Query(name), _) => call.url = format!("{}?{name}={id}", call.url),
            (Self::Body(pointer), Body::Json(body)) => put(body, pointer.trim_start_matches('/'), id),
            (Self::Body(pointer), _) => panic!("{}: no body for {pointer}", call.url),
        }
        call
    }
}

/// Puts an id where the pointer says; what lies on the way is made so that nothing else is wrong with it.
fn put(value: &mut Value, pointer: &str, id: &str) {
    let Some((head, rest)) = pointer.split_once('/') else {
        match pointer.parse::<usize>() {
            Ok(_) => *value = json!([id]),
            Err(_) => value[pointer] = json!(id),
        }
        return;
    };
    if let Ok(place) = head.parse::<usize>() {
        return put(&mut value[place], rest, id);
    }
    // What is read is said in one of two ways.
    if head == "ids" {
        *value = json!({"ids": [id]});
        return;
    }
    if value[head].is_null() {
        value[head] = match head {
            "targets" => json!([{"name": "Tỉ lệ", "unit_of_measure": "%", "denominator": 10}]),
            "commitments" => json!([{"title": "Trồng cây", "unit_of_measure": "cây", "quantity": 100,
                "due_on": "2026-12-31", "cadence": "monthly"}]),
            "pledger" => json!({"kind": "member"}),
            _ => json!({}),
        };
    }
    put(&mut value[head], rest, id);
}

/// The ids below this schema, as pointers into the body.
fn ids_in(document: &Value, schema: &Value, pointer: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return ids_in(document, document.pointer(name.trim_start_matches('#')).unwrap(), pointer, found);
    }
    for variants in ["oneOf", "anyOf", "allOf"] {
        schema[variants].as_array().into_iter().flatten().for_each(|one| ids_in(document, one, pointer, found));
    }
    if schema["format"] == "uuid" {
        found.push(pointer.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        ids_in(document, field, &format!("{pointer}/{name}"), found);
    }
    if schema["items"].is_object() {
        ids_in(document, &schema["items"], &format!("{pointer}/0"), found);
    }
}

/// Every place where an operation takes an id, beside its path.
fn places() -> Vec<(String, String, String, Place)> {
    let document = openapi::document();
    let mut places = Vec::new();
    for (path, method, operation) in openapi::operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let mut add = |place| places.push((id.to_owned(), method.to_uppercase(), path.clone(), place));
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let mut found = Vec::new();
            ids_in(&document, &parameter["schema"], "", &mut found);
            if parameter["in"] == "query" && (!found.is_empty() || name.ends_with("_id")) {
                add(Place::Query(name.to_owned()));
            }
        }
        for media in operation["requestBody"]["content"].as_object().into_iter().flatten().map(|(_, media)| media) {
            let mut found = Vec::new();
            ids_in(&document, &media["schema"], "", &mut found);
            found.sort();
            found.dedup();
            found.into_iter().for_each(|pointer| add(Place::Body(pointer)));
        }
    }
    places
}

/// What an answer says, whichever ids it names: those of what was just made differ anyway.
fn told(answer: &Answer) -> (u16, String) {
    let text = answer.text();
    let mut told = String::new();
    let mut rest = text.as_str();
    while let Some(letter) = rest.chars().next() {
        let id = rest.split_at_checked(36).filter(|(head, _)| Uuid::try_parse(head).is_ok());
        rest = match id {
            Some((_, after)) => {
                told.push_str("(id)");
                after
            }
            None => {
                told.push(letter);
                rest.strip_prefix(letter).unwrap_or_default()
            }
        };
    }
    (answer.status, told)
}

#[actix_web::test]
async fn an_id_of_something_hidden_is_answered_like_an_id_of_nothing() {
    let mut world = World::make().await;
    let hidden = Hidden::make(&world).await;
    let (mut differences, mut unreached) = (Vec::new(), BTreeSet::new());
    for (id, method, path, place) in places() {
        let Some(of_hidden) = hidden.named(place.name()) else { continue };
        let mut is_reached = false;
        for kind in CALLERS.into_iter().chain([CallerKind::Admin]) {
            let mut answers = Vec::new();
            for value in [of_hidden.to_owned(), Uuid::now_v7().to_string()] {
                let call = place.with(&world.call(&id, &path).await, &value);
                answers.push(told(&world.send(&method, &call, kind, None).await));
            }
            let is_told_apart = answers[0] != answers[1];
            is_reached |= match &place {
                Place::Query(_) => answers[0].0 == 200,
                Place::Body(pointer) => answers[0].1.contains(pointer.as_str()),
            };
            // From an admin nothing is hidden.
            is_reached |= is_told_apart && kind == CallerKind::Admin;
            if is_told_apart && kind != CallerKind::Admin {
                differences.push(format!("{id} {place:?} as {kind:?}: {:?} is not {:?}", answers[0], answers[1]));
            }
        }
        if !is_reached {
            unreached.insert(format!("{id} {}", place.name()));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(unreached.into_iter().collect::<Vec<_>>(), SAYS_NOTHING, "the others say what they think of the id");
}

#[test]
fn what_lets_nobody_but_admins_in_hides_nothing() {
    for (id, _, _, place) in places().into_iter().filter(|(.., place)| place.name() == "subject_id") {
        let row = operation_table::row(&id).unwrap();
        assert!(CALLERS.into_iter().all(|kind| !row.lets(kind)), "{id} {place:?}");
        assert!(row.verdicts.contains(&Verdict::Yes));
    }
}
