//! Requests and answers: what is checked before a handler runs, what a handler asks for by type, what it gives back.

pub mod accept;
pub mod answer;
pub mod batch;
pub mod body;
pub mod caller;
pub mod check;
pub mod connections;
pub mod deadline;
pub mod edge;
pub mod etag;
pub mod fair_limit;
pub mod given;
pub mod guarded_stream;
pub mod network;
pub mod operation;
pub mod page;
pub mod parameters;
pub mod rate_limit;
pub mod request_context;
pub mod routes;
pub mod schemas;
pub mod strict_json;
pub mod upload;
pub mod uploads;

pub use answer::{Answer, Rendered, Reply};
pub use batch::{Batch, Item};
pub use body::{Body, NoFields, OptionalBody, Query};
pub use caller::{
    AccountHolder, ActivitiesRead, Admin, Anybody, AppWith, Caller, CampaignsRead, Editor, EditorOf, Grant, Manager,
    ManagerOf, OwnerOf, Person, ProgressRead, Role, SignedIn, Staff, StaffOf,
};
pub use connections::{Connections, Place};
pub use deadline::Deadlines;
pub use etag::IfMatch;
pub use fair_limit::{FairLimit, FairPermit};
pub use guarded_stream::GuardedStream;
pub use network::{ClientAddress, Network};
pub use operation::{CallerKind, Kept, Operation, Repeat, Takes, Verdict};
pub use page::{Cursors, Listed, Page, Slice};
pub use rate_limit::{Guesses, InFlight, RateLimits};
pub use request_context::{Key, RequestContext};
pub use routes::Routes;
pub use schemas::Schemas;
pub use upload::{SentFile, Upload};
pub use uploads::Uploads;
