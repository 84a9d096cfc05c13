//! The work on imports, in steps with outcomes. Any number of workers may step at once, in any number of processes: a lease
//! says whose an import is for the moment, and it runs out on the clock.

use std::{collections::HashMap, convert::Infallible, fs::File, future::Future, io::Write as _, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};
use uuid::Uuid;

use super::{
    actions,
    file::{Column, Flow, Unreadable},
    import::{BATCH, Earlier, Import, ImportKind, LIFE, MOST_ATTEMPTS, Outcome, RowFault, Stage},
    members,
    reading::{self, Bounds},
    staged::{Staged, StagedRow, open_chunk},
    store::{self, Planned},
    units::{self, Reach},
};
use crate::{
    app::{App, Job},
    audit,
    config::Config,
    db::{Actor, Db, Effect, Tx, dialect},
    kit::{
        problems::{FaultCode, Problem},
        values::clock::later,
        work::{Schedule, Waiting, Worked, jobs::caught},
    },
};

/// The job that this is the work of.
const JOB: &str = "imports";
/// How often a living worker renews its lease: several times in the time that it lasts.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// After an import of so many rows the database looks anew at what it has.
const MANY_ROWS: i32 = 1_000;
/// What imports fill. In the order of their names, so that of two at once one waits for the other.
const FILLED: [&str; 7] =
    ["member", "member_name_word", "member_private", "membership", "unit", "unit_closure", "unit_version"];
/// How many batches may have been read and not yet written.
const BATCHES_AHEAD: usize = 2;

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There was nothing to do.
    Idle,
    /// A file was read into that many rows.
    Read(usize),
    /// It is known what is to become of that many rows.
    Planned(usize),
    /// That many rows were carried out.
    Applied(usize),
    /// An import ended.
    Ended,
    /// The import is somebody else's by now.
    Lost,
}

/// The job that brings spreadsheets in.
pub struct Imports;

#[async_trait(?Send)]
impl Job for Imports {
    fn name(&self) -> &'static str {
        JOB
    }

    fn schedule(&self, app: &App) -> Schedule {
        Schedule::every(Duration::from_millis(app.config.relay.poll_ms))
    }

    fn bell<'a>(&self, app: &'a App) -> Option<&'a Notify> {
        Some(&app.imports_bell)
    }

    async fn waiting(&self, db: &Db, _config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        let since = store::waiting_since(db.reads(), now).await?;
        Ok(vec![Waiting { name: "imports", words: "imports wait to be worked on", since }])
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        let done = Box::pin(step(app)).await?;
        tracing::debug!(?done, "imports");
        Ok(if done == Step::Idle { Worked::All } else { Worked::More })
    }
}

/// Does the next thing for the oldest import that nobody works at. A step that fails leaves no trace but its lease, which is
/// given back; after a few of them the import is given up.
pub async fn step(app: &App) -> Result<Step, Problem> {
    if !store::is_anything_waiting(app.db.reads(), app.clock.now()).await? {
        return Ok(Step::Idle);
    }
    let owner = Uuid::now_v7().to_string();
    let claimed = app.change_as(Actor::system(), async |tx| store::claim(tx, &owner).await).await?;
    let Some(import) = claimed else { return Ok(Step::Idle) };
    let done =
        caught(JOB, Box::pin(take_on(app, &import))).await.unwrap_or_else(|panicked| Err(Problem::internal(panicked)));
    if let Err(problem) = &done {
        // A full disk or a database that is away is no fault of the import, and passes by.
        let counts = !matches!(problem.code.status(), 503 | 507);
        let release = async |tx: &Tx| {
            let released =
                if counts { store::release(tx, &import).await } else { store::release_uncounted(tx, &import).await };
            Ok(released?)
        };
        // Best effort: a lease that cannot be given back runs out.
        let released = app.change_as(Actor::system(), release).await;
        if let Err(problem) = released {
            tracing::warn!(error = %problem, "a lease could not be given back");
        }
    }
    if matches!(done, Ok(Step::Ended)) && !import.dry_run && import.rows_total >= Some(MANY_ROWS) {
        // Best effort, and after the end of it: lists are read at once, and would be slow until the database knew.
        let stock = app.change_as(Actor::system(), async |tx| Ok(dialect::analyze(tx, &FILLED).await?)).await;
        if let Err(problem) = stock {
            tracing::warn!(error = %problem, cause = ?problem.cause, "the database did not look at what came in");
        }
    }
    done
}

