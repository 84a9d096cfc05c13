//! The tree as it is kept: lives in `unit_version`, and who stands above whom in `unit_closure`, always written together.

mod store;

use chrono::NaiveDate;
pub use store::{
    children_since, insert_unit, lock_tree, obstacle, obstacle_in, save_timeline, set_successor, spans, timeline,
    timelines,
};

use super::closure::{Cycle, Line};
use crate::{
    db::Tx,
    kit::{
        problems::{Code, Problem},
        values::UnitId,
    },
};

impl From<Cycle> for Problem {
    fn from(cycle: Cycle) -> Self {
        Self::new(Code::UnitCycle).with("unit", cycle.0)
    }
}

/// Brings the closure of these units and of all that stand or will stand below them up to what their lives say, from
/// `since` on. What held before that day is not touched. Whoever calls this has the tree locked (`lock_tree`).
pub async fn rebuild_closure(tx: &Tx, changed: &[UnitId], since: NaiveDate) -> Result<(), Problem> {
    let affected = store::with_all_below(tx, changed, since).await?;
    let lives = store::lives_above(tx, &affected, since).await?;
    let mut wanted = Vec::new();
    for unit in &affected {
        wanted.extend(lives.lines(*unit, since)?);
    }
    let kept = store::lines_since(tx, &affected, since).await?;
    Ok(store::write(tx, &Difference::between(&kept, wanted, since), since).await?)
}

/// What must be written so that the lines kept become the lines wanted.
#[derive(Debug, Default)]
pub struct Difference {
    /// Lines that end on another day than they are kept with: the line as it is kept, and that day.
    pub ends: Vec<(Line, NaiveDate)>,
    /// Lines that never come to be.
    pub gone: Vec<Line>,
    /// Lines that are not kept yet.
    pub new: Vec<Line>,
}

impl Difference {
    /// `kept` are all lines of some units that reach beyond `since`, `wanted` all that should hold from that day on.
    pub fn between(kept: &[Line], wanted: Vec<Line>, since: NaiveDate) -> Self {
        let key = |line: &Line| (line.ancestor, line.descendant, line.depth, line.from.max(since));
        let mut wanted: std::collections::BTreeMap<_, _> = wanted.into_iter().map(|line| (key(&line), line)).collect();
        let mut difference = Self::default();
        for line in kept {
            match wanted.remove(&key(line)) {
                Some(same) if same.to == line.to => {}
                Some(other) => difference.ends.push((*line, other.to)),
                None if line.from < since => difference.ends.push((*line, since)),
                None => difference.gone.push(*line),
            }
        }
        difference.new = wanted.into_values().collect();
        difference
    }
}
