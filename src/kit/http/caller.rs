//! Who calls. A handler says by the type of its caller who may call it: `SignedIn` for any person, `Manager` or `Admin` for those
//! with a duty, `ManagerOf<CheckinId>` for those with a duty over an object, `AppWith<Scope>` for persons and apps with a scope.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    num::NonZeroU32,
    ops::Deref,
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    operation::{CallerKind, Operation},
    routes::route_of,
};
use crate::kit::{
    problems::{codes::Code, problem::Problem},
    values::ids::{ClientAppId, MemberId, SessionId, UnitId},
};

/// What a person may do, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Signed in, in no unit.
    Guest,
    /// In a unit.
    Member,
    /// Verifies and manages for a unit and all below it.
    UnitManager,
    /// Publishes for a unit and all below it.
    Editor,
    /// Everything, everywhere.
    Admin,
}

impl Role {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::UnitManager => "unit_manager",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Guest, Self::Member, Self::UnitManager, Self::Editor, Self::Admin]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A role that holds today, over a unit and all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The topmost unit of it; none for an admin, whose role is everywhere.
    pub unit_id: Option<UnitId>,
}

/// A person, as of this request.
#[derive(Debug)]
pub struct Person {
    /// Who.
    pub member_id: MemberId,
    /// By which device.
    pub session_id: SessionId,
    /// The units they belong to today, the home unit first.
    pub unit_ids: Vec<UnitId>,
    /// The roles they hold today.
    pub grants: Vec<Grant>,
}

impl Person {
    /// Everything, everywhere?
    pub fn is_admin(&self) -> bool {
        self.grants.iter().any(|grant| grant.role == Role::Admin)
    }

    /// A manager of some unit, or an admin?
    pub fn is_manager(&self) -> bool {
        self.holds(Role::UnitManager)
    }

    /// An editor of some unit, or an admin?
    pub fn is_editor(&self) -> bool {
        self.holds(Role::Editor)
    }

    fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role || grant.role == Role::Admin)
    }

    /// The unit that what they do counts for today.
    pub fn home_unit(&self) -> Option<UnitId> {
        self.unit_ids.first().copied()
    }

    /// The highest role they hold.
    pub fn role(&self) -> Role {
        let base = if self.unit_ids.is_empty() { Role::Guest } else { Role::Member };
        self.grants.iter().map(|grant| grant.role).fold(base, Ord::max)
    }

    /// The topmost units of what they manage.
    pub fn managed_units(&self) -> Vec<UnitId> {
        self.units_as(Role::UnitManager)
    }

    /// The topmost units of what they publish for.
    pub fn edited_units(&self) -> Vec<UnitId> {
        self.units_as(Role::Editor)
    }

    fn units_as(&self, role: Role) -> Vec<UnitId> {
        self.grants.iter().filter(|grant| grant.role == role).filter_map(|grant| grant.unit_id).collect()
    }
}

/// A client app of a third party.
#[derive(Debug)]
pub struct App {
    /// Which.
    pub id: ClientAppId,
    /// What it may do with this token: what the token says and the app still holds.
    pub scopes: Vec<String>,
    /// How many requests a minute it may make, where it is not the usual number.
    pub requests_per_minute: Option<NonZeroU32>,
}

/// Whoever holds a valid access token.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A person.
    Person(Arc<Person>),
    /// A client app.
    App(Arc<App>),
}

impl Caller {
    /// A name that is stable and unique among callers; never shown.
    pub fn key(&self) -> String {
        match self {
            Self::Person(person) => format!("member:{}", person.member_id),
            Self::App(app) => format!("app:{}", app.id),
        }
    }

    /// The person, where it is one.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::App(_) => None,
        }
    }
}

/// Anybody: a caller, where a valid token came along.
#[derive(Clone, Debug)]
pub struct Anybody(pub Option<Caller>);

/// A person, whatever their role.
#[derive(Clone, Debug)]
pub struct SignedIn(Arc<Person>);

/// A manager of any unit, or an admin.
#[derive(Clone, Debug)]
pub struct Manager(Arc<Person>);

/// An editor of any unit, or an admin.
#[derive(Clone, Debug)]
pub struct Editor(Arc<Person>);

