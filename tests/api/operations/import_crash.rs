//! A server that is killed in the middle of an import goes on where it was, and ends where an undisturbed one ends.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    command::Place,
    command::complaint,
    crash::{Admin, figures_are_recounted},
};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const PATIENCE: Duration = Duration::from_secs(300);
/// How many members there are before the import.
const BEFORE: usize = 1_000;
/// How many rows the file has: four batches.
const ROWS: usize = 4_000;

#[actix_web::test]
async fn an_import_that_was_killed_ends_as_an_undisturbed_one_does() {
    let (disturbed, undisturbed) = (Place::migrated().await, Place::migrated().await);

    let killed = import(&disturbed, true).await;
    let expected = import(&undisturbed, false).await;

    assert_eq!(killed.import["status"], "done", "{}", killed.import);
    assert_eq!(figures(&killed.import), [2_700, 450, 450, 400]);
    assert_eq!(figures(&expected.import), figures(&killed.import));
    assert_eq!(killed.import["conflicts"], expected.import["conflicts"]);
    assert_eq!(killed.members.len(), 1 + BEFORE + 2_700, "the admin is one of them");
    assert_eq!(killed.members, expected.members);
    assert_eq!(killed.member_count, json!(BEFORE + 2_700));
    assert_eq!(killed.member_count, expected.member_count);
}

/// What came of an import.
struct Outcome {
    import: Value,
    /// Every member as the export has them, but for the ids.
    members: Vec<String>,
    /// How many are in the unit.
    member_count: Value,
}

async fn import(place: &Place, is_killed: bool) -> Outcome {
    let added = place.run(&["staff", "add", "root", "--role", "admin"]);
    assert!(added.status.success(), "{}", complaint(&added));
    let mut server = place.start(&SERVE);
    let mut admin = Admin::of(place, &server);
    let unit = json!({"name": "Chi bộ Một", "kind": "party_cell", "valid_from": "2020-01-01"});
    let unit = admin.post("/v1/units", unit).await["id"].as_str().unwrap().to_owned();
    admin.import(&spreadsheet(BEFORE, |place| (format!("Người Thứ {place}"), "Chi bộ Một"))).await;
    until(place, "SELECT id FROM import WHERE status = 'done'");

    let location = admin.import(&spreadsheet(ROWS, second)).await;
    if is_killed {
        const HALF: &str = "SELECT id FROM import WHERE created > 0 AND applied_to < rows_total";
        until(place, HALF);
        // It goes by SIGKILL.
        drop(server);
        assert_eq!(place.database.count(HALF), 1, "it was done before it was killed");
        // As if a minute had passed: nobody gives the lease back.
        place.database.execute(
            "UPDATE import SET lease_until = '2020-01-01T00:00:00+00:00' WHERE lease_until IS NOT NULL".to_owned(),
        );
        server = place.start(&SERVE);
        admin = Admin::of(place, &server);
    }
    until(place, "SELECT 1 WHERE NOT EXISTS (SELECT id FROM import WHERE status IN ('queued', 'running'))");

    let mut import = admin.get(&location).await;
    let conflicts = import["conflicts"].as_array_mut().unwrap();
    let rows: BTreeSet<_> = conflicts.iter().map(|one| one["row"].as_i64().unwrap()).collect();
    assert_eq!(rows.len(), conflicts.len(), "a row was left out twice");
    let export = admin.text("/v1/exports/members.csv").await;
    let mut members: Vec<String> = export.lines().skip(1).map(without_ids).collect();
    members.sort_unstable();
    let member_count = admin.get(&format!("/v1/units/{unit}")).await["member_count"].clone();
    figures_are_recounted(place);
    drop(server);
    Outcome { import, members, member_count }
}

/// Every tenth row is faulty; of the members who are there already half have another name.
fn second(place: usize) -> (String, &'static str) {
    let name = if (500..BEFORE).contains(&place) { "Người Đổi Tên" } else { "Người Thứ" };
    (format!("{name} {place}"), if place % 10 == 9 { "Chi bộ Không Có" } else { "Chi bộ Một" })
}

fn spreadsheet(rows: usize, row: impl Fn(usize) -> (String, &'static str)) -> String {
    let rows = (0..rows).map(|place| {
        let (name, unit) = row(place);
        format!("{name},09{place:08},{unit},01/07/2025\n")
    });
    "Họ và tên,Số điện thoại,Đơn vị,Ngày vào\n".to_owned() + &rows.collect::<String>()
}

fn figures(import: &Value) -> [i64; 4] {
    ["created", "changed", "unchanged", "conflict_count"].map(|field| import[field].as_i64().unwrap())
}

/// The first cell is the member's id, the sixth one that of their unit.
fn without_ids(line: &str) -> String {
    let cells = line.split(',').enumerate().filter(|(place, _)| ![0, 5].contains(place));
    cells.map(|(_, cell)| cell).collect::<Vec<_>>().join(",")
}

/// Asks the database until it has a row for this question.
fn until(place: &Place, query: &'static str) {
    let began = Instant::now();
    while place.database.count(query) == 0 {
        assert!(began.elapsed() < PATIENCE, "it was too slow: {query}");
    }
}
