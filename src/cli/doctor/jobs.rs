//! How the background jobs of a running server do, by its figures.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use super::Findings;
use crate::{
    cli::listeners::figures_url,
    config::Config,
    relay::{replicas, worker},
};

const PATIENCE: Duration = Duration::from_secs(2);

/// How a job has done since its process started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Report {
    last_step: Option<DateTime<Utc>>,
    failures: u64,
    is_stalled: bool,
}

/// Says of each job when it last ended a step well, and how often it has failed.
pub async fn check_jobs(config: &Config, now: DateTime<Utc>, findings: &mut Findings) {
    let url = figures_url(&config.server);
    let Some(figures) = figures_at(&url).await else {
        findings.note(format_args!("no figures at {url}: what its jobs last did is known where a server runs"));
        return;
    };
    let reports = reports(&figures);
    for name in worker::jobs().iter().chain(&replicas::jobs()).map(|job| job.name()) {
        let Some(report) = reports.get(name) else { continue };
        let words = format!("job {name}: {}", in_words(report, now));
        if report.is_stalled {
            findings
                .wrong(words, "It has not ended a step for a minute. The log says why: search it for `job_stalled`.");
        } else {
            findings.well(words);
        }
    }
}

async fn figures_at(url: &str) -> Option<String> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build().ok()?;
    let answer = client.get(url).send().await.ok()?.error_for_status().ok()?;
    answer.text().await.ok()
}

fn in_words(report: &Report, now: DateTime<Utc>) -> String {
    let ago = report.last_step.map(|moment| now.signed_duration_since(moment).max(TimeDelta::zero()).num_seconds());
    let last = ago.map_or_else(|| "no step yet".to_owned(), |seconds| format!("last step {seconds} s ago"));
    format!("{last}, failures since the start: {}", report.failures)
}

/// Reads the figures of jobs (Prometheus text format 0.0.4).
fn reports(figures: &str) -> BTreeMap<&str, Report> {
    let mut reports = BTreeMap::<&str, Report>::new();
    for line in figures.lines() {
        let Some((name, rest)) = line.split_once("{job=\"") else { continue };
        let Some((job, value)) = rest.split_once("\"} ") else { continue };
        let Ok(value) = value.trim().parse::<f64>() else { continue };
        // Counts and moments are whole and far below what a float can hold.
        let whole = format!("{value:.0}").parse::<i64>().unwrap_or_default();
        let report = reports.entry(job).or_default();
        match name {
            "thidua_job_last_step_timestamp_seconds" => report.last_step = DateTime::from_timestamp(whole, 0),
            "thidua_job_errors_total" | "thidua_job_panics_total" => {
                report.failures = report.failures.saturating_add(u64::try_from(whole).unwrap_or_default());
            }
            "thidua_job_stalled" => report.is_stalled = whole == 1,
            _ => {}
        }
    }
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_reported_with_its_last_step_and_all_its_failures() {
        let figures = "# TYPE thidua_job_stalled gauge\nthidua_job_stalled{job=\"hooks\"} 1\n\
            thidua_job_last_step_timestamp_seconds{job=\"numbering\"} 1796025600\n\
            thidua_job_errors_total{job=\"numbering\"} 2\nthidua_job_panics_total{job=\"numbering\"} 1\nother 3\n";

        let reports = reports(figures);

        let now = DateTime::from_timestamp(1_796_025_603, 0).unwrap();
        assert!(reports["hooks"].is_stalled && !reports["numbering"].is_stalled);
        assert_eq!(in_words(&reports["numbering"], now), "last step 3 s ago, failures since the start: 3");
        assert_eq!(in_words(&reports["hooks"], now), "no step yet, failures since the start: 0");
    }
}
