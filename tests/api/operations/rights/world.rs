//! One of each caller and one of each thing; what a call uses up is made anew for each.

use std::collections::HashMap;

use actix_web::http::Method;
use serde_json::{Value, json};
use thidua::{
    db::{Actor, Tx},
    identity::{
        apps::{self, ClientApp},
        staff::{self, StaffAccount},
    },
    kit::{
        http::{CallerKind, caller::SCOPES},
        values::MemberId,
    },
};
use uuid::Uuid;

use super::{REQUEST_ID, is_app};
use crate::harness::{Answer, Campaign, Person, Pledge, TestApp, Unit, ZaloStandIn, text};

const PASSWORD: &str = "a good password 1";
const SHEET: &str = "Họ và tên,Đơn vị\nLê Thị Mẫu,Chi bộ 1\n";

fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn open_account(app: &TestApp, name: &str, person: &Person) {
    let hash = staff::hash(&app.app.hashing, PASSWORD.to_owned()).await.unwrap();
    let account = StaffAccount::new(MemberId(person.id.parse().unwrap()), name, hash, app.clock.now());
    app.app.change_as(Actor::system(), async |tx| Ok(staff::insert(tx, account).await?)).await.unwrap();
}

/// Where to, and with what.
#[derive(Clone, Debug)]
pub struct Call {
    pub url: String,
    pub body: Body,
    /// Does the call take the caller away?
    uses_up_caller: bool,
}

#[derive(Clone, Debug)]
pub enum Body {
    None,
    Json(Value),
    Form(&'static str),
    Sheet,
    Picture,
}

pub struct World {
    pub app: TestApp,
    _zalo: ZaloStandIn,
    unit: Unit,
    pub persons: HashMap<&'static str, Person>,
    campaign: Campaign,
    pledge: Pledge,
    checkin: String,
    work: String,
    article: String,
    delivery: String,
    import: String,
    avatar_url: String,
    apps: HashMap<String, Person>,
}

impl World {
    pub async fn make() -> Self {
        let (app, zalo) = TestApp::start_with_zalo_and(|config| {
            for limit in
                [&mut config.rate_limit.per_address, &mut config.rate_limit.per_member, &mut config.rate_limit.per_app]
            {
                *limit = 1_000_000.try_into().unwrap();
            }
        })
        .await;
        let top = app.unit("Đảng bộ tỉnh").await;
        let unit = app.unit_under(&top, "Chi bộ 1").await;
        let other = app.unit_under(&top, "Chi bộ 2").await;
        let owner = app.zalo_member_of(&unit, zalo.stranger()).await;
        let persons = HashMap::from([
            ("guest", app.guest().await),
            ("owner", owner.clone()),
            ("colleague", app.member_of(&unit).await),
            ("stranger", app.member_of(&other).await),
            ("manager", app.manager_of(&unit).await),
            ("other_manager", app.manager_of(&other).await),
            ("editor", app.editor_of(&unit).await),
            ("admin", app.admin.clone()),
        ]);
        for name in ["manager", "other_manager", "editor"] {
            open_account(&app, name, &persons[name]).await;
        }
        let hash = staff::hash(&app.app.hashing, PASSWORD.to_owned()).await.unwrap();
        let admin = MemberId(app.admin.id.parse().unwrap());
        let replace = async |tx: &Tx| Ok(staff::replace_password(tx, admin, "no password", hash).await?);
        app.app.change_as(Actor::system(), replace).await.unwrap();
        let campaign = app.campaign_of(&unit).await;
        let pledge = app.pledge_of(&owner, &campaign).await;
        let checkin = app.check_in(&owner, &pledge, 3.0).await;
        app.post(format!("/v1/checkins/{checkin}/verify")).caller(&app.admin).json(json!({})).await.expect(200);
        app.run_relay().await;
        let deliveries = app.get("/v1/deliveries").caller(&app.admin).await.expect(200);
        let delivery = text(&deliveries["items"][0]["id"]);
        let sheet = app.post("/v1/imports").caller(&persons["manager"]);
        let sheet = sheet.multipart(&[("kind", "members"), ("dry_run", "true")], "a.csv", SHEET.as_bytes());
        let import = text(&sheet.await.expect(202)["id"]);
        let avatar = app.put("/v1/me/avatar").caller(&owner).bytes("image/png", picture()).await.expect(200);
        let avatar_url = text(&avatar["avatar_url"]);
        let mut world = Self {
            unit,
            persons,
            campaign,
            pledge,
            checkin,
            delivery,
            import,
            avatar_url,
            work: String::new(),
            article: String::new(),
            apps: HashMap::new(),
            _zalo: zalo,
            app,
        };
        world.work = world.new_work().await;
        world.article = world.new_article(&["publish"]).await;
        world
    }

