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

    /// Somebody who manages this unit and all below it, and is at home in it.
    pub async fn manager_of(&self, unit: &Unit) -> Person {
        self.with_role(unit, "unit_manager").await
    }

    /// Somebody who publishes for this unit and all below it, and is at home in it.
    pub async fn editor_of(&self, unit: &Unit) -> Person {
        self.with_role(unit, "editor").await
    }

    async fn with_role(&self, unit: &Unit, role: &str) -> Person {
        let person = self.member_of(unit).await;
        let grant = json!({"member_id": person.id, "role": role, "unit_id": unit.id});
        self.post("/v1/role-grants").caller(&self.admin).json(grant).await.expect(201);
        person
    }
}
