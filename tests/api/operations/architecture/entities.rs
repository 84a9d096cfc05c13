//! Whose tables are whose, read off the sources: a noun writes what it owns; what others read of it is named here, with a reason.
//! What an erasure does to personal data it does by the inventory (`src/personal_data/inventory.rs`), which names every column.

use std::{collections::BTreeSet, fs};

use super::{all_sources, order_of};

/// Each noun, with the entities that it owns: it alone adds, changes and deletes their rows.
const OWNERS: &[(&str, &[&str])] = &[
    ("app/idempotency.rs", &["idempotency_key"]),
    ("audit/", &["audit_checkpoint", "audit_row"]),
    ("outbox/", &["outbox_event", "outbox_mark"]),
    ("personal_data/", &["erasure"]),
    ("organisation/units/", &["unit", "unit_closure", "unit_version", "unit_member_count", "member_count_day"]),
    ("organisation/clusters/", &["cluster", "cluster_head", "cluster_unit", "flag_holding"]),
    ("organisation/members/", &["member", "member_name_word", "member_private", "zalo_identity"]),
    ("organisation/memberships/", &["membership"]),
    ("organisation/imports/", &["import", "import_chunk", "import_conflict", "import_plan", "import_row"]),
    ("identity/keys/", &["signing_key"]),
    ("identity/apps/", &["client_app"]),
    ("identity/consents/", &["consent", "consent_decision"]),
    ("identity/avatars/", &["avatar"]),
    ("identity/sessions/", &["refresh_token", "session"]),
    ("identity/role_grants/", &["role_grant"]),
    ("identity/data_requests/", &["data_request"]),
    ("identity/guesses/", &["wrong_guess"]),
    ("identity/staff/", &["staff_account"]),
    ("identity/totp/", &["recovery_code"]),
    ("identity/oauth/", &["authorization_code"]),
    (
        "campaigns/campaigns/",
        &["campaign", "campaign_audience", "campaign_version", "criterion", "milestone", "phase", "target"],
    ),
    ("campaigns/ledger/", &["ledger_entry", "target_unit_total"]),
    ("campaigns/pledges/", &["commitment", "pledge", "pledge_version"]),
    ("campaigns/checkins/", &["checkin", "checkin_decision"]),
    ("campaigns/works/", &["work"]),
    ("feed/activities/", &["activity", "activity_revision", "activity_tag"]),
    ("relay/notifications/", &["inbox_row", "notification"]),
    ("relay/deliveries/", &["delivery", "delivery_attempt"]),
    ("relay/hooks/", &["provider_event"]),
    ("relay/provider_tokens/", &["provider_token"]),
    // Each keeps rows of its own there, told apart by their names.
    ("relay/media_folder/", &["setting_in_use"]),
    ("operations/settings_in_use/", &["setting_in_use"]),
];

/// What nouns write of others in the same room, and why. Across rooms nobody does.
const ALSO_WRITTEN: &[(&str, &[&str], &str)] = &[
    ("organisation/members/store.rs", &["membership"], "a new member begins with their home, in one change"),
    (
        "organisation/imports/members/store.rs",
        &["member", "member_private", "membership"],
        "a batch of a spreadsheet goes in a few statements, however many rows it has",
    ),
    (
        "identity/sessions/store.rs",
        &["authorization_code"],
        "codes that could still become sessions end with the sessions",
    ),
    ("identity/totp/store.rs", &["staff_account"], "the second factor is kept in the row of its account"),
    (
        "campaigns/pledges/usual/store.rs",
        &["target"],
        "what is usual for a target is worked out from pledges, and kept with it",
    ),
];

