//! All SQL about consents.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{OnConflict, SelectStatement},
};
use uuid::Uuid;

use super::texts::current_version;
use crate::{
    db::Tx,
    entity::{
        consent::{ActiveModel, Column, Entity},
        consent_decision, session,
    },
    kit::{
        problems::Problem,
        values::{MemberId, SessionId},
    },
    personal_data::{self, Consent},
};

/// How many decisions are shown.
const SHOWN: u64 = 100;

/// What a member agreed to or withdrew, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub kind: Consent,
    /// In which version of the text.
    pub version: i32,
    /// Agreed, or withdrawn.
    pub is_agreed: bool,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl Decision {
    /// Is it agreed to now? What is optional is, in the text of now; a text of before was about something else.
    pub fn holds(&self) -> bool {
        self.is_agreed && (self.kind.is_required() || self.version == current_version(self.kind))
    }
}

/// Does this member agree to it now?
pub async fn holds(db: &impl ConnectionTrait, member: MemberId, kind: Consent) -> Result<bool, DbErr> {
    Ok(agreeing(kind).filter(Column::MemberId.eq(member)).one(db).await?.is_some())
}

/// The same for a change that rests on it: until that is done, neither the consent is taken back nor the member erased.
/// Nobody who is erased agrees to anything.
pub async fn holds_until_commit(tx: &Tx, member: MemberId, kind: Consent) -> Result<bool, Problem> {
    personal_data::hold_shared(tx, member).await?;
    Ok(agreeing(kind).filter(Column::MemberId.eq(member)).lock_shared().one(tx).await?.is_some())
}

fn agreeing(kind: Consent) -> Select<Entity> {
    let agreeing = Entity::find().filter(Column::Kind.eq(kind)).filter(Column::IsAgreed.eq(true));
    if kind.is_required() { agreeing } else { agreeing.filter(Column::TextVersion.eq(current_version(kind))) }
}

/// The ids of the members who agree to it now, as a subquery.
pub fn members_agreeing_to(kind: Consent) -> SelectStatement {
    agreeing(kind).select_only().column(Column::MemberId).into_query()
}

/// What a member has decided, the latest first.
pub async fn decisions_of(db: &impl ConnectionTrait, member: MemberId) -> Result<Vec<Decision>, DbErr> {
    let rows = consent_decision::Entity::find()
        .filter(consent_decision::Column::MemberId.eq(member))
        .order_by_desc(consent_decision::Column::Id)
        .limit(SHOWN)
        .all(db)
        .await?;
    let decisions = rows.into_iter().map(|row| Decision {
        kind: row.kind,
        version: row.text_version,
        is_agreed: row.is_agreed,
        decided_at: row.decided_at,
    });
    Ok(decisions.collect())
}

/// What a member decides now, of each kind.
pub async fn states_of(db: &impl ConnectionTrait, member: MemberId) -> Result<Vec<Decision>, DbErr> {
    let rows = Entity::find().filter(Column::MemberId.eq(member)).all(db).await?;
    let decisions = rows.into_iter().map(|row| Decision {
        kind: row.kind,
        version: row.text_version,
        is_agreed: row.is_agreed,
        decided_at: row.decided_at,
    });
    Ok(decisions.collect())
}

/// The client that a session belongs to.
pub async fn client_of(db: &impl ConnectionTrait, id: SessionId) -> Result<Option<String>, DbErr> {
    Ok(session::Entity::find_by_id(id).one(db).await?.map(|row| row.client_id))
}

/// Keeps a decision: in the history, and as what holds from now on.
pub async fn insert(tx: &Tx, member: MemberId, decision: &Decision, client_id: &str) -> Result<(), DbErr> {
    let row = consent_decision::ActiveModel {
        id: Set(Uuid::now_v7()),
        member_id: Set(member),
        kind: Set(decision.kind),
        text_version: Set(decision.version),
        is_agreed: Set(decision.is_agreed),
        client_id: Set(client_id.to_owned()),
        decided_at: Set(decision.decided_at),
    };
    consent_decision::Entity::insert(row).exec_without_returning(tx).await?;
    let row = ActiveModel {
        member_id: Set(member),
        kind: Set(decision.kind),
        text_version: Set(decision.version),
        is_agreed: Set(decision.is_agreed),
        decided_at: Set(decision.decided_at),
    };
    let update = OnConflict::columns([Column::MemberId, Column::Kind])
        .update_columns([Column::TextVersion, Column::IsAgreed, Column::DecidedAt])
        .to_owned();
    Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}