    async fn made(&self, url: impl AsRef<str>, body: Value) -> String {
        text(&self.app.post(url).caller(&self.app.admin).json(body).await.expect(201)["id"])
    }

    async fn new_work(&self) -> String {
        self.made(format!("/v1/campaigns/{}/works", self.campaign.id), self.work_body()).await
    }

    fn work_body(&self) -> Value {
        json!({"kind": "project", "title": "Thắp sáng đường quê", "unit_id": self.unit.id})
    }

    fn article_body(&self) -> Value {
        json!({"kind": "news", "unit_id": self.unit.id, "title": "Ra quân"})
    }

    async fn new_article(&self, verbs: &[&str]) -> String {
        let id = self.made("/v1/activities", self.article_body()).await;
        for verb in verbs {
            let url = format!("/v1/activities/{id}/{verb}");
            self.app.post(url).caller(&self.app.admin).json(json!({})).await.expect(200);
        }
        id
    }

    async fn new_pledge(&self) -> String {
        let url = format!("/v1/campaigns/{}/pledges", self.campaign.id);
        let body = self.app.new_pledge(&self.campaign);
        text(&self.app.post(url).caller(&self.persons["owner"]).json(body).await.expect(201)["id"])
    }

    async fn new_grant(&self) -> String {
        let member = self.app.member_of(&self.unit).await;
        let new = json!({"member_id": member.id, "role": "editor", "unit_id": self.unit.id});
        // Given by the manager, who may take back what they gave.
        let manager = &self.persons["manager"];
        text(&self.app.post("/v1/role-grants").caller(manager).json(new).await.expect(201)["id"])
    }

    /// A call of this operation that has all it needs.
    pub async fn call(&mut self, operation: &str, path: &str) -> Call {
        let url = self.address(operation, path).await;
        let body = match operation {
            "sign_in" | "create_token" | "revoke_token" => Body::Form("client_id=swagger-ui"),
            "create_import" => Body::Sheet,
            "update_avatar" => Body::Picture,
            _ => self.body(operation).await.map_or(Body::None, Body::Json),
        };
        Call { url, body, uses_up_caller: operation == "delete_me" }
    }

    async fn address(&self, operation: &str, path: &str) -> String {
        let Some((before, rest)) = path.split_once('{') else { return path.to_owned() };
        let (parameter, after) = rest.split_once('}').unwrap();
        let id = match (parameter, operation) {
            ("unit_id", "update_unit" | "delete_unit" | "merge_unit" | "move_unit" | "split_unit") => {
                self.new_unit().await
            }
            ("unit_id", _) => self.unit.id.clone(),
            ("cluster_id", _) => self.made("/v1/clusters", self.cluster_body().await).await,
            ("membership_id", _) => self.new_membership().await,
            ("import_id", _) => self.import.clone(),
            ("session_id", _) => self.new_session().await,
            ("data_request_id", _) => self.made("/v1/data-requests", self.data_request_body()).await,
            ("app_id", _) => self.made("/v1/apps", self.app_body()).await,
            ("content_hash", _) => return self.avatar_url.clone(),
            // Whose sessions it ends.
            ("member_id", "delete_zalo_link") => self.app.member_of(&self.unit).await.id,
            ("member_id", _) => self.persons["owner"].id.clone(),
            ("campaign_id", "update_campaign" | "delete_campaign" | "launch_campaign") => {
                self.app.draft_campaign_of(&self.unit).await.id
            }
            ("campaign_id", "close_campaign") => self.app.campaign_of(&self.unit).await.id,
            ("campaign_id", _) => self.campaign.id.clone(),
            ("target_id", _) => self.campaign.target.clone(),
            ("pledge_id", "update_pledge" | "delete_pledge" | "sign_pledge") => self.new_pledge().await,
            ("pledge_id", _) => self.pledge.id.clone(),
            ("checkin_id", "find_checkin") => self.checkin.clone(),
            ("checkin_id", _) => self.app.check_in(&self.persons["owner"], &self.pledge, 1.0).await,
            ("work_id", _) => self.work.clone(),
            ("activity_id", "archive_activity") => self.new_article(&["publish"]).await,
            ("activity_id", "find_activity") => self.article.clone(),
            ("activity_id", _) => self.new_article(&[]).await,
            ("delivery_id", _) => self.delivery.clone(),
            ("role_grant_id", _) => self.new_grant().await,
            ("code", _) => "not_found".to_owned(),
            (parameter, _) => panic!("{operation}: nothing is known of {{{parameter}}}"),
        };
        format!("{before}{id}{after}")
    }