/// What is read of others' entities, and why: read models, most of them joins in one statement.
const ALSO_READ: &[(&str, &[&str], &str)] = &[
    // Across rooms.
    ("outbox/prune.rs", &["notification"], "deletes, in one statement, the events that no notification tells of"),
    (
        "personal_data/store.rs",
        &["member"],
        "holds a member's row against everybody else: the lock of all personal data",
    ),
    (
        "personal_data/store.rs",
        &["avatar"],
        "a picture's file goes with its last owner, whom the inventory has just erased",
    ),
    (
        "identity/authenticate/store.rs",
        &["member", "membership"],
        "who calls, read before each request that is not cached",
    ),
    (
        "campaigns/campaigns/audience/store.rs",
        &["cluster_unit", "membership", "unit_version"],
        "joins the audience with whom it fits: one subquery, however many members",
    ),
    ("relay/notifications/store.rs", &["member"], "fills the inboxes of any number of members in one statement"),
    (
        "relay/deliveries/store.rs",
        &["member", "zalo_identity"],
        "queues messages to any number of members in one statement",
    ),
    ("operations/audit_log/store.rs", &["audit_row"], "the log as admins read it: all of it, by pages"),
    ("personal_data/consent.rs", &["consent"], "what one can agree to is an enum of the column; no row is read"),
    // Within the organisation.
    ("organisation/units/counts/store.rs", &["membership"], "counts the members of a whole tree in one statement"),
    ("organisation/members/store.rs", &["membership"], "lists members by the units that they belong to"),
    (
        "organisation/members/member.rs",
        &["membership"],
        "names how somebody belongs to a unit; memberships stand below members",
    ),
    ("organisation/memberships/store.rs", &["member"], "where somebody belongs is told only of members who are there"),
    (
        "organisation/imports/members/store.rs",
        &["member", "member_private", "membership"],
        "compares a whole batch of rows with what is there",
    ),
    (
        "organisation/exports/store.rs",
        &["member", "member_private", "membership", "unit", "unit_version"],
        "joins what a row of a spreadsheet shows",
    ),
    // Within identity.
    ("identity/authenticate/store.rs", &["client_app", "role_grant", "session"], "who calls, as above"),
    ("identity/consents/store.rs", &["session"], "a decision is kept with the client of the session that it came by"),
    ("identity/role_grants/store.rs", &["staff_account"], "joins grants with accounts: the admins who can sign in"),
    ("identity/sessions/store.rs", &["authorization_code"], "a session stays while a code names it, in one statement"),
    ("identity/sessions/store.rs", &["staff_account"], "no session opens for an account that is disabled"),
    ("identity/totp/store.rs", &["staff_account"], "the second factor is kept in the row of its account"),
    // Within campaigns.
    ("campaigns/ledger/recount/store.rs", &["checkin"], "counts the ledger anew from what was verified"),
    ("campaigns/pledges/store.rs", &["campaign"], "a pledge's status follows from that of its campaign"),
    ("campaigns/pledges/tally/store.rs", &["checkin", "ledger_entry"], "sums up what was done for a pledge"),
    (
        "campaigns/pledges/usual/store.rs",
        &["campaign", "checkin", "target"],
        "the median over a campaign, in one statement",
    ),
    ("campaigns/checkins/store.rs", &["campaign", "commitment", "pledge"], "joins a check-in with what it was for"),
    // Within the feed and the relay.
    ("feed/feed/store.rs", &["activity"], "the feed is a page of activities"),
    ("relay/notifications/store.rs", &["delivery"], "a notification goes when no delivery has it, in one statement"),
    ("relay/channels/mod.rs", &["delivery"], "a channel is an enum of the column; no row is read"),
    ("relay/deliveries/store.rs", &["notification"], "a delivery carries what its notification says"),
];

/// A file's uses of entities.
#[derive(Debug, Default)]
struct Uses {
    /// Those that it names.
    named: BTreeSet<String>,
    /// Those whose rows it adds, changes or deletes.
    written: BTreeSet<String>,
}

/// The items of a `use` tree, each as its path and the name that it has here.
fn flattened(tree: &str, above: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if let Some((path, list)) = tree.split_once('{') {
        let mut above = above.to_vec();
        above.extend(path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
        let list = list.trim_end().strip_suffix('}').unwrap_or(list);
        let (mut depth, mut begins) = (0_i32, 0);
        for (place, letter) in list.char_indices().chain([(list.len(), ',')]) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    flattened(list.get(begins..place).unwrap_or_default(), &above, found);
                    begins = (place + 1).min(list.len());
                }
                _ => {}
            }
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut whole = above.to_vec();
    whole.extend(path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty() && part != "self"));
    let last = whole.last().cloned().unwrap_or_default();
    if !last.is_empty() {
        found.push((whole, alias.map_or(last, str::to_owned)));
    }
}

/// Does `text` stand in `code` where no name ends before it?
fn stands_in(code: &str, text: &str) -> bool {
    let is_of_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '$');
    let parts: Vec<&str> = code.split(text).collect();
    parts.split_last().is_some_and(|(_, before)| before.iter().any(|part| !part.ends_with(is_of_name)))
}

