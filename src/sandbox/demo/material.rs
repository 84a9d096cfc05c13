//! What the demo data is made of: facts from the provincial press, and prose, names and notes written for it.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use crate::{
    entity::{activity, campaign, work},
    kit::values::Quantity,
};

/// Everything that was written down. Deserialised from the files beside this one.
#[derive(Debug)]
pub struct Material {
    /// The organisation, its campaigns and works.
    pub facts: Facts,
    /// Articles, newest first.
    pub activities: Vec<Article>,
    /// Parts of names.
    pub names: Names,
    /// What people write.
    pub notes: Notes,
}

/// `lam_dong.json`
#[derive(Debug, Deserialize)]
pub struct Facts {
    pub units: Vec<UnitFacts>,
    pub clusters: Vec<ClusterFacts>,
    pub campaigns: Vec<CampaignFacts>,
    pub works: Vec<WorkFacts>,
}

#[derive(Debug, Deserialize)]
pub struct UnitFacts {
    pub key: String,
    pub name: String,
    pub kind: String,
    pub parent: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct ClusterFacts {
    pub key: String,
    pub name: String,
    pub year: i32,
    pub head: String,
    pub previous_head: String,
    pub units: Vec<String>,
    pub motto: String,
    pub signed_on: NaiveDate,
}

#[derive(Debug, Deserialize)]
pub struct CampaignFacts {
    pub key: String,
    pub kind: campaign::Kind,
    pub title: String,
    pub slogan: Option<String>,
    pub launched_by: String,
    pub launched_on: Option<NaiveDate>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub cluster: Option<String>,
    #[serde(default)]
    pub audience_kinds: Vec<String>,
    #[serde(default)]
    pub contents: Vec<String>,
    #[serde(default)]
    pub phases: Vec<PhaseFacts>,
    #[serde(default)]
    pub targets: Vec<TargetFacts>,
    #[serde(default)]
    pub criteria: Vec<String>,
    #[serde(default)]
    pub milestones: Vec<MilestoneFacts>,
}

#[derive(Debug, Deserialize)]
pub struct PhaseFacts {
    pub name: String,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub focus: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct TargetFacts {
    pub name: String,
    pub unit_of_measure: String,
    pub goal: Option<i64>,
}

impl CampaignFacts {
    /// The day from which units and members pledge: it may be later than the first day that counts.
    pub fn launched_on(&self) -> NaiveDate {
        self.launched_on.unwrap_or(self.starts_on)
    }
}

/// A day of every year, `MM-DD`, in one calendar or the other.
#[derive(Debug, Deserialize)]
pub struct MilestoneFacts {
    pub name: String,
    pub on: Option<String>,
    pub on_lunar: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct WorkFacts {
    pub campaign: String,
    pub unit: String,
    pub kind: work::WorkKind,
    pub title: String,
    pub note: Option<String>,
    pub place: Option<String>,
    pub goal: Option<Quantity>,
    pub achieved: Option<Quantity>,
    pub unit_of_measure: Option<String>,
}

/// `activities.json`
#[derive(Debug, Deserialize)]
pub struct Article {
    pub key: String,
    pub kind: activity::ActivityKind,
    pub title: String,
    pub summary: String,
    pub body_markdown: String,
    pub unit: String,
    pub campaign: Option<String>,
    pub tags: Vec<String>,
    pub published_at: DateTime<Utc>,
    pub pinned: bool,
}

/// `names.json`
#[derive(Debug, Deserialize)]
pub struct Names {
    pub family: Vec<String>,
    pub middle: Vec<String>,
    /// The first half are women's, the second men's.
    pub given: Vec<String>,
}

/// `notes.json`
#[derive(Debug, Deserialize)]
pub struct Notes {
    pub checkin_notes: Vec<Note>,
    pub pledge_statements: Vec<Statement>,
    pub return_reasons: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Note {
    pub topic: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
pub struct Statement {
    pub topic: String,
    /// `unit` or `member`
    pub by: String,
    pub text: String,
}

impl Material {
    /// Reads it.
    pub fn read() -> anyhow::Result<Self> {
        Ok(Self {
            facts: serde_json::from_str(include_str!("lam_dong.json")).context("lam_dong.json")?,
            activities: serde_json::from_str(include_str!("activities.json")).context("activities.json")?,
            names: serde_json::from_str(include_str!("names.json")).context("names.json")?,
            notes: serde_json::from_str(include_str!("notes.json")).context("notes.json")?,
        })
    }

    /// The unit right above each.
    pub fn parents(&self) -> HashMap<&str, &str> {
        let units = self.facts.units.iter();
        units.filter_map(|unit| Some((unit.key.as_str(), unit.parent.as_deref()?))).collect()
    }
}

impl Notes {
    /// What people write of their doings, on this topic.
    pub fn of(&self, topic: &str) -> Vec<&str> {
        self.checkin_notes.iter().filter(|note| note.topic == topic).map(|note| note.text.as_str()).collect()
    }

    /// What is pledged on this topic by units or by members.
    pub fn statements(&self, topic: &str, by: &str) -> Vec<&str> {
        let statements = self.pledge_statements.iter();
        let fitting = statements.filter(|statement| statement.topic == topic && statement.by == by);
        fitting.map(|statement| statement.text.as_str()).collect()
    }
}
