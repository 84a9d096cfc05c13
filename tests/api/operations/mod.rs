//! Liveness, readiness, figures, and the command line.

mod cli;
mod command;
mod demo;
