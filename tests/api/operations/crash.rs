//! A server that is killed while people check in keeps every check-in that it acknowledged.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::Utc;
use futures_util::future::try_join_all;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use super::command::{Place, Running, client, complaint, out};
use crate::harness::{Campaign, Pledge, text};

/// How many send at once.
const SENDERS: usize = 8;
/// How many acknowledgements the server lives to give.
const ENOUGH: u32 = 150;
/// How many check-ins a sender has at most: all of them together stay under a member's limit of requests.
const MOST: usize = 60;
const PATIENCE: Duration = Duration::from_secs(120);

#[actix_web::test]
async fn killing_the_server_under_a_stream_of_checkins_loses_none_that_was_acknowledged() {
    let place = Place::migrated().await;
    let added = place.run(&["staff", "add", "root", "--role", "admin"]);
    assert!(added.status.success(), "{}", complaint(&added));
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    let admin = Admin::of(&place, &server);
    let (campaign, pledge) = admin.pledge().await;

    let Stream { acknowledged, unanswered } = admin.check_in_until_killed(&pledge, server).await;
    let again = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    let admin = Admin::of(&place, &again);

    let kept = admin.list(&pledge).await;
    let missing: Vec<_> = ids(&acknowledged).difference(&kept).copied().collect();
    assert!(missing.is_empty(), "{} of {} are lost: {missing:?}", missing.len(), acknowledged.len());
    let sent = ids(acknowledged.iter().chain(&unanswered));
    assert!(kept.is_subset(&sent), "nobody sent {:?}", kept.difference(&sent));
    for checkin in &acknowledged {
        let found = admin.get(&format!("/v1/checkins/{}", text(&checkin["id"]))).await;
        assert_eq!(found["quantity"], checkin["quantity"]);
    }
    assert_eq!(admin.reported(&campaign).await, kept.len());
    figures_are_recounted(&place);

    for checkin in &acknowledged {
        assert_eq!(admin.check_in(&pledge, checkin).await.unwrap().status(), StatusCode::OK);
    }
    for checkin in &unanswered {
        let was_kept = kept.contains(&id(checkin));
        let expected = if was_kept { StatusCode::OK } else { StatusCode::CREATED };
        assert_eq!(admin.check_in(&pledge, checkin).await.unwrap().status(), expected);
    }
    assert_eq!(admin.list(&pledge).await, sent);
    assert_eq!(admin.reported(&campaign).await, sent.len());
    figures_are_recounted(&place);
}

/// What was sent to a server until it was killed.
struct Stream {
    acknowledged: Vec<Value>,
    /// Those that were under way: the server may have kept them or not.
    unanswered: Vec<Value>,
}

/// The admin, at one running server.
#[derive(Clone)]
pub struct Admin {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Admin {
    pub fn of(place: &Place, server: &Running) -> Self {
        let mut command = place.command(&["token", "--staff", "root"]);
        let made = command.env("THIDUA_SERVER__PUBLIC_URL", &server.url).output().unwrap();
        assert!(made.status.success(), "{}", complaint(&made));
        Self { client: client(), url: server.url.clone(), token: out(&made).trim().to_owned() }
    }

    /// The same at a server that has taken the other one's place, with the token that is good at both.
    pub fn on_new_connections(&self) -> Self {
        Self { client: client(), ..self.clone() }
    }

    /// A signed pledge of a unit that the admin manages too, and its campaign, which counts any day.
    pub async fn pledge(&self) -> (Campaign, Pledge) {
        let unit = json!({"name": "Chi bộ Trường Chính trị", "kind": "party_cell", "valid_from": "2020-01-01"});
        let unit = self.post("/v1/units", unit).await["id"].clone();
        let me = self.get("/v1/me").await["id"].clone();
        self.post("/v1/role-grants", json!({"member_id": me, "role": "unit_manager", "unit_id": unit})).await;
        let campaign = json!({
            "kind": "thematic", "title": "Trồng cây xanh", "starts_on": "2020-01-01", "ends_on": "2099-12-31",
            "launched_by_unit_id": unit,
            "targets": [{"name": "Cây xanh trồng mới", "unit_of_measure": "cây", "goal": 1000}],
        });
        let made = self.post("/v1/campaigns", campaign).await;
        let campaign = Campaign { id: text(&made["id"]), target: text(&made["targets"][0]["id"]) };
        self.post(&format!("/v1/campaigns/{}/launch", campaign.id), json!({})).await;
        let pledge = json!({
            "pledger": {"kind": "unit", "id": unit}, "statement": "Trồng 1000 cây xanh",
            "commitments": [{"target_id": campaign.target, "title": "Trồng cây", "unit_of_measure": "cây",
                "quantity": 1000, "due_on": "2099-12-31", "cadence": "monthly"}],
        });
        let made = self.post(&format!("/v1/campaigns/{}/pledges", campaign.id), pledge).await;
        let pledge = Pledge { id: text(&made["id"]), commitment: text(&made["commitments"][0]["id"]) };
        self.post(&format!("/v1/pledges/{}/sign", pledge.id), json!({})).await;
        (campaign, pledge)
    }

