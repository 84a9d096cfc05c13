//! Figures for Prometheus, in its text format. Label values come from closed sets only.

use std::{sync::OnceLock, time::Duration};

use actix_web::http::Method;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
const SECONDS: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Starts to count; once a process, however often it is called.
pub fn install() {
    RECORDER.get_or_init(|| {
        let matcher = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(matcher, SECONDS).ok()?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok().map(|()| handle)
    });
}

/// All figures as text; empty before `install`.
pub fn render() -> String {
    RECORDER.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds what was observed into the histograms, so that memory stays bounded between two scrapes.
pub fn tidy() {
    if let Some(Some(handle)) = RECORDER.get() {
        handle.run_upkeep();
    }
}

/// One answered request.
pub fn count_request(method: &Method, route: &str, status: u16, duration: Duration) {
    let labels = [
        ("method", method_label(method).to_owned()),
        ("route", route.to_owned()),
        ("status", status_label(status).to_owned()),
    ];
    metrics::histogram!("http_request_duration_seconds", &labels).record(duration.as_secs_f64());
}

/// A client makes up what verbs it likes; each would be a series of its own.
fn method_label(method: &Method) -> &str {
    const KNOWN: [Method; 7] =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if KNOWN.contains(method) { method.as_str() } else { "other" }
}

/// A background job has ended a step well at this moment, in seconds since 1970.
pub fn note_job_step(job: &'static str, moment: i64) {
    let moment = f64::from(u32::try_from(moment).unwrap_or_default());
    metrics::gauge!("thidua_job_last_step_timestamp_seconds", "job" => job).set(moment);
}

/// Whether a background job has stalled.
pub fn note_job_stalled(job: &'static str, is_stalled: bool) {
    metrics::gauge!("thidua_job_stalled", "job" => job).set(f64::from(u8::from(is_stalled)));
}

/// A step of a background job panicked.
pub fn count_job_panic(job: &'static str) {
    metrics::counter!("thidua_job_panics_total", "job" => job).increment(1);
}

/// A step of a background job failed.
pub fn count_job_error(job: &'static str) {
    metrics::counter!("thidua_job_errors_total", "job" => job).increment(1);
}

/// A figure about the database, which every process gives alike and no process keeps: as text, like the others.
pub fn render_gauge(name: &str, value: u64) -> String {
    format!("# TYPE {name} gauge\n{name} {value}\n\n")
}

/// The same for one that has a value for each label of a closed set.
pub fn render_gauges(name: &str, label: &str, values: &[(&'static str, u64)]) -> String {
    let lines: String =
        values.iter().map(|(value, figure)| format!("{name}{{{label}=\"{value}\"}} {figure}\n")).collect();
    format!("# TYPE {name} gauge\n{lines}\n")
}

const fn status_label(status: u16) -> &'static str {
    match status {
        200..300 => "2xx",
        300..400 => "3xx",
        401 => "401",
        403 => "403",
        404 => "404",
        409 => "409",
        412 => "412",
        422 => "422",
        429 => "429",
        400..500 => "4xx",
        _ => "5xx",
    }
}