    async fn body(&self, operation: &str) -> Option<Value> {
        let unit = &self.unit.id;
        Some(match operation {
            "sign_in_with_zalo" => json!({"access_token": "nobody's"}),
            "refresh_session" => json!({"refresh_token": "nobody's"}),
            "create_role_grant" => {
                let member = self.app.member_of(&self.unit).await;
                json!({"member_id": member.id, "role": "editor", "unit_id": unit})
            }
            "update_unit" => json!({"name": "Tổ 9"}),
            "merge_unit" => json!({"into_unit_id": self.new_unit().await}),
            "move_unit" => json!({"parent_id": self.new_unit().await}),
            "split_unit" => json!({"new_units": [{"name": "Tổ 10"}]}),
            "create_cluster" => self.cluster_body().await,
            "update_cluster" => json!({"name": "Cụm 2"}),
            "update_member" => json!({"display_name": "Trần Thị Mẫu"}),
            "create_membership" => json!({"kind": "temporary", "unit_id": self.new_unit().await}),
            "update_membership" => json!({"valid_to": "2026-12-01"}),
            "update_me" => json!({"display_name": "Trần Văn Mẫu"}),
            "update_consents" => json!({"consents": [{"kind": "location", "version": 1, "agreed": false}]}),
            "create_own_data_request" => json!({"kind": "access"}),
            "create_data_request" => self.data_request_body(),
            "resolve_data_request" => json!({"outcome": "refused", "resolution": "Không rõ người yêu cầu"}),
            "create_totp" => json!({"password": PASSWORD}),
            "delete_totp" => json!({"password": "not the password"}),
            "confirm_totp" => json!({"code": "000000"}),
            "update_password" => json!({"current_password": "not the password", "new_password": "a much better one 7"}),
            "create_app" => self.app_body(),
            "update_app" => json!({"name": "Cổng"}),
            "create_unit" => json!({"name": "Tổ 1", "kind": "party_cell", "parent_id": unit}),
            "create_member" => json!({"display_name": "Lê Thị Mẫu", "home_unit_id": unit}),
            "create_campaign" => json!({"kind": "thematic", "title": "Trồng cây", "starts_on": "2026-01-01",
                "ends_on": "2026-12-31", "launched_by_unit_id": unit, "summary": "Cả tỉnh\r\ncùng trồng",
                "audience": {"unit_ids": [unit], "unit_kinds": ["school", "party_cell"]},
                "phases": [{"name": "Đợt 2", "ordinal": 2, "starts_on": "2026-07-01", "ends_on": "2026-12-31"},
                    {"name": "Đợt 1", "ordinal": 1, "starts_on": "2026-01-01", "ends_on": "2026-06-30"}],
                "targets": [{"name": "Cây", "unit_of_measure": "cây", "goal": 1000.50}, {"name": "Rừng", "unit_of_measure": "ha"}],
                "criteria": ["Có vườn ươm"], "milestones": [{"name": "Giỗ Tổ", "on": "03-10", "is_lunar": true}]}),
            "update_campaign" => json!({"title": "Trồng rừng"}),
            "create_pledge" => self.app.new_pledge(&self.campaign),
            "update_pledge" => json!({"statement": "Trồng 120 cây"}),
            "create_checkin" => self.app.new_checkin(&self.pledge, 1.0),
            "create_checkin_batch" => {
                let mut item = self.app.new_checkin(&self.pledge, 1.0);
                item["pledge_id"] = json!(self.pledge.id);
                json!({"items": [item]})
            }
            "update_checkin" => json!({"note": "Có mưa"}),
            "return_checkin" => json!({"reason": "Ảnh không rõ"}),
            "create_work" => self.work_body(),
            "update_work" => json!({"title": "Đường hoa"}),
            "create_activity" => self.article_body(),
            "update_activity" => json!({"title": "Ra quân trồng cây"}),
            "read_notifications" => json!({"up_to": 0}),
            _ => return None,
        })
    }

    /// A look at this address.
    pub fn look(&self, url: impl Into<String>) -> Call {
        Call { url: url.into(), body: Body::None, uses_up_caller: false }
    }

    /// The change that this operation makes, of what is at this address.
    pub async fn change_of(&self, operation: &str, url: &str) -> Call {
        let body = self.body(operation).await.map_or(Body::None, Body::Json);
        Call { body, ..self.look(url) }
    }

    /// Makes the delivery one that can be retried.
    pub fn give_delivery_up(&self) {
        self.app.execute("UPDATE delivery SET status = 'dead'");
    }

