//! The closure of units: always what the units' lives say, quick to change, quick to ask.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use proptest::{prelude::*, test_runner::TestCaseError};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Statement};
use serde_json::{Value, json};
use thidua::{
    db::Actor,
    entity::{unit, unit_closure, unit_version},
    kit::values::UnitId,
    organisation::units,
};
use uuid::Uuid;

use crate::harness::TestApp;

#[derive(Clone, Debug)]
enum Step {
    Create { parent: usize, day: u64 },
    Move { unit: usize, parent: usize, day: u64 },
    Merge { unit: usize, into: usize, day: u64 },
    Split { unit: usize, child: usize, day: u64 },
    Close { unit: usize, day: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (unit, day) = (|| 0usize..12, || 0u64..30);
    let step = prop_oneof![
        3 => (unit(), day()).prop_map(|(parent, day)| Step::Create { parent, day }),
        4 => (unit(), unit(), day()).prop_map(|(unit, parent, day)| Step::Move { unit, parent, day }),
        2 => (unit(), unit(), day()).prop_map(|(unit, into, day)| Step::Merge { unit, into, day }),
        1 => (unit(), unit(), day()).prop_map(|(unit, child, day)| Step::Split { unit, child, day }),
        1 => (unit(), day()).prop_map(|(unit, day)| Step::Close { unit, day }),
    ];
    proptest::collection::vec(step, 6..24)
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::Days::new(number)
}

/// Does a step through HTTP; some are refused, which is as well.
async fn take(app: &TestApp, ids: &mut Vec<String>, step: &Step) {
    let id = |place: &usize| ids[place % ids.len()].clone();
    let post = |url: String, body: Value| app.post(url).caller(&app.admin).json(body);
    let answer = match step {
        Step::Create { parent, day: on } => {
            post(
                "/v1/units".into(),
                json!({"name": "Đơn vị", "kind": "other", "parent_id": id(parent), "valid_from": day(*on)}),
            )
            .await
        }
        Step::Move { unit, parent, day: on } => {
            post(format!("/v1/units/{}/move", id(unit)), json!({"parent_id": id(parent), "on": day(*on)})).await
        }
        Step::Merge { unit, into, day: on } => {
            post(format!("/v1/units/{}/merge", id(unit)), json!({"into_unit_id": id(into), "on": day(*on)})).await
        }
        Step::Split { unit, child, day: on } => {
            let part = json!({"name": "Đơn vị mới", "unit_ids": [id(child)]});
            post(format!("/v1/units/{}/split", id(unit)), json!({"new_units": [part], "on": day(*on)})).await
        }
        Step::Close { unit, day: on } => {
            app.delete(format!("/v1/units/{}?on={}", id(unit), day(*on))).caller(&app.admin).await
        }
    };
    assert!([200, 201, 204, 404, 409, 422].contains(&answer.status), "{step:?}: {}", answer.text());
    if answer.status == 201 {
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    if let (Step::Split { .. }, 200) = (step, answer.status) {
        ids.push(answer.json()["new_units"][0]["id"].as_str().unwrap().to_owned());
    }
}

/// Who stands above whom on a day, walked up parent by parent.
fn walked(
    versions: &[unit_version::Model],
    successors: &HashMap<Uuid, Uuid>,
    on: NaiveDate,
) -> BTreeSet<(Uuid, Uuid, i32)> {
    let parents: HashMap<Uuid, Option<Uuid>> = versions
        .iter()
        .filter(|version| version.valid_from <= on && on < version.valid_to)
        .map(|version| (version.unit_id, version.parent_id))
        .collect();
    let has_begun: BTreeSet<Uuid> =
        versions.iter().filter(|version| version.valid_from <= on).map(|version| version.unit_id).collect();
    let mut lines = BTreeSet::new();
    for unit in has_begun {
        let (mut next, mut depth) = (Some(unit), 0);
        while let Some(resting) = next.filter(|next| !parents.contains_key(next)) {
            next = successors.get(&resting).copied();
            depth = 1;
        }
        while let Some(above) = next {
            lines.insert((above, unit, depth));
            assert!(depth < 100, "a cycle");
            depth += 1;
            next = parents.get(&above).copied().flatten();
        }
    }
    lines
}

async fn check(app: &TestApp) -> Result<(), TestCaseError> {
    let db = app.app.db.reads();
    let versions = unit_version::Entity::find().all(db).await.unwrap();
    let closure = unit_closure::Entity::find().all(db).await.unwrap();
    let units = unit::Entity::find().all(db).await.unwrap();
    let successors: HashMap<Uuid, Uuid> =
        units.iter().filter_map(|unit| unit.successor_id.map(|successor| (unit.id, successor))).collect();
    for unit in &units {
        let mut periods: Vec<_> = versions.iter().filter(|version| version.unit_id == unit.id).collect();
        periods.sort_by_key(|version| version.valid_from);
        prop_assert!(periods.iter().all(|period| period.valid_from < period.valid_to));
        prop_assert!(periods.windows(2).all(|two| two[0].valid_to == two[1].valid_from), "a hole or an overlap");
    }
    for on in (0..32).map(day) {
        let kept: Vec<(Uuid, Uuid, i32)> = closure
            .iter()
            .filter(|line| line.valid_from <= on && on < line.valid_to)
            .map(|line| (line.ancestor_id, line.descendant_id, line.depth))
            .collect();
        let distinct: BTreeSet<_> = kept.iter().copied().collect();
        prop_assert_eq!(distinct.len(), kept.len(), "a line twice on {}", on);
        prop_assert_eq!(distinct, walked(&versions, &successors, on), "on {}", on);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// After any moves, merges, splits and closings on any days, past and to come, the closure of every day is what one
    /// finds by walking up.
    #[test]
    fn the_closure_is_what_the_lives_of_units_say(steps in steps()) {
        actix_web::rt::System::new().block_on(async {
            let app = TestApp::start().await;
            let mut ids = Vec::new();
            for number in 0..4 {
                let new = json!({"name": format!("Đơn vị {number}"), "kind": "other", "valid_from": day(0),
                    "parent_id": ids.last()});
                let made = app.post("/v1/units").caller(&app.admin).json(new).await.expect(201);
                ids.push(made["id"].as_str().unwrap().to_owned());
            }
            for step in &steps {
                take(&app, &mut ids, step).await;
            }
            check(&app).await
        })?;
    }
}

/// A tree of 3,001 units in four levels, made in bulk: a top, 6 branches, 300 committees, and their cells.
async fn large_tree(app: &TestApp) -> Vec<UnitId> {
    let ids: Vec<UnitId> = (0..3_001).map(|_| UnitId::new()).collect();
    let parent = |place: usize| match place {
        0 => None,
        1..=6 => Some(0),
        7..=306 => Some(1 + (place - 7) / 50),
        _ => Some(7 + (place - 307) % 300),
    };
    let rows = ids.clone();
    app.app
        .change_as(Actor::system(), async |tx| {
            use sea_orm::ActiveValue::Set;
            let units = rows.iter().map(|id| unit::ActiveModel {
                id: Set(id.0),
                code: Set(None),
                successor_id: Set(None),
                created_at: Set(tx.now()),
                version: Set(1),
            });
            let versions = rows.iter().enumerate().map(|(place, id)| unit_version::ActiveModel {
                id: Set(Uuid::now_v7()),
                unit_id: Set(id.0),
                name: Set(format!("Đơn vị {place}")),
                short_name: Set(None),
                folded_name: Set(format!("don vi {place}")),
                kind: Set("other".to_owned()),
                parent_id: Set(parent(place).map(|parent| rows[parent].0)),
                valid_from: Set(day(0)),
                valid_to: Set(thidua::kit::values::clock::NO_END),
            });
            unit::Entity::insert_many(units).exec_without_returning(tx).await?;
            for some in versions.collect::<Vec<_>>().chunks(1_000) {
                unit_version::Entity::insert_many(some.to_vec()).exec_without_returning(tx).await?;
            }
            units::lock_tree(tx).await?;
            units::rebuild_closure(tx, &rows, day(0)).await
        })
        .await
        .unwrap();
    ids
}

#[actix_web::test]
async fn a_move_of_five_hundred_units_among_three_thousand_is_quick_and_all_below_is_one_indexed_range() {
    let app = TestApp::start().await;
    let ids = large_tree(&app).await;
    let closure = unit_closure::Entity::find().all(app.app.db.reads()).await.unwrap();
    assert_eq!(closure.len(), 1 + 6 * 2 + 300 * 3 + 2_694 * 4);

    // The first branch: 1 + 50 + 449 units.
    let before = std::time::Instant::now();
    let moved = json!({"parent_id": ids[2]});
    app.post(format!("/v1/units/{}/move", ids[1])).caller(&app.admin).json(moved).await.expect(200);
    let took = before.elapsed();
    assert!(took.as_secs() < 5, "{took:?}");
    check(&app).await.unwrap();

    let explained = explain(&app, ids[3]).await;
    // Both begin with the ancestor and go on with a day; PostgreSQL takes the one that it finds smaller.
    let is_indexed =
        ["unit_closure_ancestor_id_valid_to", "unit_closure_pkey"].iter().any(|one| explained.contains(one));
    assert!(is_indexed && explained.replace(' ', "").contains("ancestor_id="), "{explained}");
    assert!(!explained.contains("Seq Scan") && !explained.contains("SCAN unit_closure"), "{explained}");
}

/// How the database finds all below a unit on a day.
async fn explain(app: &TestApp, unit: UnitId) -> String {
    use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};
    let db = app.app.db.reads();
    let query = units::below(&[unit], day(10));
    let backend = db.get_database_backend();
    let sql = match backend {
        sea_orm::DbBackend::Postgres => {
            app.app
                .change_as(Actor::system(), async |tx| {
                    tx.execute_unprepared("ANALYZE unit_closure").await.map(|_| ()).map_err(Into::into)
                })
                .await
                .unwrap();
            format!("EXPLAIN {}", query.to_string(PostgresQueryBuilder))
        }
        _ => format!("EXPLAIN QUERY PLAN {}", query.to_string(SqliteQueryBuilder)),
    };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    let line = |row: &sea_orm::QueryResult| {
        row.try_get_by::<String, _>("detail").or_else(|_| row.try_get_by_index::<String>(0)).unwrap()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
