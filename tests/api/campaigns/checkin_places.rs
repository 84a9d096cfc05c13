//! Who is told where a check-in was made, and what its author and its manager say to each other.

use serde_json::{Value, json};

use crate::harness::{Person, Pledge, TestApp, Unit, text};

struct Field {
    app: TestApp,
    unit: Unit,
    author: Person,
    manager: Person,
    pledge: Pledge,
}

impl Field {
    /// A unit's pledge, for which somebody checks in who agrees to having the place kept.
    async fn new() -> Self {
        let app = TestApp::start().await;
        let unit = app.unit("Chi bộ 1").await;
        let (author, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
        let pledge = app.unit_pledge(&manager, &unit, &app.campaign_of(&unit).await).await;
        app.agree(&author, "location").await;
        Self { app, unit, author, manager, pledge }
    }

    fn list(&self) -> String {
        format!("/v1/pledges/{}/checkins", self.pledge.id)
    }

    async fn check_in(&self) -> String {
        let mut body = self.app.new_checkin(&self.pledge, 1.0);
        body["location"] = json!({"lat": 11.940419, "lon": 108.458313, "accuracy_m": 15});
        body["note"] = json!("Trước nhà tôi");
        text(&self.app.post(self.list()).caller(&self.author).json(body).await.expect(201)["id"])
    }

    /// What the audit log says of looks at places, the latest first.
    async fn looks(&self) -> Vec<Value> {
        self.app.run_relay().await;
        let url = "/v1/audit-log?action=read_checkin_place";
        let page = self.app.get(url).caller(&self.app.admin).await.expect(200);
        page["items"].as_array().unwrap().clone()
    }
}

#[actix_web::test]
async fn a_colleague_sees_a_check_in_for_the_units_pledge_without_what_is_for_the_manager() {
    let f = Field::new().await;
    let id = f.check_in().await;
    let url = format!("/v1/checkins/{id}");
    let reason = json!({"reason": "Ảnh chưa rõ"});
    f.app.post(format!("{url}/return")).caller(&f.manager).json(reason).await.expect(200);
    let other = f.app.unit("Chi bộ 2").await;
    // A colleague of theirs who manages another unit is a colleague.
    let (colleague, elsewhere) = (f.app.member_of(&f.unit).await, f.app.member_of(&f.unit).await);
    let grant = json!({"member_id": elsewhere.id, "role": "unit_manager", "unit_id": other.id});
    f.app.post("/v1/role-grants").caller(&f.app.admin).json(grant).await.expect(201);
    let told = |checkin: &Value| {
        (checkin["location"]["lat"].clone(), checkin["note"].clone(), checkin["return_reason"].clone())
    };

    for (person, is_told) in
        [(&f.author, true), (&f.manager, true), (&f.app.admin, true), (&colleague, false), (&elsewhere, false)]
    {
        let one = f.app.get(&url).caller(person).await.expect(200);
        let all = f.app.get(f.list()).caller(person).await.expect(200);

        let nothing = (json!(null), json!(null), json!(null));
        let all_of_it = (json!(11.940419), json!("Trước nhà tôi"), json!("Ảnh chưa rõ"));
        let expected = if is_told { all_of_it } else { nothing };
        assert_eq!((told(&one), told(&all["items"][0])), (expected.clone(), expected));
        assert_eq!((one["quantity"].as_f64(), &one["status"]), (Some(1.0), &json!("returned")));
    }
    let tag = async |person: &Person| f.app.get(&url).caller(person).await.header("etag").unwrap().to_owned();
    assert_eq!(tag(&f.author).await, tag(&f.manager).await);
    assert_ne!(tag(&f.author).await, tag(&colleague).await, "the tag is one of the bytes that are sent");
}

#[actix_web::test]
async fn whoever_decides_on_a_check_in_and_is_shown_its_place_is_written_down_too() {
    let f = Field::new().await;
    let (verified, returned) = (f.check_in().await, f.check_in().await);
    let without = f.app.check_in(&f.author, &f.pledge, 1.0).await;

    let verify = async |id: &str| {
        let url = format!("/v1/checkins/{id}/verify");
        f.app.post(url).caller(&f.manager).json(json!({})).await.expect(200)
    };
    assert_eq!(verify(&verified).await["location"]["lat"], 11.940419);
    verify(&without).await;
    let reason = json!({"reason": "Ảnh chưa rõ"});
    f.app.post(format!("/v1/checkins/{returned}/return")).caller(&f.app.admin).json(reason).await.expect(200);

    let looks = f.looks().await;
    let said: Vec<_> = looks.iter().rev().map(|row| (&row["actor_id"], &row["subject_id"], &row["after"])).collect();
    assert_eq!(
        said,
        [
            (&json!(f.manager.id), &json!(verified), &json!({"ids": [verified]})),
            (&json!(f.app.admin.id), &json!(returned), &json!({"ids": [returned]})),
        ]
    );
}

#[actix_web::test]
async fn whoever_reads_where_somebody_else_was_is_written_down_once_for_each_request() {
    let f = Field::new().await;
    let (one, two) = (f.check_in().await, f.check_in().await);
    let without = f.app.check_in(&f.manager, &f.pledge, 1.0).await;
    let colleague = f.app.member_of(&f.unit).await;
    let url = format!("/v1/checkins/{one}");
    for person in [&f.author, &colleague] {
        f.app.get(&url).caller(person).await.expect(200);
        f.app.get(f.list()).caller(person).await.expect(200);
    }
    f.app.get(format!("/v1/checkins/{without}")).caller(&f.app.admin).await.expect(200);
    assert_eq!(f.looks().await, [json!(null); 0]);

    f.app.get(&url).caller(&f.manager).await.expect(200);
    f.app.get(f.list()).caller(&f.manager).await.expect(200);
    f.app.get("/v1/review-queue").caller(&f.manager).await.expect(200);

    let looks = f.looks().await;
    let said: Vec<_> =
        looks.iter().rev().map(|row| (&row["subject_kind"], &row["subject_id"], &row["after"])).collect();
    assert_eq!(
        said,
        [
            (&json!("checkin"), &json!(one), &json!({"ids": [one]})),
            (&json!("pledge"), &json!(f.pledge.id), &json!({"ids": [two, one]})),
            (&json!("review_queue"), &json!(f.manager.id), &json!({"ids": [one, two]})),
        ]
    );
    assert!(looks.iter().all(|row| row["actor_id"] == f.manager.id.as_str()));
}

#[actix_web::test]
async fn a_place_goes_from_the_answers_that_are_kept_when_its_consent_is_taken_back() {
    let f = Field::new().await;
    let mut new = f.app.new_checkin(&f.pledge, 1.0);
    new["location"] = json!({"lat": 11.940419, "lon": 108.458313, "accuracy_m": 15});
    let create =
        async || f.app.post(f.list()).caller(&f.author).header("Idempotency-Key", "made").json(new.clone()).await;
    let id = text(&create().await.expect(201)["id"]);
    let mut kept = f.app.new_checkin(&f.pledge, 2.0);
    kept["pledge_id"] = json!(f.pledge.id);
    kept["location"] = new["location"].clone();
    let batch = async || {
        let body = json!({"items": [kept]});
        f.app.post("/v1/checkins/batch").caller(&f.author).header("Idempotency-Key", "sent").json(body).await
    };
    batch().await.expect(200);
    let verify = async || {
        let url = format!("/v1/checkins/{id}/verify");
        f.app.post(url).caller(&f.manager).header("Idempotency-Key", "verified").json(json!({})).await
    };
    assert_eq!(verify().await.expect(200)["location"]["lat"], 11.940419);
    let others = f.app.check_in(&f.manager, &f.pledge, 1.0).await;
    let other = async || {
        let url = format!("/v1/checkins/{others}/verify");
        f.app.post(url).caller(&f.app.admin).header("Idempotency-Key", "other").json(json!({})).await
    };
    other().await.expect(200);

    let withdrawn = json!({"consents": [{"kind": "location", "version": 1, "agreed": false}]});
    f.app.put("/v1/me/consents").caller(&f.author).json(withdrawn).await.expect(200);

    for again in [create().await, batch().await, verify().await] {
        again.is_problem(410, "answer_gone");
    }
    other().await.expect(200);
}
