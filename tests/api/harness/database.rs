//! A database for each test, copied from one that was migrated once.

use std::{env, path::Path, thread};

use config::Environment;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use tempfile::TempDir;
use thidua::{config::Config, db::Db};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::machine::share_the_machine;

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

/// What new databases are copied from.
enum Template {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

/// A database that goes when the test ends.
pub enum TestDatabase {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

/// The defaults, without what the developer's environment says, with limits that no test meets by chance.
pub fn test_config() -> Config {
    let nothing = Environment::with_prefix("THIDUA").source(Some(std::collections::HashMap::new()));
    let mut config = Config::load_with(None, nothing).unwrap();
    config.rate_limit.per_address = 1_000_000.try_into().unwrap();
    config.rate_limit.per_member = 1_000_000.try_into().unwrap();
    config.server.public_url = "http://127.0.0.1:8080".into();
    config
}

impl TestDatabase {
    pub async fn create() -> Self {
        share_the_machine();
        match TEMPLATE.get_or_init(make_template).await {
            Template::Sqlite(template) => {
                let folder = tempfile::tempdir().unwrap();
                std::fs::copy(template.path().join("thidua.db"), folder.path().join("thidua.db")).unwrap();
                Self::Sqlite(folder)
            }
            Template::Postgres { server, name: template } => {
                let name = format!("thidua_test_{}", Uuid::now_v7().simple());
                run(server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self::Postgres { server: server.clone(), name }
            }
        }
    }

    /// An empty database, as a new user has it.
    pub async fn create_empty() -> Self {
        share_the_machine();
        match server() {
            None => Self::Sqlite(tempfile::tempdir().unwrap()),
            Some(server) => {
                let name = format!("thidua_test_{}", Uuid::now_v7().simple());
                run(&server, &format!("CREATE DATABASE {name}")).await;
                Self::Postgres { server, name }
            }
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<std::path::PathBuf> {
        match self {
            Self::Sqlite(folder) => Some(folder.path().join("thidua.db")),
            Self::Postgres { .. } => None,
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => sqlite_url(&folder.path().join("thidua.db")),
            Self::Postgres { server, name } => with_name(server, name),
        }
    }

    /// How many rows a query gives, for whoever cannot wait for a future.
    pub fn count(&self, query: impl Into<String>) -> usize {
        let (url, query) = (self.url(), query.into());
        let counting = move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let connection = Database::connect(&url).await.unwrap();
                let statement = Statement::from_string(connection.get_database_backend(), query);
                let rows = connection.query_all_raw(statement).await.unwrap().len();
                connection.close().await.unwrap();
                rows
            })
        };
        thread::spawn(counting).join().unwrap()
    }

    /// Is the table there? A test may have taken it away.
    pub fn has_table(&self, name: &str) -> bool {
        let tables = match self {
            Self::Sqlite(_) => "SELECT 1 FROM sqlite_master WHERE name",
            Self::Postgres { .. } => "SELECT 1 FROM pg_tables WHERE tablename",
        };
        self.count(format!("{tables} = '{name}'")) > 0
    }

    /// Writes to it past the application, as nobody should.
    pub fn execute(&self, statement: impl Into<String>) {
        let (url, statement) = (self.url(), statement.into());
        let writing = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&url, &statement));
        };
        thread::spawn(writing).join().unwrap();
    }

    pub async fn connect(&self) -> Db {
        Db::connect(&self.url(), 4).await.unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            let (server, statement) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            let dropping = thread::spawn(move || {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(run(&server, &statement));
            });
            let _panicked = dropping.join();
        }
    }
}

async fn make_template() -> Template {
    match server() {
        None => {
            let folder = tempfile::tempdir().unwrap();
            let db = Db::connect(&sqlite_url(&folder.path().join("thidua.db")), 1).await.unwrap();
            db.migrate().await.unwrap();
            db.close().await.unwrap();
            Template::Sqlite(folder)
        }
        Some(server) => {
            let name = format!("thidua_template_{}", std::process::id());
            run(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            run(&server, &format!("CREATE DATABASE {name}")).await;
            let db = Db::connect(&with_name(&server, &name), 2).await.unwrap();
            db.migrate().await.unwrap();
            db.close().await.unwrap();
            Template::Postgres { server, name }
        }
    }
}

/// The PostgreSQL server to test on; none: SQLite. Two connections for each test: on this very machine they need no TLS.
fn server() -> Option<String> {
    let mut url = url::Url::parse(&env::var("TEST_DATABASE_URL").ok()?).unwrap();
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    if is_here && !url.query_pairs().any(|(name, _)| name == "sslmode") {
        url.query_pairs_mut().append_pair("sslmode", "disable");
    }
    Some(url.into())
}

async fn run(server: &str, statement: &str) {
    let connection = Database::connect(server).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn with_name(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}