async fn take_on(app: &App, import: &Import) -> Result<Step, Problem> {
    let is_old = later(import.created_at, LIFE) <= app.clock.now();
    if is_old || import.attempt > MOST_ATTEMPTS {
        let reason = if is_old { FaultCode::Expired } else { FaultCode::Unexpected };
        return give_up(app, import, reason).await;
    }
    match import.stage() {
        Stage::Read => while_held(app, import, read(app, import.clone())).await,
        Stage::Plan => in_one(app, import, async |tx, import, reach| plan(app, tx, import, reach).await).await,
        Stage::Apply => in_one(app, import, async |tx, import, reach| apply(app, tx, import, reach).await).await,
        Stage::Finish => in_one(app, import, async |tx, import, _reach| finish(tx, import).await).await,
    }
}

/// Does this work, and renews the lease meanwhile. Where it cannot be renewed, the work finds out when it writes.
async fn while_held<T>(app: &App, import: &Import, work: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        done = Box::pin(work) => done,
        never = renew_for_ever(app, import) => match never {},
    }
}

async fn renew_for_ever(app: &App, import: &Import) -> Infallible {
    loop {
        sleep(RENEW_EVERY).await;
        let held = app.change_as(Actor::system(), async |tx| Ok(store::hold(tx, import).await?)).await;
        if let Err(problem) = held {
            tracing::warn!(error = %problem, cause = ?problem.cause, "the lease of an import could not be renewed");
        }
    }
}

/// A step in one transaction, under the lease and within the rights that the importer has today.
async fn in_one(
    app: &App,
    import: &Import,
    work: impl AsyncFnOnce(&Tx, Import, &Reach) -> Result<Step, Problem>,
) -> Result<Step, Problem> {
    let actor = Actor { key: format!("member:{}", import.member_id), request_id: None };
    app.change_as(actor, async |tx| {
        if !store::hold(tx, import).await? {
            return Ok(Step::Lost);
        }
        match Reach::of(&app.belongings.roles_on(tx, import.member_id, tx.today()).await?) {
            Some(reach) => work(tx, import.clone(), &reach).await,
            None => actions::end(tx, import.clone(), Some(FaultCode::NotPermitted)).await.map(|()| Step::Ended),
        }
    })
    .await
}

async fn give_up(app: &App, import: &Import, reason: FaultCode) -> Result<Step, Problem> {
    app.change_as(Actor::system(), async |tx| {
        if !store::hold(tx, import).await? {
            return Ok(Step::Lost);
        }
        actions::end(tx, import.clone(), Some(reason)).await.map(|()| Step::Ended)
    })
    .await
}

/// Reads the file into rows. Begun again after a crash it begins from the start: until it has been read to its end nothing
/// follows from it.
async fn read(app: &App, mut import: Import) -> Result<Step, Problem> {
    let file = assemble(app, &import).await?;
    let began = app
        .change_as(Actor::system(), async |tx| {
            if !store::hold(tx, &import).await? {
                return Ok(false);
            }
            store::delete_rows(tx, import.id, i32::MAX).await?;
            Ok(true)
        })
        .await?;
    if !began {
        return Ok(Step::Lost);
    }
    let bounds = Bounds {
        today: app.clock.today(),
        max_rows: app.config.imports.max_rows,
        batch: usize::try_from(BATCH).unwrap_or(usize::MAX),
    };
    let (sender, mut batches) = mpsc::channel::<Vec<StagedRow>>(BATCHES_AHEAD);
    let kind = import.kind;
    let reading = tokio::task::spawn_blocking(move || {
        reading::read(file, kind, bounds, &mut |batch| match sender.blocking_send(batch) {
            Ok(()) => Flow::On,
            Err(_nobody_listens) => Flow::Stop,
        })
    });
    while let Some(batch) = batches.recv().await {
        app.jobs.beat(JOB);
        let is_held = app
            .change_as(Actor::system(), async |tx| {
                if !store::hold(tx, &import).await? {
                    return Ok(false);
                }
                store::insert_rows(tx, &app.vault, import.id, &batch).await?;
                Ok(true)
            })
            .await?;
        if !is_held {
            return Ok(Step::Lost);
        }
        if app.is_stopping() {
            // Another replica may begin at once.
            app.change_as(Actor::system(), async |tx| Ok(store::release(tx, &import).await?)).await?;
            return Ok(Step::Idle);
        }
    }
    let total = match reading.await.map_err(Problem::internal)? {
        Ok(total) => total,
        Err(Unreadable::OtherFormat) => return give_up(app, &import, FaultCode::BrokenFile).await,
        // The upload has said where, and was refused: this is another file than the one that was taken then.
        Err(Unreadable::Fault(fault)) if fault.code == FaultCode::UnclosedQuote => {
            return give_up(app, &import, FaultCode::BrokenFile).await;
        }
        Err(Unreadable::Fault(fault)) => return give_up(app, &import, fault.code).await,
    };
    import.rows_total = Some(total);
    app.change_as(Actor::system(), async |tx| {
        if !store::hold(tx, &import).await? {
            return Ok(Step::Lost);
        }
        store::delete_chunks(tx, import.id).await?;
        store::save_progress(tx, &import).await?;
        Ok(Step::Read(usize::try_from(total).unwrap_or_default()))
    })
    .await
}