/// A manager or an editor of any unit, or an admin.
#[derive(Clone, Debug)]
pub struct Staff(Arc<Person>);

/// An admin.
#[derive(Clone, Debug)]
pub struct Admin(Arc<Person>);

/// The member who made the object `T`; a manager where it is a unit's. Others learn from the query for the object whether it
/// exists for them: 404, or 403 where they may see it.
#[derive(Clone, Debug)]
pub struct OwnerOf<T>(Arc<Person>, PhantomData<T>);

/// A manager of the unit of the object `T`, or an admin. Others learn from the query for the object whether it exists for them.
#[derive(Clone, Debug)]
pub struct ManagerOf<T>(Arc<Person>, PhantomData<T>);

/// An editor of the unit of the object `T`, or an admin. Others learn from the query for the object whether it exists for them.
#[derive(Clone, Debug)]
pub struct EditorOf<T>(Arc<Person>, PhantomData<T>);

/// A manager or an editor of the unit of the object `T`, or an admin. Others learn from the query for the object whether it
/// exists for them.
#[derive(Clone, Debug)]
pub struct StaffOf<T>(Arc<Person>, PhantomData<T>);

/// Staff who sign in with a username and a password. Others learn from the query for their account that there is none: 404.
#[derive(Clone, Debug)]
pub struct AccountHolder(Arc<Person>);

/// A person, or an app that holds the scope.
#[derive(Clone, Debug)]
pub struct AppWith<S>(Caller, PhantomData<S>);

/// A scope of apps.
pub trait Scope: 'static {
    /// Its name on the wire.
    const NAME: &'static str;
}

/// Read units and activities.
#[derive(Clone, Debug)]
pub struct ActivitiesRead;

/// Read campaigns, their works and what is pledged in the open.
#[derive(Clone, Debug)]
pub struct CampaignsRead;

/// Read the figures of campaigns.
#[derive(Clone, Debug)]
pub struct ProgressRead;

impl Scope for ActivitiesRead {
    const NAME: &'static str = "activities:read";
}

impl Scope for CampaignsRead {
    const NAME: &'static str = "campaigns:read";
}

impl Scope for ProgressRead {
    const NAME: &'static str = "progress:read";
}

/// Every scope that an app can hold.
pub const SCOPES: &[&str] =
    &["activities:read", "campaigns:read", "progress:read", "announcements:write", "webhooks:manage", "assistant:ask"];

/// Implements a person in a handler's signature: whom it lets through, and which rows of the table say so.
macro_rules! person {
    ($name:ident $(<$object:ident>)?, if $permitted:expr, in $fits:expr) => {
        impl $(<$object>)? Deref for $name $(<$object>)? {
            type Target = Person;

            fn deref(&self) -> &Person {
                &self.0
            }
        }

        impl $(<$object>)? $name $(<$object>)? {
            /// As one of all who can call.
            pub fn caller(&self) -> Caller {
                Caller::Person(Arc::clone(&self.0))
            }
        }

        impl $(<$object>)? FromRequest for $name $(<$object>)? {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let (permitted, fits): (fn(&Person) -> bool, fn(&Operation) -> bool) = ($permitted, $fits);
                agrees(request, stringify!($name), fits);
                ready(person(request).and_then(|person| {
                    if !permitted(&person) {
                        return Err(Problem::forbidden());
                    }
                    Ok(Self(person, $(PhantomData::<$object>)?))
                }))
            }
        }
    };
}

person!(SignedIn, if |_| true, in |row| MEMBERS.iter().any(|kind| row.lets(*kind)) && !row.lets(CallerKind::Anonymous));
person!(Manager, if Person::is_manager, in is_for_managers);
person!(Editor, if Person::is_editor, in is_for_editors);
person!(Staff, if |person| person.is_manager() || person.is_editor(), in is_for_staff);
person!(Admin, if Person::is_admin, in |row| is_for(row, &[CallerKind::Admin], &[CallerKind::Manager, CallerKind::Editor]));
person!(AccountHolder, if |_| true, in is_for_staff);
person!(OwnerOf<T>, if |_| true, in is_for_owners);
person!(ManagerOf<T>, if |_| true, in is_for_managers);
person!(EditorOf<T>, if |_| true, in is_for_editors);
person!(StaffOf<T>, if |_| true, in is_for_staff);

