//! A PostgreSQL cluster of a test's own, which it may stop, start and spoil.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

/// A cluster on a free port of 127.0.0.1, gone when the test ends.
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes it, starts it, and lets the role `thidua` make databases in it.
    pub async fn start() -> Self {
        let programs = programs();
        // Not in TMPDIR, which only its owner may be able to enter: the cluster may run as another user.
        let folder = tempfile::Builder::new().prefix("thidua_cluster_").tempdir_in("/tmp").unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap().success());
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { folder, programs, port };
        let data = cluster.data();
        let settings = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        run(cluster.program("initdb", &[&["--pgdata", &data][..], &settings].concat()));
        // The machine does not crash, so nothing waits for its disk; what the server has written outlives the server.
        let socket = cluster.folder.path().display();
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{socket}'\nmax_connections = 40\n\
             fsync = off\n"
        );
        cluster.append_settings(&settings);
        run(cluster.control(&["--wait", "start"]));
        cluster.execute("CREATE ROLE thidua LOGIN CREATEDB").await;
        cluster
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Stops it in this mode (`fast`, `immediate`) and starts it again.
    pub async fn restart(&self, mode: &str) {
        let command = self.control(&["--wait", "--mode", mode, "restart"]);
        // Whoever loads the server goes on meanwhile.
        spawn_blocking(|| run(command)).await.unwrap();
    }

    /// Runs a statement as its superuser.
    pub async fn execute(&self, statement: &str) {
        let session = self.session("postgres").await;
        session.execute_unprepared(statement).await.unwrap();
        session.close().await.unwrap();
    }

    /// A session of its superuser. It may write whatever the server's default is.
    pub async fn session(&self, database: &str) -> DatabaseConnection {
        let may_write = "options[default_transaction_read_only]=off";
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable&{may_write}", self.port);
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.unwrap()
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn append_settings(&self, settings: &str) {
        let file = Path::new(&self.data()).join("postgresql.conf");
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, before + settings).unwrap();
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let (data, log) = (self.data(), self.folder.path().join("log").display().to_string());
        let usual = ["--pgdata", &data, "--log", &log, "--silent", "--timeout=30"];
        self.program("pg_ctl", &[&usual[..], arguments].concat())
    }

    /// One of PostgreSQL's programs: not as root, which they refuse.
    fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // A server that was started keeps what it inherits: no pipe of ours.
        command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

fn run(mut command: Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        if Path::new(&data).join("postmaster.pid").exists() {
            let _gone_already = self.control(&["--mode", "immediate", "stop"]).status();
        }
    }
}

/// Where `initdb` and `pg_ctl` are: in the PATH, or where Debian puts them.
fn programs() -> PathBuf {
    let in_path = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let of_debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut all: Vec<_> = of_debian.collect();
    all.sort();
    let found = in_path
        .into_iter()
        .chain(all.into_iter().rev())
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists());
    found.expect("this test starts a PostgreSQL of its own: install the server's programs initdb and pg_ctl")
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap();
    user.stdout.trim_ascii() == b"0"
}