/// The file, in one piece, in a temporary file without a name.
async fn assemble(app: &App, import: &Import) -> Result<File, Problem> {
    let mut file = app.files.temporary().await.map_err(Problem::of_file)?;
    let mut ordinal = 0;
    while let Some(sealed) = store::chunk(app.db.reads(), import.id, ordinal).await? {
        let plain = open_chunk(&app.vault, import.id, ordinal, &sealed).map_err(Problem::internal)?;
        file.write_all(&plain).map_err(Problem::of_file)?;
        ordinal = ordinal.saturating_add(1);
    }
    Ok(file)
}

/// What was decided about a row.
struct Decided {
    ordinal: i32,
    number: i32,
    outcome: Outcome,
    subject: Option<Uuid>,
    faults: Vec<RowFault>,
}

/// Decisions about rows, in their order, with what is to be written.
struct Decisions {
    rows: Vec<Decided>,
    members: Vec<members::MemberDecision>,
    units: Vec<units::UnitDecision>,
}

/// Decides about rows. `planned` is what was decided about them before, if it was.
async fn decide(
    app: &App,
    tx: &Tx,
    import: &Import,
    reach: &Reach,
    rows: &[StagedRow],
    planned: Option<&HashMap<i32, Planned>>,
) -> Result<Decisions, Problem> {
    let earlier = |ordinal: i32| {
        let plan = planned.and_then(|planned| planned.get(&ordinal));
        plan.and_then(|plan| Earlier::of(plan.outcome, plan.subject))
    };
    let mut decided: Vec<Decided> = rows
        .iter()
        .map(|row| Decided {
            ordinal: row.ordinal,
            number: row.number,
            outcome: Outcome::Refuse,
            subject: None,
            faults: match &row.content {
                Staged::Faulty(faults) => faults.clone(),
                Staged::Member(_) | Staged::Unit(_) => Vec::new(),
            },
        })
        .collect();
    let sound = |row: &&StagedRow| !matches!(row.content, Staged::Faulty(_));
    let (mut members, mut units) = (Vec::new(), Vec::new());
    let places: Vec<usize> = rows.iter().enumerate().filter(|(_, row)| sound(row)).map(|(place, _)| place).collect();
    match import.kind {
        ImportKind::Members => {
            let meant: Vec<members::Meant<'_>> = rows
                .iter()
                .filter_map(|row| match &row.content {
                    Staged::Member(member) => Some((member, earlier(row.ordinal))),
                    Staged::Unit(_) | Staged::Faulty(_) => None,
                })
                .collect();
            members = members::decide_all(app, tx, reach, &import.headers, &meant).await?;
            for (place, decision) in places.iter().zip(&members) {
                note(&mut decided, *place, decision.outcome, decision.subject, &decision.faults);
            }
        }
        ImportKind::Units => {
            let meant: Vec<units::Meant<'_>> = rows
                .iter()
                .filter_map(|row| match &row.content {
                    Staged::Unit(unit) => Some((row.ordinal, unit, earlier(row.ordinal))),
                    Staged::Member(_) | Staged::Faulty(_) => None,
                })
                .collect();
            let parents: Vec<i32> =
                meant.iter().filter_map(|(_, unit, _)| unit.parent.row).map(|row| row.ordinal).collect();
            let mut before = store::plan_at(tx, import.id, &parents).await?;
            units = units::decide_all(tx, reach, &import.headers, &meant, &mut before).await?;
            for (place, decision) in places.iter().zip(&units) {
                note(&mut decided, *place, decision.outcome, decision.subject, &decision.faults);
            }
        }
    }
    Ok(Decisions { rows: decided, members, units })
}

