//! What people usually pledge and report for a target at once: the median of a bounded sample, kept with the target, so that a
//! check-in far beyond it is told without a look at anything else. It is found when a pledge is signed, at most once a minute
//! once there are enough people, and again every hour (`relay::housekeeping`).

mod store;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Pledge;
use crate::{
    campaigns::campaigns::{self, Campaign, Target, TargetKind},
    db::Tx,
    kit::{
        problems::Problem,
        values::{CampaignId, Quantity, TargetId, clock::earlier},
    },
};

pub use store::outdated;

/// A median of fewer others says nothing.
const LEAST_OTHERS: usize = 3;
/// How many of the latest signed pledges of the campaign, and of the latest verified check-ins of the target, are looked at.
const SAMPLE: u64 = 500;
/// How long a median serves while people sign.
const SERVES: TimeDelta = TimeDelta::minutes(1);

/// What a sample of people have pledged and reported for a target: each by the largest amount.
#[derive(Debug, Default)]
struct Sample {
    pledged: HashMap<Uuid, Quantity>,
    reported: HashMap<Uuid, Quantity>,
}

impl Sample {
    /// The lower median. None while it would stand for no more than one person and fewer others than are needed.
    fn usual(&self) -> Option<Quantity> {
        let people: HashSet<_> = self.pledged.keys().chain(self.reported.keys()).collect();
        if people.len() <= LEAST_OTHERS {
            return None;
        }
        let mut amounts: Vec<_> = self.pledged.values().chain(self.reported.values()).copied().collect();
        amounts.sort_unstable();
        amounts.get(amounts.len().saturating_sub(1) / 2).copied()
    }
}

fn keep_largest(amounts: &mut HashMap<Uuid, Quantity>, whose: Uuid, amount: Quantity) {
    let largest = amounts.entry(whose).or_default();
    *largest = amount.max(*largest);
}

/// Looks at what is usual for the targets of a pledge that was just signed, where that is not known or some time ago. The last
/// thing that a change does: others who look at the same targets wait.
pub async fn look_for(tx: &Tx, campaign: &Campaign, pledge: &Pledge) -> Result<(), Problem> {
    let promised: HashSet<TargetId> = pledge.commitments.iter().filter_map(|one| one.target_id).collect();
    let is_due = |target: &&Target| {
        let found_at = target.usual.found_at.filter(|_| target.usual.quantity.is_some());
        promised.contains(&target.id) && found_at.is_none_or(|found_at| found_at <= earlier(tx.now(), SERVES))
    };
    look_at(tx, campaign, campaign.targets.iter().filter(is_due).collect()).await
}

/// Looks again at the targets of a campaign for which that was done before then.
pub async fn look_again(tx: &Tx, campaign: CampaignId, before: DateTime<Utc>) -> Result<(), Problem> {
    let campaign = campaigns::find_held(tx, campaign).await?;
    let is_due = |target: &&Target| {
        target.kind == TargetKind::Quantity && target.usual.found_at.is_none_or(|found_at| found_at < before)
    };
    look_at(tx, &campaign, campaign.targets.iter().filter(is_due).collect()).await
}

/// In the order of their ids, as every change of several targets.
async fn look_at(tx: &Tx, campaign: &Campaign, mut targets: Vec<&Target>) -> Result<(), Problem> {
    targets.sort_by_key(|target| target.id);
    let ids: Vec<TargetId> = targets.iter().map(|target| target.id).collect();
    let mut samples: HashMap<TargetId, Sample> = HashMap::new();
    for (target, whose, amount) in store::pledged(tx, campaign.id, &ids).await? {
        keep_largest(&mut samples.entry(target).or_default().pledged, whose, amount);
    }
    for target in ids {
        let mut sample = samples.remove(&target).unwrap_or_default();
        for (whose, amount) in store::verified(tx, target).await? {
            keep_largest(&mut sample.reported, whose, amount);
        }
        store::keep(tx, target, sample.usual()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(pledged: &[i64], reported: &[i64]) -> Sample {
        let of = |units: &[i64]| {
            let people = (1..).map(Uuid::from_u128);
            people.zip(units.iter().map(|units| Quantity::whole(*units))).collect()
        };
        Sample { pledged: of(pledged), reported: of(reported) }
    }

    #[test]
    fn one_person_among_four_does_not_move_the_median() {
        let largest = 999_999_999_999;

        assert_eq!(sample(&[10, 10, 10, largest], &[]).usual(), Some(Quantity::whole(10)));
        assert_eq!(sample(&[largest, 10, 10, 10], &[largest]).usual(), Some(Quantity::whole(10)));
        assert_eq!(sample(&[10, 12, 14, 16], &[1, 1, 1, 1]).usual(), Some(Quantity::whole(1)));
    }

    #[test]
    fn a_median_of_too_few_others_says_nothing() {
        assert_eq!(sample(&[10, 10, 10], &[5, 5, 5]).usual(), None);
        assert_eq!(sample(&[], &[]).usual(), None);
    }

    #[test]
    fn each_counts_once_by_the_largest_amount() {
        let mut amounts = HashMap::new();
        for units in [3, 7, 5] {
            keep_largest(&mut amounts, Uuid::nil(), Quantity::whole(units));
        }

        assert_eq!(amounts.into_values().collect::<Vec<_>>(), [Quantity::whole(7)]);
    }
}