/// Of code, what it uses of these entities. Where a macro writes, it may be any of those that are named.
fn uses_of(text: &str, entities: &[String]) -> Uses {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let whole: String = lines.collect::<Vec<_>>().join("\n");
    let (mut code, mut imports) = (String::new(), Vec::new());
    for (number, part) in whole.split("use ").enumerate() {
        let before = code.rsplit('\n').next().unwrap_or_default().trim();
        let is_use = number > 0 && (before.is_empty() || before.starts_with("pub"));
        match part.split_once(';') {
            Some((tree, rest)) if is_use => {
                flattened(tree, &[], &mut imports);
                code.push_str(rest);
            }
            _ => code.push_str(part),
        }
    }
    let is_entity = |name: &String| entities.contains(name);
    // The modules of entities by the names that they have here, and what is taken out of them.
    let mut modules: BTreeSet<(String, String)> = BTreeSet::new();
    let mut items: Vec<(String, String)> = Vec::new();
    for (path, name) in &imports {
        let Some(place) = path.iter().position(|part| part == "entity") else { continue };
        let is_unclear = path.last().is_some_and(|last| last == "*" || (last == "entity" && name != "entity"));
        assert!(!is_unclear, "entities are named one by one: {path:?}");
        let Some(entity) = path.get(place + 1).filter(|part| is_entity(part)) else { continue };
        if path.len() == place + 2 {
            modules.insert((name.clone(), entity.clone()));
        } else {
            items.push((name.clone(), entity.clone()));
        }
    }
    for entity in entities {
        if code.contains(&format!("entity::{entity}::")) {
            modules.insert((entity.clone(), entity.clone()));
        }
    }
    for (path, name) in &imports {
        let module = path.first().and_then(|first| modules.iter().find(|(alias, _)| alias == first));
        if let (Some((_, entity)), 2) = (module, path.len()) {
            items.push((name.clone(), entity.clone()));
        }
    }
    let mut uses = Uses::default();
    uses.named.extend(modules.iter().chain(&items).map(|(_, entity)| entity.clone()));
    let is_written = |of: &str| {
        let verbs = ["insert", "update", "delete"].map(|verb| format!("{of}Entity::{verb}"));
        let tables = ["into_table", "from_table", "table"].map(|method| format!(".{method}({of}Entity)"));
        verbs.iter().chain([&format!("{of}ActiveModel")]).any(|way| stands_in(&code, way))
            || tables.iter().any(|way| code.contains(way.as_str()))
    };
    for (alias, entity) in &modules {
        let in_full = ["Entity::insert", "Entity::update", "Entity::delete", "ActiveModel"];
        let in_full = in_full.map(|way| format!("entity::{entity}::{way}"));
        if is_written(&format!("{alias}::")) || in_full.iter().any(|way| code.contains(way.as_str())) {
            uses.written.insert(entity.clone());
        }
    }
    for (name, entity) in &items {
        let writes = match name.as_str() {
            "Entity" => is_written(""),
            "ActiveModel" => true,
            _ => false,
        };
        if writes {
            uses.written.insert(entity.clone());
        }
    }
    let any = ["Entity::insert", "Entity::update", "Entity::delete", "ActiveModel"];
    let by_macro =
        any.iter().any(|way| code.contains(&format!("$entity::{way}")) || code.contains(&format!("$table::{way}")));
    let by_model = [".insert(tx)", ".update(tx)", ".save(tx)", ".delete(tx)"].iter().any(|way| code.contains(way));
    if by_macro || by_model {
        uses.written.extend(uses.named.iter().cloned());
    }
    for entity in entities {
        // By the name of the table.
        if ["into_table", "from_table", "table"].iter().any(|method| code.contains(&format!(".{method}(\"{entity}\")")))
        {
            uses.named.insert(entity.clone());
            uses.written.insert(entity.clone());
        }
    }
    uses
}

fn room_of(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

fn owners_of(entity: &str) -> impl Iterator<Item = &'static str> {
    OWNERS.iter().filter(move |(_, entities)| entities.contains(&entity)).map(|(noun, _)| *noun)
}