fn note(decided: &mut [Decided], place: usize, outcome: Outcome, subject: Option<Uuid>, faults: &[RowFault]) {
    if let Some(row) = decided.get_mut(place) {
        row.outcome = outcome;
        row.subject = subject;
        row.faults.extend_from_slice(faults);
    }
}

/// Finds out what is to become of the next rows, by what is there before the run: nothing has been written yet.
async fn plan(app: &App, tx: &Tx, mut import: Import, reach: &Reach) -> Result<Step, Problem> {
    let rows = store::rows_after(tx, &app.vault, import.id, import.planned_to, BATCH).await?;
    // Rows that should be there are not: `finish` says so.
    let Some(last) = rows.last().map(|row| row.ordinal) else { return finish(tx, import).await };
    let mut decisions = decide(app, tx, &import, reach, &rows, None).await?;
    refuse_repeated(tx, &mut import, &mut decisions).await?;
    let plan: Vec<Planned> = decisions
        .rows
        .iter_mut()
        .map(|row| {
            // Who is to be made has an id from now on, whoever carries it out.
            let subject = row.subject.or_else(|| (row.outcome == Outcome::Create).then(Uuid::now_v7));
            Planned { ordinal: row.ordinal, number: row.number, outcome: row.outcome, subject }
        })
        .collect();
    store::insert_plan(tx, import.id, &plan).await?;
    keep_conflicts(tx, &import, &decisions.rows).await?;
    for row in decisions.rows.iter().filter(|row| import.dry_run || !row.outcome.is_work()) {
        import.counts.add(row.outcome);
    }
    import.planned_to = last;
    if import.dry_run {
        store::delete_rows(tx, import.id, last).await?;
    }
    if Some(import.planned_to) == import.rows_total && import.dry_run {
        return finish(tx, import).await;
    }
    store::save_progress(tx, &import).await?;
    Ok(Step::Planned(rows.len()))
}

/// Two rows about the same member or unit, found by different columns: the first one stands. Whoever is told by their name
/// alone is nobody's where another row means them too: which of the rows is theirs, nobody knows.
async fn refuse_repeated(tx: &Tx, import: &mut Import, decisions: &mut Decisions) -> Result<(), Problem> {
    let subjects: Vec<Uuid> = decisions.rows.iter().filter_map(|row| row.subject).collect();
    let before = store::rows_about(tx, import.id, &subjects).await?;
    let mut claims: HashMap<Uuid, usize> = before.iter().map(|(subject, rows)| (*subject, rows.len())).collect();
    for subject in &subjects {
        let count = claims.entry(*subject).or_default();
        *count = count.saturating_add(1);
    }
    let is_contested = |subject: Uuid| claims.get(&subject).is_some_and(|count| *count > 1);
    let ambiguous = RowFault::new(import.headers.name_of(Column::Name), FaultCode::Ambiguous);
    let stands = |row: &&Planned| !matches!(row.outcome, Outcome::Refuse | Outcome::Adopt);
    let standing = before.iter().filter_map(|(subject, rows)| Some((*subject, rows.iter().find(stands)?.number)));
    let mut first: HashMap<Uuid, i32> = standing.collect();
    for row in decisions.rows.iter_mut().filter(|row| row.outcome != Outcome::Refuse) {
        let Some(subject) = row.subject else { continue };
        if row.outcome == Outcome::Adopt {
            if is_contested(subject) {
                // The subject stays, for rows to come that mean the same.
                row.outcome = Outcome::Refuse;
                row.faults.push(ambiguous.clone());
            }
        } else if let Some(number) = first.get(&subject) {
            row.faults.push(RowFault::new(None, FaultCode::SameAsRow).with("row", number));
            row.outcome = Outcome::Refuse;
            row.subject = None;
        } else {
            first.insert(subject, row.number);
        }
    }
    let adopted = before.into_values().flatten().filter(|row| row.outcome == Outcome::Adopt);
    let refused: Vec<Planned> = adopted.map(|row| Planned { outcome: Outcome::Refuse, ..row }).collect();
    for _row in &refused {
        if import.dry_run {
            import.counts.take_back(Outcome::Adopt);
        }
        import.counts.add(Outcome::Refuse);
    }
    store::replace_plan(tx, import.id, &refused).await?;
    let conflicts: Vec<(i32, &RowFault)> = refused.iter().map(|row| (row.number, &ambiguous)).collect();
    store::insert_conflicts(tx, import.id, &conflicts).await
}

