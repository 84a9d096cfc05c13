//! What became of a change is what the database says, wherever it fails or is cut off; the next change is not a part of it.

use std::{future::poll_fn, pin::pin, task::Poll};

use chrono::Utc;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use thidua::{
    db::{Actor, Db, Tx},
    kit::{
        problems::Problem,
        work::{CommitProgress, CommitState},
    },
};

use crate::harness::TestDatabase;

/// How often a change is cut off at every moment that it has.
const ROUNDS: usize = 5;

/// A database with a table of notes, which may refer to others: that is looked at at the end of a change.
async fn database() -> (TestDatabase, Db) {
    let database = TestDatabase::create().await;
    database.execute(
        "CREATE TABLE note (id integer PRIMARY KEY, \
         after integer REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)",
    );
    let db = database.connect().await;
    (database, db)
}

async fn begin(db: &Db) -> Tx {
    db.begin(Utc::now(), Actor::system()).await.unwrap()
}

async fn write(tx: &Tx, id: usize) -> Result<(), DbErr> {
    tx.execute_unprepared(&format!("INSERT INTO note (id) VALUES ({id})")).await.map(|_done| ())
}

/// The notes that anybody else sees.
fn notes(database: &TestDatabase, of: impl IntoIterator<Item = usize>) -> Vec<usize> {
    of.into_iter().filter(|id| database.count(format!("SELECT id FROM note WHERE id = {id}")) > 0).collect()
}

/// A change can be made, and is there for everybody afterwards.
async fn the_next_change_is_committed(database: &TestDatabase, db: &Db, id: usize) {
    let tx = begin(db).await;
    write(&tx, id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(notes(database, [id]), [id]);
}

/// Work that is dropped when it waits for that many things; what it came to, if it ended before.
async fn cut_off<T>(moments: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), moments);
    poll_fn(|context| {
        let Some(fewer) = left.checked_sub(1) else { return Poll::Ready(None) };
        left = fewer;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[actix_web::test]
async fn a_change_that_is_cut_off_anywhere_is_undone_or_says_that_it_may_be_committed() {
    let (database, db) = database().await;
    let mut ids = 0..;
    let mut seen = Vec::new();
    // Each round cuts it off a little later, until it is done before that.
    for _round in 0..ROUNDS {
        for moment in 0.. {
            let (first, second, next) = (ids.next().unwrap(), ids.next().unwrap(), ids.next().unwrap());
            let progress = CommitProgress::default();
            let work = progress.watch(async {
                let tx = db.begin(Utc::now(), Actor::system()).await?;
                write(&tx, first).await?;
                let part = tx.savepoint().await?;
                write(&part, second).await?;
                part.release_into(&tx).await?;
                tx.commit().await
            });

            let ended: Option<Result<_, Problem>> = cut_off(moment, Box::pin(work)).await;

            the_next_change_is_committed(&database, &db, next).await;
            let kept = notes(&database, [first, second]);
            seen.push(progress.state());
            match progress.state() {
                CommitState::Open => assert!(ended.is_none() && kept.is_empty(), "moment {moment}: {kept:?}"),
                CommitState::Committing => assert!(ended.is_none() && kept.len() != 1, "moment {moment}: {kept:?}"),
                CommitState::Committed => {
                    assert_eq!(kept, [first, second], "moment {moment}");
                    break;
                }
            }
        }
    }
    assert!(seen.contains(&CommitState::Open));
}

#[actix_web::test]
async fn a_change_that_is_cut_off_in_its_commit_says_that_its_outcome_is_unknown() {
    let (database, db) = database().await;
    for id in 0.. {
        let progress = CommitProgress::default();
        let mut work = Box::pin(progress.watch(async {
            let tx = begin(&db).await;
            write(&tx, 2 * id).await.unwrap();
            tx.commit().await
        }));

        let ended = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Pending if progress.state() == CommitState::Committing => Poll::Ready(None),
            polled => polled.map(Some),
        })
        .await;
        drop(work);

        the_next_change_is_committed(&database, &db, 2 * id + 1).await;
        if ended.is_none() {
            assert_eq!(progress.state(), CommitState::Committing);
            break;
        }
        // The database was faster.
        assert_eq!(notes(&database, [2 * id]), [2 * id]);
    }
}

#[actix_web::test]
async fn a_change_that_is_cut_off_as_it_is_undone_is_undone() {
    let (database, db) = database().await;
    for moment in 0..20 {
        let tx = begin(&db).await;
        write(&tx, 2 * moment).await.unwrap();

        let _ended = cut_off(moment, tx.roll_back()).await;

        the_next_change_is_committed(&database, &db, 2 * moment + 1).await;
        assert!(notes(&database, [2 * moment]).is_empty());
    }
}

#[actix_web::test]
async fn a_change_that_is_dropped_is_undone() {
    let (database, db) = database().await;
    for id in 0..10 {
        let tx = begin(&db).await;
        write(&tx, 2 * id).await.unwrap();
        drop(tx);
        the_next_change_is_committed(&database, &db, 2 * id + 1).await;
        assert!(notes(&database, [2 * id]).is_empty());
    }
}

