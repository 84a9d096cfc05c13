//! Makers of things that are valid and dull; a test states only what it is about. All go through HTTP, as the admin.

use serde_json::json;

use super::{Person, TestApp};

/// A unit.
#[derive(Clone, Debug)]
pub struct Unit {
    pub id: String,
}

impl TestApp {
    /// A unit at the top of the tree.
    pub async fn unit(&self, name: &str) -> Unit {
        self.make_unit(json!({"name": name, "kind": "party_committee", "valid_from": "2020-01-01"})).await
    }

    /// A unit under another one.
    pub async fn unit_under(&self, parent: &Unit, name: &str) -> Unit {
        let new = json!({"name": name, "kind": "party_cell", "parent_id": parent.id, "valid_from": "2020-01-01"});
        self.make_unit(new).await
    }

    async fn make_unit(&self, new: serde_json::Value) -> Unit {
        let made = self.post("/v1/units").caller(&self.admin).json(new).await.expect(201);
        Unit { id: made["id"].as_str().unwrap().to_owned() }
    }

    /// Somebody at home in this unit, signed in.
    pub async fn member_of(&self, unit: &Unit) -> Person {
        self.member_named(unit, "Nguyễn Thị Mẫu").await
    }

    /// The same with a name.
    pub async fn member_named(&self, unit: &Unit, name: &str) -> Person {
        let new = json!({"display_name": name, "home_unit_id": unit.id, "member_since": "2020-01-01"});
        let made = self.post("/v1/members").caller(&self.admin).json(new).await.expect(201);
        self.sign_in(made["id"].as_str().unwrap()).await
    }

    /// Has this member agree to something.
    pub async fn agree(&self, member: &Person, kind: &str) {
        let asked = self.get("/v1/me/consents").caller(member).await.expect(200);
        let text = asked["items"].as_array().unwrap().iter().find(|item| item["kind"] == kind).unwrap();
        let body = json!({"consents": [{"kind": kind, "version": text["version"], "agreed": true}]});
        self.put("/v1/me/consents").caller(member).json(body).await.expect(200);
    }

    /// Somebody who manages this unit and all below it, and is at home in it.
    pub async fn manager_of(&self, unit: &Unit) -> Person {
        self.with_role(unit, "unit_manager").await
    }

    /// Somebody who publishes for this unit and all below it, and is at home in it.
    pub async fn editor_of(&self, unit: &Unit) -> Person {
        self.with_role(unit, "editor").await
    }

    /// Somebody who is in no unit.
    pub async fn guest(&self) -> Person {
        use thidua::{db::Actor, organisation::members::join_guest};
        let name = "Khách";
        let join = async |tx: &thidua::db::Tx| join_guest(tx, &self.app.vault, name, None, None).await;
        let id = self.app.change_as(Actor::system(), join).await.unwrap().id;
        self.sign_in(&id.to_string()).await
    }

    async fn with_role(&self, unit: &Unit, role: &str) -> Person {
        let person = self.member_of(unit).await;
        let grant = json!({"member_id": person.id, "role": role, "unit_id": unit.id});
        self.post("/v1/role-grants").caller(&self.admin).json(grant).await.expect(201);
        person
    }
}

/// A campaign with one target that adds up, in "cây".
#[derive(Clone, Debug)]
pub struct Campaign {
    pub id: String,
    pub target: String,
}

/// A signed pledge with one commitment of 100 to the campaign's target.
#[derive(Clone, Debug)]
pub struct Pledge {
    pub id: String,
    pub commitment: String,
}

impl TestApp {
    /// A campaign of the year 2026 that this unit has launched, for everyone.
    pub async fn campaign_of(&self, unit: &Unit) -> Campaign {
        let campaign = self.draft_campaign_of(unit).await;
        self.post(format!("/v1/campaigns/{}/launch", campaign.id))
            .caller(&self.admin)
            .json(json!({}))
            .await
            .expect(200);
        campaign
    }

    /// The same before its launch.
    pub async fn draft_campaign_of(&self, unit: &Unit) -> Campaign {
        self.draft_campaign(unit, json!({})).await
    }

