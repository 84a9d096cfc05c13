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
