//! The real binary, on a data directory and a database of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use actix_web::http::Method;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tempfile::TempDir;

use crate::harness::TestDatabase;

/// How long a command may take to say that it is ready, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const READY: &str = "Listening on ";
const FIGURES: &str = "Figures on ";
/// What `thidua relay` says in its place.
const AT_WORK: &str = "The relay is at work";

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
        // Any port that is free: many servers run at once.
        command.env("THIDUA_SERVER__INTERNAL_LISTEN", "127.0.0.1:0");
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

    /// The same; a limit on how large its files may become can be set while it runs, and makes writing fail as a full disk
    /// does. The signal that comes with it is ignored, which a process inherits.
    pub fn start_limited(&self, arguments: &[&str]) -> Running {
        Running::start_with_log(under(&["env", "--ignore-signal=XFSZ"], &self.command(arguments)))
    }

    /// The same, where the limit is there from the beginning: room for the index of the write-ahead log and no more.
    pub fn start_without_room(&self, arguments: &[&str]) -> Running {
        Running::start_with_log(under(&WITHOUT_ROOM, &self.command(arguments)))
    }

    /// Runs a command to its end, likewise.
    pub fn run_without_room(&self, arguments: &[&str]) -> Output {
        under(&WITHOUT_ROOM, &self.command(arguments)).stdin(Stdio::null()).output().unwrap()
    }

    /// The same with a setting in its environment.
    pub fn start_with(&self, arguments: &[&str], name: &str, value: &str) -> Running {
        self.start_with_all(arguments, &[(name, value)])
    }

    /// The same with several.
    pub fn start_with_all(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Running {
        let mut command = self.command(arguments);
        command.envs(settings.iter().copied());
        Running::start(command)
    }
}

/// Files of 64 blocks of 512 bytes at most: 32 KiB.
const WITHOUT_ROOM: [&str; 3] = ["sh", "-c", "trap '' XFSZ; ulimit -S -f 64; exec \"$0\" \"$@\""];

/// The same command, started by another one, which becomes it.
fn under(starter: &[&str], command: &Command) -> Command {
    let (program, arguments) = starter.split_first().unwrap();
    let mut started = Command::new(program);
    started.args(arguments).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    started
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
    log: Arc<Mutex<String>>,
    /// Where it listens.
    pub url: String,
    /// Where its figures are, if it said so.
    pub figures: Option<String>,
}

impl Running {
    /// Starts it, and waits until it is ready.
    pub fn start(command: Command) -> Self {
        Self::spawn(command, Stdio::inherit())
    }

    /// Its log goes through a pipe: where the test's own goes to a file, that may be larger than the limit.
    fn start_with_log(command: Command) -> Self {
        let mut running = Self::spawn(command, Stdio::piped());
        let (log, noted) = (running.child.stderr.take().unwrap(), Arc::clone(&running.log));
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                eprintln!("{line}");
                noted.lock().unwrap().push_str(&line);
            }
        });
        running
    }

    fn spawn(mut command: Command, log: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let mut running = Self { child, lines, log: Arc::default(), url: String::new(), figures: None };
        running.url = loop {
            let line = running.lines.recv_timeout(PATIENCE).expect("it never said that it listens");
            if let Some(url) = line.strip_prefix(FIGURES) {
                running.figures = Some(url.to_owned());
            }
            if let Some(url) = line.strip_prefix(READY) {
                break url.to_owned();
            }
            if line == AT_WORK {
                break String::new();
            }
        };
        running
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// What it has logged, of one that was started so that a limit can be set.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// From now on no file of this server grows beyond so many bytes.
    pub fn limit_files(&self, bytes: u64) {
        self.set_limit(Some(bytes));
    }

    /// Files may grow again.
    pub fn lift_limit(&self) {
        self.set_limit(None);
    }

    fn set_limit(&self, bytes: Option<u64>) {
        let pid = Pid::from_child(&self.child);
        let maximum = getrlimit(Resource::Fsize).maximum;
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
    }

    /// Asks it to stop; gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

impl Running {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// A server whose memory is watched, and somebody with an account who calls it.
pub struct Measured {
    pub server: Running,
    client: reqwest::Client,
    token: String,
}

impl Measured {
    /// Starts it, and signs that account in.
    pub fn start(place: &Place, username: &str) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--no-relay"]);
        // Pages that are freed go back at once: what one request took is not there when the next one is measured.
        command.env("MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0");
        let server = Running::start(command);
        Self { token: token_of(place, &server, username), server, client: client() }
    }

    /// The most bytes that were resident since the peak was forgotten.
    pub fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// The peak is from now on what is resident now.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.server.pid()), "5").unwrap();
    }

    /// Sends a body; gives the status and the answer.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> (u16, String) {
        let request = self.client.request(method.as_str().parse().unwrap(), format!("{}{path}", self.server.url));
        let request = request.bearer_auth(&self.token).header("Content-Type", content_type).body(body);
        let answer = request.timeout(PATIENCE).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// An access token of that account.
pub fn token_of(place: &Place, server: &Running, username: &str) -> String {
    let mut command = place.command(&["token", "--staff", username]);
    let made = command.env("THIDUA_SERVER__PUBLIC_URL", &server.url).output().unwrap();
    assert!(made.status.success(), "{}", complaint(&made));
    out(&made).trim().to_owned()
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
