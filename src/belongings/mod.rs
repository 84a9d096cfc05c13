//! What hangs on a unit or on a member, as the room says that owns it. When a unit ends or a member goes, the organisation asks
//! everybody here and knows nobody by name. A noun that has something of the kind says so in its `belonging`; the one list of
//! them stands in `server.rs`.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::{
    db::Tx,
    kit::{
        http::Grant,
        problems::{FaultCode, Problem},
        values::{MemberId, UnitId},
    },
};

/// How many things of a kind a merge has carried over, for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// What they are called there.
    pub name: &'static str,
    /// How many.
    pub count: usize,
}

/// A kind of thing that hangs on units. What is not said here does not concern it.
#[async_trait]
pub trait HangsOnUnits: Send + Sync {
    /// Why a unit cannot be closed on `on`: something living of this kind hangs on it from then on, or on a unit that was merged
    /// into it.
    async fn obstacles(&self, _tx: &Tx, _unit: UnitId, _on: NaiveDate) -> Result<Vec<FaultCode>, Problem> {
        Ok(Vec::new())
    }

    /// Lets it all end with `unit` on `on` and go on with `into` from then on, to the end that it had. What was before stays as it
    /// was. Gives what is written down of it; none where there is nothing to do.
    async fn carry_over(
        &self,
        _tx: &Tx,
        _unit: UnitId,
        _into: UnitId,
        _on: NaiveDate,
    ) -> Result<Option<Carried>, Problem> {
        Ok(None)
    }

    /// Ends it all with a unit that is closed on `on`.
    async fn end(&self, _tx: &Tx, _unit: UnitId, _on: NaiveDate) -> Result<(), Problem> {
        Ok(())
    }

    /// Those of these members who hang on this very unit on `on`.
    async fn members_in(
        &self,
        _tx: &Tx,
        _unit: UnitId,
        _members: &[MemberId],
        _on: NaiveDate,
    ) -> Result<Vec<MemberId>, Problem> {
        Ok(Vec::new())
    }

    /// Holds what a split of `unit` is going to change, before anything is written: these members go to its parts.
    async fn hold_for_split(&self, _tx: &Tx, _unit: UnitId, _members: &[MemberId]) -> Result<(), Problem> {
        Ok(())
    }

    /// Lets what these members have in `unit` go on in `part` from `on`.
    async fn split_off(
        &self,
        _tx: &Tx,
        _unit: UnitId,
        _part: UnitId,
        _members: &[MemberId],
        _on: NaiveDate,
    ) -> Result<(), Problem> {
        Ok(())
    }
}

/// A kind of thing that hangs on members. What is not said here does not concern it.
#[async_trait]
pub trait HangsOnMembers: Send + Sync {
    /// Has this member any of it, that would be lost with them?
    async fn has_any(&self, _tx: &Tx, _member: MemberId) -> Result<bool, Problem> {
        Ok(false)
    }

    /// Does it make them staff, or an admin now or later? Nobody becomes such a member by a phone number.
    async fn makes_staff(&self, _tx: &Tx, _member: MemberId) -> Result<bool, Problem> {
        Ok(false)
    }

    /// Do they sign in by it, and so never by Zalo?
    async fn signs_in_itself(&self, _tx: &Tx, _member: MemberId) -> Result<bool, Problem> {
        Ok(false)
    }

    /// Those of these members to whom it gives more, from `day` on, than duties for these units and for those below them.
    /// Whoever manages no more than these must not decide how they are found at sign-in.
    async fn beyond(
        &self,
        _tx: &Tx,
        _members: &[MemberId],
        _units: &[UnitId],
        _day: NaiveDate,
    ) -> Result<HashSet<MemberId>, Problem> {
        Ok(HashSet::new())
    }

    /// The roles that it gives a member on `day`.
    async fn roles_on(&self, _tx: &Tx, _member: MemberId, _day: NaiveDate) -> Result<Vec<Grant>, Problem> {
        Ok(Vec::new())
    }

    /// Ends it for a member who is held, and whose personal data has gone: they were erased, or were a guest and have become
    /// somebody else.
    async fn end(&self, _tx: &Tx, _member: MemberId) -> Result<(), Problem> {
        Ok(())
    }
}