    /// The same call of something that is not there.
    pub fn absent(&self, call: &Call, path: &str) -> Call {
        let (before, rest) = path.split_once('{').unwrap();
        let after = rest.split_once('}').unwrap().1;
        Call { url: format!("{before}{}{after}", Uuid::now_v7()), ..call.clone() }
    }

    async fn new_unit(&self) -> String {
        self.app.unit_under(&self.unit, "Tổ 1").await.id
    }

    async fn cluster_body(&self) -> Value {
        json!({"name": "Cụm 1", "year": 2026, "unit_ids": [self.new_unit().await]})
    }

    fn data_request_body(&self) -> Value {
        json!({"member_id": self.persons["owner"].id, "kind": "access"})
    }

    fn app_body(&self) -> Value {
        json!({"name": "Trang tin", "scopes": ["activities:read"]})
    }

    async fn new_membership(&self) -> String {
        let body = json!({"kind": "temporary", "unit_id": self.new_unit().await});
        self.made(format!("/v1/members/{}/memberships", self.persons["owner"].id), body).await
    }

    async fn new_session(&self) -> String {
        let owner = self.app.sign_in(&self.persons["owner"].id).await;
        let sessions = self.app.get("/v1/me/sessions").caller(&owner).await.expect(200);
        let current = sessions["items"].as_array().unwrap().iter().find(|one| one["is_current"] == true).unwrap();
        text(&current["id"])
    }

    pub async fn send(&mut self, method: &str, call: &Call, kind: CallerKind, scope: Option<&str>) -> Answer {
        self.send_with(method, call, kind, scope, &[]).await
    }

    /// The same with these headers.
    pub async fn send_with(
        &mut self,
        method: &str,
        call: &Call,
        kind: CallerKind,
        scope: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let method: Method = method.parse().unwrap();
        let has_json = matches!(method, Method::POST | Method::PATCH | Method::PUT);
        let mut request = self.app.request(method, &call.url).header("X-Request-Id", REQUEST_ID);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request = match &call.body {
            Body::Form(form) => request.body("application/x-www-form-urlencoded", *form),
            Body::Sheet => request.multipart(&[("kind", "members"), ("dry_run", "true")], "a.csv", SHEET.as_bytes()),
            Body::Picture => request.bytes("image/png", picture()),
            Body::Json(body) => request.json(body.clone()),
            Body::None if has_json => request.json(json!({})),
            Body::None => request,
        };
        if call.uses_up_caller && !is_app(kind) && kind != CallerKind::Anonymous {
            let person = self.somebody_new(kind).await;
            return request.caller(&person).await;
        }
        match self.token_of(kind, scope).await {
            Some(person) => request.caller(&person).await,
            None => request.await,
        }
    }

    /// Persons sign in anew each time: one of the calls signs them out.
    async fn token_of(&mut self, kind: CallerKind, scope: Option<&str>) -> Option<Person> {
        if is_app(kind) {
            let held: Vec<&str> =
                SCOPES.iter().copied().filter(|one| (Some(*one) == scope) == (kind == CallerKind::App)).collect();
            return Some(self.app_with(&held).await);
        }
        let name = match kind {
            CallerKind::Guest => "guest",
            CallerKind::Owner => "owner",
            CallerKind::Colleague => "colleague",
            CallerKind::Stranger => "stranger",
            CallerKind::Manager => "manager",
            CallerKind::OtherManager => "other_manager",
            CallerKind::Editor => "editor",
            CallerKind::Admin => "admin",
            _ => return None,
        };
        Some(self.app.sign_in(&self.persons[name].id).await)
    }

    async fn somebody_new(&self, kind: CallerKind) -> Person {
        match kind {
            CallerKind::Guest => self.app.guest().await,
            CallerKind::Manager | CallerKind::OtherManager => self.app.manager_of(&self.unit).await,
            CallerKind::Editor => self.app.editor_of(&self.unit).await,
            _ => self.app.member_of(&self.unit).await,
        }
    }

    async fn app_with(&mut self, scopes: &[&str]) -> Person {
        let name = scopes.join("+");
        if let Some(known) = self.apps.get(&name) {
            return known.clone();
        }
        let client_id = format!("app-{}", self.apps.len());
        let new = ClientApp::new(&client_id, "Trang tin", "secret", scopes);
        let app = &self.app.app;
        app.change_as(Actor::system(), async |tx| Ok(apps::insert(tx, &new).await?)).await.unwrap();
        let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret=secret");
        let token = self.app.post("/oauth/token").body("application/x-www-form-urlencoded", form).await.expect(200);
        let person = Person { id: String::new(), token: text(&token["access_token"]) };
        self.apps.insert(name, person.clone());
        person
    }
}
