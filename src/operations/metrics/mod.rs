//! Figures for Prometheus, on the internal address only (`server.internal_listen`).

pub mod http;
