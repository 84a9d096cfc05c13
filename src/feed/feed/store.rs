//! Which activities are whose: all SQL of the feed.

use chrono::NaiveDate;
use sea_orm::{ColumnTrait as _, Condition};

use crate::{
    entity::activity::Column,
    kit::values::{CampaignId, UnitId},
    organisation::units::{above, below, resting_under},
};

/// By these units, by one above or below them on `day`, or of one of these campaigns.
pub fn part_for(units: &[UnitId], campaigns: &[CampaignId], day: NaiveDate) -> Condition {
    let mut part = Condition::any().add(Column::CampaignId.is_in(campaigns.iter().copied()));
    if !units.is_empty() {
        part =
            part.add(Column::UnitId.in_subquery(above(units, day))).add(Column::UnitId.in_subquery(below(units, day)));
        // Of those above, also what was merged into them.
        part = part.add(Column::UnitId.in_subquery(resting_under(units, day)));
    }
    part
}
