//! Events, and what they are about, written as the rooms that make them would.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use thidua::{
    db::{Actor, Tx},
    entity::{
        self,
        activity::ActivityStatus,
        campaign::{Kind, Status},
        checkin::CheckinStatus,
        commitment::Cadence,
        pledge::{PledgeStatus, PledgerKind},
    },
    kit::values::{ActivityId, CampaignId, CheckinId, CommitmentId, MemberId, PledgeId, UnitId},
    outbox::{self, Event},
    sandbox::zalo::Person as ZaloPerson,
};
use uuid::Uuid;

use crate::harness::{Person, TestApp, Unit};

/// A check-in in a campaign of this unit.
pub struct Checkin {
    pub id: CheckinId,
    pub pledge_id: PledgeId,
    pub campaign_id: CampaignId,
}

impl TestApp {
    pub async fn record(&self, event: Event) {
        self.app.change_as(Actor::system(), async |tx| outbox::record(tx, event).await).await.unwrap();
    }

    /// A member of this unit who has signed in through Zalo and agrees to its messages.
    pub async fn zalo_member_of(&self, unit: &Unit, person: &ZaloPerson) -> Person {
        let link = thidua::organisation::members::ZaloLink {
            app_user_id: person.zalo_id.clone(),
            oa_user_id: Some(person.oa_user_id.clone()),
            follows_oa: Some(true),
        };
        let member = self.member_named(unit, &person.name).await;
        let id = MemberId(member.id.parse().unwrap());
        self.app
            .change_as(Actor::system(), async |tx| {
                Ok(thidua::organisation::members::link_zalo(tx, &self.app.vault, id, &link).await?)
            })
            .await
            .unwrap();
        self.agree(&member, "oa_messages").await;
        member
    }

    /// A check-in of 12.5 km that this member has sent.
    pub async fn checkin_row(&self, unit: &Unit, member: &Person) -> Checkin {
        let (unit, member): (Uuid, Uuid) = (unit.id.parse().unwrap(), member.id.parse().unwrap());
        let made = Checkin { id: CheckinId::new(), pledge_id: PledgeId::new(), campaign_id: CampaignId::new() };
        self.app
            .change_as(Actor::system(), async |tx| {
                insert_campaign(tx, made.campaign_id, unit.into()).await;
                insert_pledge(tx, &made, unit.into(), member.into()).await;
                insert_checkin(tx, &made, unit.into(), member.into()).await;
                Ok(())
            })
            .await
            .unwrap();
        made
    }

    /// A campaign for everybody.
    pub async fn campaign_row(&self, unit: &Unit) -> CampaignId {
        let (id, unit) = (CampaignId::new(), unit.id.parse::<Uuid>().unwrap());
        let insert = async |tx: &Tx| {
            insert_campaign(tx, id, unit.into()).await;
            Ok(())
        };
        self.app.change_as(Actor::system(), insert).await.unwrap();
        id
    }

    /// An announcement of this unit.
    pub async fn activity_row(&self, unit: &Unit, kind: &str) -> ActivityId {
        let id = ActivityId::new();
        let unit_id = unit.id.parse::<Uuid>().unwrap().into();
        self.app
            .change_as(Actor::system(), async |tx| {
                let row = entity::activity::ActiveModel {
                    id: Set(id),
                    kind: Set(serde_json::from_value(json!(kind)).unwrap()),
                    title: Set("Họp chi bộ tháng 3".to_owned()),
                    summary: Set(String::new()),
                    body_markdown: Set(String::new()),
                    body_html: Set(String::new()),
                    folded_text: Set(String::new()),
                    campaign_id: Set(None),
                    unit_id: Set(unit_id),
                    tags: Set(json!([])),
                    status: Set(ActivityStatus::Published),
                    is_pinned: Set(false),
                    publish_at: Set(None),
                    published_at: Set(Some(tx.now())),
                    created_by: Set(None),
                    created_at: Set(tx.now()),
                    version: Set(1),
                };
                entity::activity::Entity::insert(row).exec_without_returning(tx).await?;
                Ok(())
            })
            .await
            .unwrap();
        id
    }

