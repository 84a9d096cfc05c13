//! Who calls. A handler asks for the caller it needs by type: `SignedIn` for a person, `Staff` for one with duties,
//! `With<Scope>` for a person or an app that holds the scope. Forget it, and it is visibly missing.

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
    codes::Code,
    ids::{ClientAppId, MemberId, SessionId, UnitId},
    problem::Problem,
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
pub struct SignedIn(pub Arc<Person>);

/// A person with duties: a manager, an editor or an admin.
#[derive(Clone, Debug)]
pub struct Staff(pub Arc<Person>);

/// An admin.
#[derive(Clone, Debug)]
pub struct Admin(pub Arc<Person>);

/// A person, or an app that holds the scope.
#[derive(Clone, Debug)]
pub struct With<S>(pub Caller, PhantomData<S>);

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

macro_rules! persons {
    ($($name:ident if $permitted:expr;)+) => {$(
        impl Deref for $name {
            type Target = Person;

            fn deref(&self) -> &Person {
                &self.0
            }
        }

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let permitted: fn(&Person) -> bool = $permitted;
                ready(person(request).and_then(|person| {
                    if permitted(&person) { Ok(Self(person)) } else { Err(Problem::forbidden()) }
                }))
            }
        }
    )+};
}

persons! {
    SignedIn if |_| true;
    Staff if |person| person.role() >= Role::UnitManager;
    Admin if Person::is_admin;
}

impl<S: Scope> Deref for With<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Scope> FromRequest for With<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
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