/// Everything that hangs on units and on members, in the order in which changes hold and write it.
#[derive(Clone, Copy)]
pub struct Belongings {
    /// What hangs on units.
    pub on_units: &'static [&'static dyn HangsOnUnits],
    /// What hangs on members.
    pub on_members: &'static [&'static dyn HangsOnMembers],
}

impl Belongings {
    /// Why a unit cannot be closed on `on`, each reason once for each kind of thing.
    pub async fn obstacles(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<Vec<FaultCode>, Problem> {
        let mut obstacles = Vec::new();
        for kind in self.on_units {
            obstacles.extend(kind.obstacles(tx, unit, on).await?);
        }
        Ok(obstacles)
    }

    /// Lets everything of `unit` end on `on` and go on with `into` from then on, to the end that it had.
    pub async fn carry_over(
        &self,
        tx: &Tx,
        unit: UnitId,
        into: UnitId,
        on: NaiveDate,
    ) -> Result<Vec<Carried>, Problem> {
        let mut carried = Vec::new();
        for kind in self.on_units {
            carried.extend(kind.carry_over(tx, unit, into, on).await?);
        }
        Ok(carried)
    }

    /// Ends everything of a unit that is closed on `on`.
    pub async fn end_of_unit(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), Problem> {
        for kind in self.on_units {
            kind.end(tx, unit, on).await?;
        }
        Ok(())
    }

    /// Those of these members who hang on this very unit on `on`.
    pub async fn members_in(
        &self,
        tx: &Tx,
        unit: UnitId,
        members: &[MemberId],
        on: NaiveDate,
    ) -> Result<HashSet<MemberId>, Problem> {
        let mut found = HashSet::new();
        for kind in self.on_units {
            found.extend(kind.members_in(tx, unit, members, on).await?);
        }
        Ok(found)
    }

    /// Holds what a split of `unit` is going to change: these members go to its parts.
    pub async fn hold_for_split(&self, tx: &Tx, unit: UnitId, members: &[MemberId]) -> Result<(), Problem> {
        for kind in self.on_units {
            kind.hold_for_split(tx, unit, members).await?;
        }
        Ok(())
    }

    /// Lets what these members have in `unit` go on in `part` from `on`.
    pub async fn split_off(
        &self,
        tx: &Tx,
        unit: UnitId,
        part: UnitId,
        members: &[MemberId],
        on: NaiveDate,
    ) -> Result<(), Problem> {
        for kind in self.on_units {
            kind.split_off(tx, unit, part, members, on).await?;
        }
        Ok(())
    }

    /// Has this member anything that would be lost with them: a place in a unit, a role, an account, something they did?
    pub async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        for kind in self.on_members {
            if kind.has_any(tx, member).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Is this member staff, or an admin now or later?
    pub async fn is_staff(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        for kind in self.on_members {
            if kind.makes_staff(tx, member).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does this member sign in otherwise, and so never by Zalo?
    pub async fn signs_in_itself(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        for kind in self.on_members {
            if kind.signs_in_itself(tx, member).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of these members who have more, from `day` on, than duties for these units and for those below them. Whoever
    /// manages no more than these must not decide how they are found at sign-in.
    pub async fn beyond(
        &self,
        tx: &Tx,
        members: &[MemberId],
        units: &[UnitId],
        day: NaiveDate,
    ) -> Result<HashSet<MemberId>, Problem> {
        let mut found = HashSet::new();
        for kind in self.on_members {
            found.extend(kind.beyond(tx, members, units, day).await?);
        }
        Ok(found)
    }

    /// The roles of a member on `day`.
    pub async fn roles_on(&self, tx: &Tx, member: MemberId, day: NaiveDate) -> Result<Vec<Grant>, Problem> {
        let mut roles = Vec::new();
        for kind in self.on_members {
            roles.extend(kind.roles_on(tx, member, day).await?);
        }
        Ok(roles)
    }

    /// Ends everything of a member who is held, and whose personal data has gone.
    pub async fn end_of_member(&self, tx: &Tx, member: MemberId) -> Result<(), Problem> {
        for kind in self.on_members {
            kind.end(tx, member).await?;
        }
        Ok(())
    }
}
