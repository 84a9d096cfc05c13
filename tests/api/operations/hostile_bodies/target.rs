//! The server that hostile requests are sent to, and what is asked of its answers.

#![expect(clippy::print_stdout, reason = "what each request cost, for whoever asks by --nocapture")]

use std::process::Command;

use serde_json::Value;

use super::{
    super::command::{Place, Running, client, complaint, token_of},
    meter::{Cost, Meter},
    shapes::{Sent, json, query},
};

const MOST_MILLISECONDS: u128 = 100;
const MOST_MEMORY: u64 = 64 * 1024 * 1024;
const LONGEST_ANSWER: usize = 64 * 1024;
const MOST_FAULTS: usize = 100;
const LONGEST_POINTER: usize = 256;

/// A server of its own, with an admin, and what was found out about it.
pub struct Target {
    server: Running,
    client: reqwest::Client,
    token: String,
    meter: Meter,
    worst: Cost,
    longest: usize,
    failures: Vec<String>,
    _place: Place,
}

impl Target {
    pub async fn start() -> Self {
        let place = Place::migrated().await;
        let made = place.run_with(&["staff", "add", "root", "--role", "admin"], "mat khau rat dai");
        assert!(made.status.success(), "{}", complaint(&made));
        let server = Running::start(unlimited(&place));
        let token = token_of(&place, &server, "root");
        let (client, meter) = (client(), Meter::of(server.pid()));
        let (worst, longest, failures) = (Cost::default(), 0, Vec::new());
        let mut target = Self { server, client, token, meter, worst, longest, failures, _place: place };
        // What the first one pays for all is paid.
        for path in ["/v1/units", "/v1/activities", "/v1/me"] {
            target.send_all(vec![query("", path, "a=1"), json("", path, "{}")]).await;
        }
        target.failures.clear();
        target.meter = Meter::of(target.server.pid());
        target
    }

    /// Sends all, anonymous and signed in, and keeps what is wrong with an answer or its price.
    pub async fn send_all(&mut self, all: Vec<Sent>) {
        for sent in all {
            for is_anonymous in [true, false] {
                self.send(&sent, is_anonymous).await;
            }
        }
    }

    async fn send(&mut self, sent: &Sent, is_anonymous: bool) {
        let begun = self.meter.begin();
        let (status, body) = self.ask(sent, is_anonymous).await;
        let cost = self.meter.end(begun);
        self.worst = self.worst.max(cost);
        self.longest = self.longest.max(body.len());
        let who = if is_anonymous { "anonymous" } else { "signed in" };
        let (milliseconds, megabytes) = (cost.processor.as_millis(), cost.memory >> 20);
        println!("{milliseconds:>4} ms {megabytes:>3} MiB {:>6} B {status} {who:9} {}", body.len(), sent.name);
        let mut wrong = look_at(status, &body);
        if milliseconds > MOST_MILLISECONDS {
            wrong.push(format!("{milliseconds} ms of a processor"));
        }
        if cost.memory > MOST_MEMORY + u64::try_from(sent.size()).unwrap() {
            wrong.push(format!("{megabytes} MiB of memory"));
        }
        self.failures.extend(wrong.into_iter().map(|wrong| format!("{}, {who}, {status}: {wrong}", sent.name)));
    }

    async fn ask(&self, sent: &Sent, is_anonymous: bool) -> (u16, Vec<u8>) {
        let mut request = self.client.request(sent.method.clone(), format!("{}{}", self.server.url, sent.url));
        if !sent.kind.is_empty() {
            request = request.header("Content-Type", sent.kind).body(sent.body.clone());
        }
        if let Some((name, value)) = &sent.header {
            request = request.header(*name, value);
        }
        if !is_anonymous && sent.header.as_ref().is_none_or(|(name, _)| *name != "Authorization") {
            request = request.bearer_auth(&self.token);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", sent.name));
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap_or_else(|error| panic!("{}: {error:?}", sent.name));
        (status, body.to_vec())
    }

    /// Fails the test when anything was wrong.
    pub fn finish(self) {
        let Self { worst, longest, failures, .. } = &self;
        println!("worst: {:?}, {} MiB, {longest} B", worst.processor, worst.memory >> 20);
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

/// A server that nobody can call too often, and that gives memory back at once: what one request took is not there when the
/// next one is measured.
fn unlimited(place: &Place) -> Command {
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--no-relay"]);
    command.env("MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0");
    command.env("THIDUA_RATE_LIMIT__PER_ADDRESS", "1000000").env("THIDUA_RATE_LIMIT__PER_MEMBER", "1000000");
    command
}

/// What is wrong with an answer: it refuses, in few words, with a hundred faults at most and short pointers.
fn look_at(status: u16, body: &[u8]) -> Vec<String> {
    let mut wrong = Vec::new();
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = answer["items"].as_array();
    let is_refused =
        items.map_or((400..500).contains(&status), |items| items.iter().all(|item| item["outcome"] == "refused"));
    if !is_refused {
        wrong.push("no refusal".to_owned());
    }
    let problems: Vec<&Value> =
        items.map_or_else(|| vec![&answer], |items| items.iter().map(|item| &item["problem"]).collect());
    let faults: Vec<&Value> = problems.iter().filter_map(|problem| problem["errors"].as_array()).flatten().collect();
    let size: usize = faults.iter().map(|fault| fault.to_string().len()).sum();
    // Each refused item of a batch has the words of a problem besides.
    if size > LONGEST_ANSWER || (items.is_none() && body.len() > LONGEST_ANSWER) {
        wrong.push(format!("an answer of {} bytes", body.len()));
    }
    if faults.len() > MOST_FAULTS {
        wrong.push(format!("{} faults", faults.len()));
    }
    let places = faults.iter().filter_map(|fault| fault["pointer"].as_str().or(fault["parameter"].as_str()));
    wrong.extend(
        places.filter(|place| place.len() > LONGEST_POINTER).map(|place| format!("a pointer of {}", place.len())),
    );
    wrong
}