async fn keep_conflicts(tx: &Tx, import: &Import, rows: &[Decided]) -> Result<(), Problem> {
    let refused = rows.iter().filter(|row| row.outcome == Outcome::Refuse);
    let conflicts: Vec<(i32, &RowFault)> =
        refused.flat_map(|row| row.faults.iter().map(|fault| (row.number, fault))).collect();
    store::insert_conflicts(tx, import.id, &conflicts).await
}

/// Carries the next rows out, as planned. Each is compared with what is there once more: when somebody else has come before,
/// the row is left out, and says so.
async fn apply(app: &App, tx: &Tx, mut import: Import, reach: &Reach) -> Result<Step, Problem> {
    let mut rows = store::rows_after(tx, &app.vault, import.id, import.applied_to, BATCH).await?;
    let Some(last) = rows.last().map(|row| row.ordinal) else { return finish(tx, import).await };
    let plan = store::plan_between(tx, import.id, import.applied_to, last).await?;
    rows.retain(|row| plan.get(&row.ordinal).is_some_and(|planned| planned.outcome.is_work()));
    let count = rows.len();
    if count > 0 {
        let mut decisions = decide(app, tx, &import, reach, &rows, Some(&plan)).await?;
        refuse_changed(tx, &import, &plan, &mut decisions).await?;
        members::write(tx, &app.vault, &decisions.members).await?;
        units::write(tx, &decisions.units).await?;
        keep_conflicts(tx, &import, &decisions.rows).await?;
        decisions.rows.iter().for_each(|row| import.counts.add(row.outcome));
        let subjects = |outcomes: &[Outcome]| -> Vec<Uuid> {
            decisions.rows.iter().filter(|row| outcomes.contains(&row.outcome)).filter_map(|row| row.subject).collect()
        };
        let (created, changed) = (subjects(&[Outcome::Create]), subjects(&[Outcome::Change, Outcome::Adopt]));
        let after = serde_json::json!({
            "after_row": import.applied_to, "up_to_row": last, "created": created.len(), "changed": changed.len(),
            "created_ids": created, "changed_ids": changed,
        });
        audit::record(tx, "apply_import", actions::subject(&import), None, Some(after)).await?;
        tx.after_commit(Effect::ForgetCallers);
        tx.after_commit(Effect::ForgetPages);
    }
    store::delete_rows(tx, import.id, last).await?;
    import.applied_to = last;
    if Some(last) == import.rows_total {
        return finish(tx, import).await;
    }
    store::save_progress(tx, &import).await?;
    Ok(Step::Applied(count))
}

/// What was planned otherwise than it turns out now is left out: somebody else has come before, and nobody has seen this
/// outcome. Only what is as the row says by now needs nothing. The plan learns of it, for the rows that stand below.
async fn refuse_changed(
    tx: &Tx,
    import: &Import,
    plan: &HashMap<i32, Planned>,
    decisions: &mut Decisions,
) -> Result<(), Problem> {
    let mut differing = Vec::new();
    for (place, row) in decisions.rows.iter_mut().enumerate() {
        let as_planned = plan
            .get(&row.ordinal)
            .is_some_and(|planned| (planned.outcome, planned.subject) == (row.outcome, row.subject));
        if as_planned {
            continue;
        }
        if row.outcome != Outcome::Keep {
            row.outcome = Outcome::Refuse;
            row.subject = None;
            row.faults.insert(0, RowFault::new(None, FaultCode::ChangedMeanwhile));
            // Rows that are carried out are sound, each has its decision at its own place.
            if let Some(member) = decisions.members.get_mut(place) {
                member.outcome = Outcome::Refuse;
            }
        }
        let Decided { ordinal, number, outcome, subject, .. } = *row;
        differing.push(Planned { ordinal, number, outcome, subject });
    }
    Ok(store::replace_plan(tx, import.id, &differing).await?)
}

/// Ends it. When rows have got lost it has failed: nobody is told that all is done.
async fn finish(tx: &Tx, import: Import) -> Result<Step, Problem> {
    let failure = (!import.is_complete()).then_some(FaultCode::Unexpected);
    actions::end(tx, import, failure).await?;
    Ok(Step::Ended)
}