#[actix_web::test]
async fn a_commit_that_the_database_refuses_is_an_error_and_leaves_nothing() {
    let (database, db) = database().await;
    let progress = CommitProgress::default();

    for id in 0..5 {
        let tx = begin(&db).await;
        let refers_to_none = format!("INSERT INTO note (id, after) VALUES ({id}, 1000)");
        tx.execute_unprepared(&refers_to_none).await.unwrap();
        progress.watch(tx.commit()).await.unwrap_err();
        assert_eq!(progress.state(), CommitState::Open, "the database has said no");
    }

    the_next_change_is_committed(&database, &db, 10).await;
    assert!(notes(&database, 0..5).is_empty());
}

#[actix_web::test]
async fn a_change_whose_transaction_the_database_has_ended_is_not_acknowledged() {
    let (database, db) = database().await;
    for id in 0..5 {
        let tx = begin(&db).await;
        write(&tx, id).await.unwrap();
        // As SQLite does by itself when its disk is full.
        tx.execute_unprepared("ROLLBACK").await.unwrap();
        let committed = tx.commit().await;
        // PostgreSQL takes a COMMIT outside a transaction, and says no more of it than a warning.
        assert!(committed.is_err() || db.backend() == DbBackend::Postgres);
    }

    the_next_change_is_committed(&database, &db, 10).await;
    assert!(notes(&database, 0..5).is_empty());
}

#[actix_web::test]
async fn a_savepoint_that_fails_takes_the_change_with_it() {
    let (database, db) = database().await;
    for id in 0..5 {
        let tx = begin(&db).await;
        write(&tx, 2 * id).await.unwrap();
        let part = tx.savepoint().await.unwrap();
        write(&part, 2 * id + 1).await.unwrap();
        part.execute_unprepared("ROLLBACK").await.unwrap();

        part.release_into(&tx).await.unwrap_err();

        write(&tx, 100 + id).await.unwrap_err();
        tx.savepoint().await.unwrap_err();
        tx.commit().await.unwrap_err();
    }
    the_next_change_is_committed(&database, &db, 200).await;
    assert!(notes(&database, (0..10).chain(100..105)).is_empty());
}

#[actix_web::test]
async fn a_savepoint_that_nobody_ends_takes_the_change_with_it() {
    let (database, db) = database().await;
    let tx = begin(&db).await;
    write(&tx, 1).await.unwrap();
    let part = tx.savepoint().await.unwrap();
    write(&part, 2).await.unwrap();

    drop(part);

    write(&tx, 3).await.unwrap_err();
    tx.commit().await.unwrap_err();
    the_next_change_is_committed(&database, &db, 4).await;
    assert!(notes(&database, 1..4).is_empty());
}

#[actix_web::test]
async fn what_is_undone_to_a_savepoint_is_gone_and_the_rest_is_kept() {
    let (database, db) = database().await;
    let tx = begin(&db).await;
    write(&tx, 1).await.unwrap();
    for id in 2..5 {
        let part = tx.savepoint().await.unwrap();
        write(&part, id).await.unwrap();
        write(&part, 1).await.unwrap_err();
        part.roll_back().await.unwrap();
    }
    let part = tx.savepoint().await.unwrap();
    let inner = part.savepoint().await.unwrap();
    write(&inner, 5).await.unwrap();
    inner.release_into(&part).await.unwrap();
    part.release_into(&tx).await.unwrap();

    tx.commit().await.unwrap();

    assert_eq!(notes(&database, 1..6), [1, 5]);
}

#[actix_web::test]
async fn a_change_in_which_a_statement_has_failed_is_committed_whole_or_says_that_it_is_not() {
    let (database, db) = database().await;
    let tx = begin(&db).await;
    write(&tx, 1).await.unwrap();
    write(&tx, 1).await.unwrap_err();

    // PostgreSQL answers such a COMMIT by rolling back, and calls it no error.
    let committed = tx.commit().await;

    assert_eq!(notes(&database, [1]).len(), usize::from(committed.is_ok()));
    the_next_change_is_committed(&database, &db, 2).await;
}

#[actix_web::test]
async fn a_statement_that_is_cut_off_takes_the_change_with_it() {
    let (database, db) = database().await;
    for id in 0.. {
        let tx = begin(&db).await;
        write(&tx, 3 * id).await.unwrap();
        if cut_off(1, write(&tx, 3 * id + 1)).await.is_some() {
            // The database was faster.
            continue;
        }

        write(&tx, 3 * id + 2).await.unwrap_err();
        tx.commit().await.unwrap_err();
        break;
    }
    the_next_change_is_committed(&database, &db, 1_000_000).await;
    assert_eq!(database.count("SELECT id FROM note"), 1);
}

#[actix_web::test]
async fn readers_see_what_is_committed_after_changes_were_cut_off() {
    let (database, db) = database().await;
    for moment in 0..20 {
        let _ended = cut_off(moment, async { begin(&db).await.commit().await.unwrap() }).await;
        let question = Statement::from_string(db.backend(), "SELECT id FROM note");
        let _rows = cut_off(moment, db.reads().query_all_raw(question)).await;
        the_next_change_is_committed(&database, &db, moment).await;
    }

    let question = Statement::from_string(db.backend(), "SELECT id FROM note");
    let all = futures_util::future::join_all((0..8).map(|_| db.reads().query_all_raw(question.clone()))).await;

    assert!(all.into_iter().all(|rows| rows.unwrap().len() == 20));
}
