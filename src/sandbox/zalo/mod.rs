//! A stand-in for the Zalo platform: it answers as `graph.zalo.me`, `oauth.zaloapp.com` and `openapi.zalo.me` do, all
//! on one port, and keeps what it was sent instead of delivering it.
//!
//! `stage` holds the state and the rules, `token` the tokens of the Official Account, `http` the endpoints and `page`
//! what a browser sees. A dial makes it slow, broken or refusing, and leaves its own pages alone.

mod http;
mod page;
mod rules;
mod stage;
mod token;
mod webhook;

pub use http::{configure, serve};
pub use rules::{NewMessage, Receipt, Refusal, TokenPair, TokenRequest};
pub use stage::{Codes, Endpoint, Faults, Now, Person, Sent, Stage};
