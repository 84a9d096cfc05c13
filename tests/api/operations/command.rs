//! The real binary, on a data directory and a database of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::harness::TestDatabase;

/// How long a command may take to say that it is ready, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const READY: &str = "Listening on ";

/// Where commands run.
pub struct Place {
    pub data: TempDir,
    pub database: TestDatabase,
}

impl Place {
    /// An empty database, as a new user has it.
    pub async fn empty() -> Self {
        Self { data: tempfile::tempdir().unwrap(), database: TestDatabase::create_empty().await }
    }

    /// The same with its schema.
    pub async fn migrated() -> Self {
        Self { data: tempfile::tempdir().unwrap(), database: TestDatabase::create().await }
    }

    /// A command, with nothing of the developer's environment that it would listen to.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command.arg("--data").arg(self.data.path()).args(["--database", &self.database.url()]);
        command.env("THIDUA_LOG__FILTER", "warn");
        command.env("THIDUA_SECRETS__MASTER_KEY", "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The same, with a line on standard input.
    pub fn run_with(&self, arguments: &[&str], line: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
        child.wait_with_output().unwrap()
    }

    /// Starts a server, and waits until it listens.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// The same with a setting in its environment.
    pub fn start_with(&self, arguments: &[&str], name: &str, value: &str) -> Running {
        let mut command = self.command(arguments);
        command.env(name, value);
        Running::start(command)
    }
}

/// A command without a place.
pub fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thidua"));
    command.args(arguments).env_remove("DATABASE_URL");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("THIDUA_")) {
        command.env_remove(name);
    }
    command
}

/// A server in a process of its own, gone when the test ends.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    /// Where it listens.
    pub url: String,
}

impl Running {
    /// Starts this command, and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let mut running = Self { child, lines, url: String::new() };
        running.url = loop {
            let line = running.lines.recv_timeout(PATIENCE).expect("it never said that it listens");
            if let Some(url) = line.strip_prefix(READY) {
                break url.to_owned();
            }
        };
        running
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop; gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped_already = self.child.wait();
    }
}

/// A client that follows nobody.
pub fn client() -> reqwest::Client {
    thidua::install_crypto();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