    /// The same with other fields.
    pub async fn draft_campaign(&self, unit: &Unit, fields: serde_json::Value) -> Campaign {
        let mut new = json!({
            "kind": "thematic", "title": "Trồng cây xanh", "starts_on": "2026-01-01", "ends_on": "2026-12-31",
            "launched_by_unit_id": unit.id,
            "targets": [{"name": "Cây xanh trồng mới", "unit_of_measure": "cây", "goal": 1000}],
        });
        for (name, value) in fields.as_object().unwrap() {
            new[name] = value.clone();
        }
        let made = self.post("/v1/campaigns").caller(&self.admin).json(new).await.expect(201);
        Campaign { id: text(&made["id"]), target: text(&made["targets"][0]["id"]) }
    }

    /// A body for `POST /v1/campaigns/{id}/pledges`.
    pub fn new_pledge(&self, campaign: &Campaign) -> serde_json::Value {
        json!({
            "statement": "Trồng 100 cây xanh",
            "commitments": [{"target_id": campaign.target, "title": "Trồng cây", "unit_of_measure": "cây",
                "quantity": 100, "due_on": "2026-12-31", "cadence": "monthly"}],
        })
    }

    /// A member's own pledge, signed.
    pub async fn pledge_of(&self, member: &Person, campaign: &Campaign) -> Pledge {
        self.signed(member, campaign, self.new_pledge(campaign)).await
    }

    /// A unit's pledge, signed by its manager.
    pub async fn unit_pledge(&self, manager: &Person, unit: &Unit, campaign: &Campaign) -> Pledge {
        let mut new = self.new_pledge(campaign);
        new["pledger"] = json!({"kind": "unit", "id": unit.id});
        self.signed(manager, campaign, new).await
    }

    async fn signed(&self, signer: &Person, campaign: &Campaign, new: serde_json::Value) -> Pledge {
        let url = format!("/v1/campaigns/{}/pledges", campaign.id);
        let made = self.post(url).caller(signer).json(new).await.expect(201);
        let pledge = Pledge { id: text(&made["id"]), commitment: text(&made["commitments"][0]["id"]) };
        self.post(format!("/v1/pledges/{}/sign", pledge.id)).caller(signer).json(json!({})).await.expect(200);
        pledge
    }

    /// A body for `POST /v1/pledges/{id}/checkins`, with an id of its own.
    pub fn new_checkin(&self, pledge: &Pledge, quantity: f64) -> serde_json::Value {
        json!({"id": uuid::Uuid::now_v7(), "commitment_id": pledge.commitment, "quantity": quantity,
            "occurred_at": self.clock.now()})
    }

    /// A check-in that was taken; gives its id.
    pub async fn check_in(&self, member: &Person, pledge: &Pledge, quantity: f64) -> String {
        let url = format!("/v1/pledges/{}/checkins", pledge.id);
        text(&self.post(url).caller(member).json(self.new_checkin(pledge, quantity)).await.expect(201)["id"])
    }

    /// Somebody of this unit pledges and checks in, and nobody verifies it.
    pub async fn check_in_unverified(&self, unit: &Unit, campaign: &Campaign) -> String {
        let member = self.member_of(unit).await;
        let pledge = self.pledge_of(&member, campaign).await;
        self.check_in(&member, &pledge, 7.0).await
    }

    /// The figures of a campaign's first target: pledged, reported, verified.
    pub async fn figures(&self, campaign: &Campaign) -> (f64, f64, f64) {
        let progress =
            self.get(format!("/v1/campaigns/{}/progress", campaign.id)).caller(&self.admin).await.expect(200);
        let figure = |name: &str| progress["targets"][0][name].as_f64().unwrap();
        (figure("pledged"), figure("reported"), figure("verified"))
    }

    /// Every stored figure is what the ledger says.
    pub async fn figures_are_recounted(&self) {
        let drifts = thidua::campaigns::progress::recount(self.app.db.reads()).await.unwrap();
        assert_eq!(drifts, []);
    }
}

/// A JSON string's text.
pub fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