    /// Many send check-ins at once; the server is killed, as by `kill -9`, when it has acknowledged enough of them.
    async fn check_in_until_killed(&self, pledge: &Pledge, server: Running) -> Stream {
        let taken = Arc::new(Semaphore::new(0));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (admin, pledge, taken) = (self.clone(), pledge.clone(), taken.clone());
                actix_web::rt::spawn(async move { admin.check_in_until_cut_off(&pledge, &taken).await })
            })
            .collect();

        let enough = timeout(PATIENCE, taken.acquire_many(ENOUGH)).await;
        // It goes by SIGKILL.
        drop(server);

        let streams = try_join_all(senders).await.unwrap();
        assert!(enough.is_ok(), "it was too slow");
        let mut all = Stream { acknowledged: Vec::new(), unanswered: Vec::new() };
        for mut stream in streams {
            all.acknowledged.append(&mut stream.acknowledged);
            all.unanswered.append(&mut stream.unanswered);
        }
        all
    }

    async fn check_in_until_cut_off(&self, pledge: &Pledge, taken: &Semaphore) -> Stream {
        let mut acknowledged = Vec::new();
        for _ in 0..MOST {
            let checkin = json!({"id": Uuid::now_v7(), "commitment_id": pledge.commitment, "quantity": 1,
                "occurred_at": Utc::now()});
            match self.check_in(pledge, &checkin).await {
                Ok(answer) => assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await.unwrap()),
                Err(_cut_off) => return Stream { acknowledged, unanswered: vec![checkin] },
            }
            acknowledged.push(checkin);
            taken.add_permits(1);
        }
        panic!("the server outlived the stream");
    }

    pub async fn check_in(&self, pledge: &Pledge, checkin: &Value) -> reqwest::Result<Response> {
        let url = format!("{}/v1/pledges/{}/checkins", self.url, pledge.id);
        self.client.post(url).bearer_auth(&self.token).timeout(PATIENCE).json(checkin).send().await
    }

    /// The ids of all check-ins of a pledge.
    pub async fn list(&self, pledge: &Pledge) -> BTreeSet<Uuid> {
        let first = format!("/v1/pledges/{}/checkins?limit=100", pledge.id);
        let (mut all, mut url) = (BTreeSet::new(), first.clone());
        loop {
            let page = self.get(&url).await;
            all.extend(ids(page["items"].as_array().unwrap()));
            match page["next_cursor"].as_str() {
                Some(cursor) => url = format!("{first}&cursor={cursor}"),
                None => return all,
            }
        }
    }

    /// What the campaign's progress says was reported.
    pub async fn reported(&self, campaign: &Campaign) -> usize {
        let progress = self.get(&format!("/v1/campaigns/{}/progress", campaign.id)).await;
        progress["targets"][0]["reported"].to_string().parse().unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask(self.client.get(format!("{}{path}", self.url))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(self.client.post(format!("{}{path}", self.url)).json(&body)).await
    }

    /// Sends, whatever is answered.
    pub async fn send(&self, path: &str, body: Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.timeout(PATIENCE).json(&body).send().await.unwrap()
    }

    /// An answer that is not JSON.
    pub async fn text(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).timeout(PATIENCE);
        request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    /// Sends a spreadsheet of members; gives where its progress is.
    pub async fn import(&self, file: &str) -> String {
        const BOUNDARY: &str = "--------crash";
        let field = |name: &str| format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        let (kind, content) = (field("kind"), field("file"));
        let body =
            format!("{kind}\r\n\r\nmembers\r\n{content}; filename=\"a.csv\"\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n");
        let request = self.client.post(format!("{}/v1/imports", self.url)).body(body);
        let import =
            self.ask(request.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"))).await;
        format!("/v1/imports/{}", text(&import["id"]))
    }

    async fn ask(&self, request: RequestBuilder) -> Value {
        let answer = request.bearer_auth(&self.token).timeout(PATIENCE).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {body}");
        serde_json::from_str(&body).unwrap()
    }
}

pub fn figures_are_recounted(place: &Place) {
    let verified = place.run(&["recount", "--verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", out(&verified), complaint(&verified));
}

pub fn ids<'a>(checkins: impl IntoIterator<Item = &'a Value>) -> BTreeSet<Uuid> {
    checkins.into_iter().map(id).collect()
}

pub fn id(checkin: &Value) -> Uuid {
    text(&checkin["id"]).parse().unwrap()
}