    /// How many notifications are in this inbox.
    pub async fn inbox_of(&self, person: &Person) -> Vec<serde_json::Value> {
        let answer = self.get("/v1/notifications").caller(person).await.expect(200);
        answer["items"].as_array().unwrap().clone()
    }
}

async fn insert_campaign(tx: &Tx, id: CampaignId, unit: UnitId) {
    let row = entity::campaign::ActiveModel {
        id: Set(id),
        kind: Set(Kind::Thematic),
        title: Set("Thắp sáng đường quê".to_owned()),
        folded_title: Set("thap sang duong que".to_owned()),
        slogan: Set(None),
        summary: Set(None),
        body: Set(None),
        status: Set(Status::Launched),
        starts_on: Set("2026-03-01".parse().unwrap()),
        ends_on: Set("2026-06-30".parse().unwrap()),
        launched_by_unit_id: Set(unit),
        launched_at: Set(Some(tx.now())),
        closed_at: Set(None),
        created_by: Set(None),
        created_at: Set(tx.now()),
        version: Set(1),
    };
    entity::campaign::Entity::insert(row).exec_without_returning(tx).await.unwrap();
}

async fn insert_pledge(tx: &Tx, made: &Checkin, unit: UnitId, member: MemberId) {
    let row = entity::pledge::ActiveModel {
        id: Set(made.pledge_id),
        campaign_id: Set(made.campaign_id),
        pledger_kind: Set(PledgerKind::Member),
        unit_id: Set(unit),
        member_id: Set(Some(member)),
        status: Set(PledgeStatus::Signed),
        current_version: Set(1),
        signed_at: Set(Some(tx.now())),
        signed_by: Set(Some(member)),
        verification_code: Set(None),
        next_due_on: Set(Some("2026-06-30".parse().unwrap())),
        created_by: Set(member),
        created_at: Set(tx.now()),
        version: Set(1),
    };
    entity::pledge::Entity::insert(row).exec_without_returning(tx).await.unwrap();
}

async fn insert_checkin(tx: &Tx, made: &Checkin, unit: UnitId, member: MemberId) {
    let commitment = CommitmentId::new();
    let row = entity::commitment::ActiveModel {
        id: Set(commitment),
        pledge_id: Set(made.pledge_id),
        ordinal: Set(0),
        target_id: Set(None),
        title: Set("Lắp đèn đường".to_owned()),
        unit_of_measure: Set("km".to_owned()),
        quantity: Set(20_000),
        due_on: Set("2026-06-30".parse().unwrap()),
        cadence: Set(Cadence::Once),
    };
    entity::commitment::Entity::insert(row).exec_without_returning(tx).await.unwrap();
    let row = entity::checkin::ActiveModel {
        id: Set(made.id),
        pledge_id: Set(made.pledge_id),
        commitment_id: Set(commitment),
        campaign_id: Set(made.campaign_id),
        target_id: Set(None),
        phase_id: Set(None),
        unit_id: Set(unit),
        member_id: Set(member),
        quantity: Set(12_500),
        note: Set(None),
        occurred_at: Set(tx.now()),
        received_at: Set(tx.now()),
        day: Set(tx.today()),
        latitude_e6: Set(None),
        longitude_e6: Set(None),
        accuracy_m: Set(None),
        status: Set(CheckinStatus::Verified),
        flags: Set(json!([])),
        return_reason: Set(Some("Thiếu ảnh hiện trường.".to_owned())),
        decided_by: Set(None),
        decided_at: Set(None),
        content_hash: Set(String::new()),
        version: Set(1),
    };
    entity::checkin::Entity::insert(row).exec_without_returning(tx).await.unwrap();
}
