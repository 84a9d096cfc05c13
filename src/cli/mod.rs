//! The command line: one binary, a file a command. Settings are defaults, then a file, then the environment, then flags.
//! What people asked for goes to standard output, the log to standard error. Exit codes: 0 is well, 1 found something
//! wrong, 2 was called wrongly.

mod args;
mod backup;
mod demo;
mod doctor;
mod setup;
mod key;
mod listeners;
mod log;
mod migrate;
mod openapi;
mod recount;
mod relay;
mod restore;
mod say;
mod serve;
mod staff;
mod token;

use std::{future::Future, process::ExitCode};

use clap::Parser as _;

use args::{Args, Command};
use setup::Setup;

/// How a command ends, when nothing kept it from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Well,
    /// The command did its work, and found something that is not as it should be.
    Wrong,
}

const WRONG: u8 = 1;
const USAGE: u8 = 2;

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    crate::install_crypto();
    let args = Args::parse();
    let setup = match Setup::of(&args) {
        Ok(setup) => setup,
        Err(error) => return complain(&error.into(), USAGE),
    };
    log::begin(&setup.config.log);
    match run(args.command, setup) {
        Ok(Verdict::Well) => ExitCode::SUCCESS,
        Ok(Verdict::Wrong) => ExitCode::from(WRONG),
        Err(error) => complain(&error, WRONG),
    }
}

fn run(command: Command, setup: Setup) -> anyhow::Result<Verdict> {
    match command {
        Command::Demo(args) => block_on(demo::run(setup, args)),
        Command::Serve(args) => block_on(serve::run(setup, args)),
        Command::Relay => block_on(relay::run(setup)),
        Command::Migrate { direction } => block_on(migrate::run(setup, direction)),
        Command::Openapi { check } => openapi::run(check),
        Command::Doctor => block_on(doctor::run(setup)),
        Command::Staff { command } => block_on(staff::run(setup, command)),
        Command::Key { command } => block_on(key::run(setup, command)),
        Command::Token { staff } => block_on(token::run(setup, staff)),
        Command::Backup { file } => block_on(backup::run(setup, file)),
        Command::Restore { file, replace } => block_on(restore::run(setup, file, replace)),
        Command::Recount { verify: _, repair } => block_on(recount::run(setup, repair)),
    }
}

/// On actix's own runtime: the server, and what is spawned beside it, need its system.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    say::complain(format_args!("thidua: {}", say::in_words(error)));
    ExitCode::from(code)
}
