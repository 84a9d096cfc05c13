//! Clusters on the wire.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Cluster, Stay};
use crate::kit::values::{ClusterId, UnitId, clock::NO_END, patch::given};

/// A cluster to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCluster {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<ClusterId>,
    /// Its name.
    #[schema(min_length = 1, max_length = 300, examples("Cụm thi đua số 1"))]
    pub name: String,
    /// The year it competes in.
    #[schema(minimum = 1945, maximum = 2200, examples(2026))]
    pub year: i32,
    /// What it competes under.
    #[schema(min_length = 1, max_length = 500, examples("Đoàn kết, sáng tạo, vượt kế hoạch"))]
    pub motto: Option<String>,
    /// The units in it, for the whole year or as long as they are there.
    #[schema(min_items = 1, max_items = 500)]
    pub unit_ids: Vec<UnitId>,
    /// Which of them heads it.
    pub head_unit_id: Option<UnitId>,
    /// Which of them holds the rotating flag.
    pub flag_unit_id: Option<UnitId>,
    /// When its joint pledge was signed.
    #[schema(examples("2026-02-03"))]
    pub signed_on: Option<NaiveDate>,
}

/// What is to change of a cluster.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"flag_unit_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e", "on": "2026-07-01"}))]
pub struct ClusterPatch {
    /// Its name.
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub name: Option<String>,
    /// What it competes under; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub motto: Option<Option<String>>,
    /// When its joint pledge was signed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    pub signed_on: Option<Option<NaiveDate>>,
    /// The units in it from `on` on, all of them.
    #[schema(nullable = false, min_items = 1, max_items = 500)]
    pub unit_ids: Option<Vec<UnitId>>,
    /// Which of them heads it from `on` on; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<UnitId>)]
    pub head_unit_id: Option<Option<UnitId>>,
    /// To which of them the rotating flag is passed on `on`; null: to none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<UnitId>)]
    pub flag_unit_id: Option<Option<UnitId>>,
    /// From which day of the cluster's year units, head and flag are so; absent: from today. A head or a handover of the flag
    /// that is entered late holds until the next one that is known. A day that is past takes an admin.
    #[schema(nullable = false)]
    pub on: Option<NaiveDate>,
}

/// An emulation cluster.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterView {
    /// Its id.
    pub id: ClusterId,
    /// Its name.
    #[schema(examples("Cụm thi đua số 1"))]
    pub name: String,
    /// The year it competes in.
    #[schema(examples(2026))]
    pub year: i32,
    /// What it competes under.
    #[schema(examples("Đoàn kết, sáng tạo, vượt kế hoạch"))]
    pub motto: Option<String>,
    /// When its joint pledge was signed.
    pub signed_on: Option<NaiveDate>,
    /// The units in it today; before and after its year, on the nearest day of it.
    pub unit_ids: Vec<UnitId>,
    /// Which of them heads it, likewise.
    pub head_unit_id: Option<UnitId>,
    /// Who was in it, and when.
    pub units: Vec<ClusterPlace>,
    /// Who headed it, and when.
    pub heads: Vec<ClusterPlace>,
    /// Who held the rotating flag, and when.
    pub flag_holdings: Vec<ClusterPlace>,
}

/// A unit's time in a cluster, at its head, or with its flag.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterPlace {
    /// Which unit.
    pub unit_id: UnitId,
    /// What it was called at the end of that time, or is called today.
    #[schema(examples("Đảng bộ UBND tỉnh Lâm Đồng"))]
    pub name: String,
    /// From which day.
    pub from: NaiveDate,
    /// Until which day (not included); null: no end is known.
    pub to: Option<NaiveDate>,
}

impl ClusterView {
    /// A cluster as it is on `today`, with what units are called.
    pub fn new(cluster: Cluster, today: NaiveDate, names: &HashMap<UnitId, String>) -> Self {
        let day = cluster.day_near(today);
        let places = |mut stays: Vec<Stay>| -> Vec<ClusterPlace> {
            stays.sort_by_key(|stay| (stay.from, stay.unit_id));
            let place = |stay: Stay| ClusterPlace {
                unit_id: stay.unit_id,
                name: names.get(&stay.unit_id).cloned().unwrap_or_default(),
                from: stay.from,
                to: (stay.to != NO_END).then_some(stay.to),
            };
            stays.into_iter().map(place).collect()
        };
        Self {
            id: cluster.id,
            year: cluster.year,
            unit_ids: cluster.units_on(day),
            head_unit_id: cluster.head_on(day),
            name: cluster.name,
            motto: cluster.motto,
            signed_on: cluster.signed_on,
            units: places(cluster.units),
            heads: places(cluster.heads),
            flag_holdings: places(cluster.flags),
        }
    }
}

/// Which clusters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClusterFilter {
    /// Only those of this year.
    #[param(minimum = 1945, maximum = 2200)]
    pub year: Option<i32>,
    /// Only those that this very unit is or was in.
    pub unit_id: Option<UnitId>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