const MEMBERS: [CallerKind; 4] = [CallerKind::Guest, CallerKind::Owner, CallerKind::Colleague, CallerKind::Stranger];

fn is_for_managers(row: &Operation) -> bool {
    is_for(row, &[CallerKind::Manager, CallerKind::Admin], &[CallerKind::Editor])
}

fn is_for_editors(row: &Operation) -> bool {
    is_for(row, &[CallerKind::Editor, CallerKind::Admin], &[CallerKind::Manager])
}

fn is_for_staff(row: &Operation) -> bool {
    is_for(row, &[CallerKind::Manager, CallerKind::Editor, CallerKind::Admin], &[])
}

fn is_for_owners(row: &Operation) -> bool {
    row.lets(CallerKind::Owner) && !row.lets(CallerKind::Manager) && !row.lets(CallerKind::Admin)
}

/// Does the row let these kinds of staff through, and neither those nor any member without a duty?
fn is_for(row: &Operation, staff: &[CallerKind], others: &[CallerKind]) -> bool {
    staff.iter().all(|kind| row.lets(*kind)) && !others.iter().chain(&MEMBERS).any(|kind| row.lets(*kind))
}

/// A handler whose caller contradicts its row in the table of operations fails the tests that call it.
fn agrees(request: &HttpRequest, caller: &str, fits: impl Fn(&Operation) -> bool) {
    if cfg!(debug_assertions)
        && let Some(route) = route_of(request)
    {
        assert!(fits(route.operation), "`{caller}` contradicts the row of `{}`", route.operation.id);
    }
}

impl<S: Scope> Deref for AppWith<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Scope> FromRequest for AppWith<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        agrees(request, S::NAME, |row| row.scope == Some(S::NAME));
        ready(match caller(request) {
            None => Err(Problem::new(Code::Unauthorized)),
            Some(Caller::App(app)) if !app.scopes.iter().any(|scope| scope == S::NAME) => {
                Err(Problem::new(Code::InsufficientScope).with("scope", S::NAME))
            }
            Some(caller) => Ok(Self(caller, PhantomData)),
        })
    }
}

impl FromRequest for Anybody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        agrees(request, "Anybody", |row| row.lets(CallerKind::Anonymous));
        ready(Ok(Self(caller(request))))
    }
}

fn caller(request: &HttpRequest) -> Option<Caller> {
    request.extensions().get::<Caller>().cloned()
}

fn person(request: &HttpRequest) -> Result<Arc<Person>, Problem> {
    match caller(request) {
        None => Err(Problem::new(Code::Unauthorized)),
        Some(Caller::App(_)) => Err(Problem::forbidden()),
        Some(Caller::Person(person)) => Ok(person),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::http::operation::Verdict;

    fn lets(kinds: &[CallerKind]) -> Operation {
        let verdicts = CallerKind::ALL.map(|kind| if kinds.contains(&kind) { Verdict::Yes } else { Verdict::No });
        Operation::new("one", None, verdicts)
    }

    #[test]
    fn a_duty_fits_the_rows_that_let_those_through_who_have_it_and_no_others() {
        use CallerKind::{Admin, Colleague, Editor, Manager, Owner};
        let rows = [
            ("managers", lets(&[Manager, Admin])),
            ("editors", lets(&[Editor, Admin])),
            ("staff", lets(&[Manager, Editor, Admin])),
            ("owners", lets(&[Owner])),
            ("members", lets(&[Owner, Colleague, Manager, Admin])),
        ];
        let fitting = |fits: fn(&Operation) -> bool| -> Vec<_> {
            rows.iter().filter(|(_, row)| fits(row)).map(|(name, _)| *name).collect()
        };

        assert_eq!(fitting(is_for_managers), ["managers"]);
        assert_eq!(fitting(is_for_editors), ["editors"]);
        assert_eq!(fitting(is_for_staff), ["staff"]);
        assert_eq!(fitting(is_for_owners), ["owners"]);
    }
}