/// What is wrong with a file, if anything.
fn faults_of(file: &str, text: &str, entities: &[String]) -> Vec<String> {
    let uses = uses_of(text, entities);
    let is_own = |entity: &String| owners_of(entity).any(|noun| file.starts_with(noun));
    let is_listed = |list: &[(&str, &[&str], &str)], entity: &String| {
        list.iter().any(|(place, entities, _)| *place == file && entities.contains(&entity.as_str()))
    };
    let writes = uses.written.iter().filter(|entity| !is_own(entity) && !is_listed(ALSO_WRITTEN, entity));
    let reads = uses
        .named
        .iter()
        .filter(|entity| !is_own(entity) && !is_listed(ALSO_READ, entity) && !is_listed(ALSO_WRITTEN, entity));
    let owners = |entity: &String| owners_of(entity).collect::<Vec<_>>().join(" and ");
    writes
        .map(|entity| format!("{file} writes {entity}, which is owned by {}", owners(entity)))
        .chain(reads.map(|entity| format!("{file} reads {entity}, which is owned by {}", owners(entity))))
        .collect()
}

fn entities() -> Vec<String> {
    order_of(&fs::read_to_string("src/entity/mod.rs").unwrap())
}

#[test]
fn every_entity_has_an_owner() {
    for entity in entities() {
        let owners: Vec<_> = owners_of(&entity).collect();
        assert!(owners.len() == 1 || (entity == "setting_in_use" && owners.len() == 2), "{entity}: {owners:?}");
    }
    for (noun, owned) in OWNERS {
        assert!(owned.iter().all(|entity| entities().iter().any(|one| one == entity)), "{noun}");
    }
}

#[test]
fn an_entity_is_written_by_its_owner_and_read_by_others_in_named_read_models() {
    let entities = entities();
    let mut faults = Vec::new();
    // The demo writes a history of its own, before anybody calls.
    let is_judged = |file: &str| !file.starts_with("entity/") && !file.starts_with("sandbox/");
    for (file, text) in all_sources().into_iter().filter(|(file, _)| is_judged(file)) {
        faults.extend(faults_of(&file, &text, &entities));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_exception_is_left_over() {
    let entities = entities();
    let sources = all_sources();
    let uses = |file: &str| {
        let text = sources.iter().find(|(name, _)| name == file).map(|(_, text)| text.as_str());
        uses_of(text.unwrap_or_else(|| panic!("{file} is not there")), &entities)
    };
    for (file, written, reason) in ALSO_WRITTEN {
        let used = uses(file);
        assert!(written.iter().all(|entity| used.written.contains(*entity)), "{file}: {reason}");
        let is_in_room = |entity: &&str| owners_of(entity).any(|noun| room_of(noun) == room_of(file));
        assert!(written.iter().all(is_in_room), "{file} writes across rooms");
    }
    for (file, read, reason) in ALSO_READ {
        let used = uses(file);
        assert!(read.iter().all(|entity| used.named.contains(*entity)), "{file}: {reason}");
    }
}

#[test]
fn a_wrong_use_is_found_however_it_is_written() {
    let entities = entities();
    let is_faulty = |text: &str| !faults_of("relay/words.rs", text, &entities).is_empty();

    for wrong in [
        "use crate::entity::pledge;\nfn f() { pledge::Entity::find_by_id(id) }",
        "use crate::{db::Tx, entity::{member, role_grant as grant}};\nfn f() { grant::Entity::delete_many() }",
        "use crate::entity::pledge::{Column, Entity};\nfn f() { Entity::find() }",
        "fn f() { crate::entity::pledge::Entity::find() }",
        "fn f() { Query::update().table(\"pledge\") }",
    ] {
        assert!(is_faulty(wrong), "{wrong}");
    }
    assert!(!is_faulty(
        "use crate::identity::role_grants;\n// entity::pledge::Entity\nfn f() { role_grants::insert() }"
    ));
    // A file that may read writes none the less.
    let faults = |text: &str| faults_of("relay/notifications/store.rs", text, &entities);
    assert!(faults("use crate::entity::member;\nfn f() { member::Entity::find() }").is_empty());
    assert!(!faults("use crate::entity::member;\nfn f() { member::Entity::update_many() }").is_empty());
    assert!(!faults("fn f() { crate::entity::member::Entity::delete_many() }").is_empty());
    // Reading is not writing.
    let read = "use crate::{\n    db::Tx,\n    entity::{\n        pledge::{self, Column},\n        unit,\n    },\n};\nfn f() { pledge::Entity::find() }";
    let written = "use crate::entity::{pledge, unit};\nfn f() {\n    use unit::{ActiveModel, Entity};\n    Entity::insert(row)\n}";
    assert!(uses_of(read, &entities).written.is_empty());
    assert_eq!(uses_of(read, &entities).named.len(), 2);
    assert_eq!(uses_of(written, &entities).written.into_iter().collect::<Vec<_>>(), ["unit"]);
}
