//! What every test leans on: a server in this process on a database of its own, callers, and makers of dull, valid things.

mod answer;
mod clock;
mod database;
mod log;
mod machine;
mod makers;
mod zalo;

use std::{future::Future, pin::Pin, rc::Rc, thread};

use actix_service::IntoServiceFactory;
use actix_web::{
    body::MessageBody,
    dev::{AppConfig, Service as _, ServiceFactory, ServiceResponse},
    http::Method,
    test::{TestRequest, init_service, read_body},
    web::Data,
};
use serde_json::Value;
use tempfile::TempDir;
use thidua::{
    app::App,
    config::Config,
    db::Actor,
    identity::{sessions, staff},
    kit::{
        http::Role,
        secrets::{Vault, jwt::ACCESS_TOKEN_LIFE},
        values::MemberId,
    },
    organisation::imports,
    relay::worker,
    server::{Server, ServerParts},
};

pub use answer::{Answer, has_blank};
pub use clock::TestClock;
pub use database::TestDatabase;
pub use log::{has_heard, heard, listen};
pub use machine::have_the_machine_alone;
pub use makers::*;
pub use zalo::{MINI_APP_API_KEY, ZaloStandIn};

const START: &str = "2026-03-10T02:00:00Z";
const MASTER_KEY: [u8; 32] = [42; 32];

type Call = Rc<dyn Fn(actix_http::Request) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// A server, its database and its clock.
pub struct TestApp {
    pub app: Data<App>,
    pub clock: TestClock,
    pub admin: Person,
    call: Call,
    inside: Call,
    /// Where files go: pictures, and the log of erasures.
    pub files: TempDir,
    /// Last: the database goes when everything that uses it has gone.
    database: database::TestDatabase,
}

/// Somebody with an access token.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub token: String,
}

impl TestApp {
    /// On a fresh, migrated database; Zalo is out of reach.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(TestClock::at(START), change).await
    }

    /// With a stand-in for the Zalo platform, to which the settings point.
    pub async fn start_with_zalo() -> (Self, ZaloStandIn) {
        Self::start_with_zalo_and(|_| {}).await
    }

    /// The same with other settings.
    pub async fn start_with_zalo_and(change: impl FnOnce(&mut Config)) -> (Self, ZaloStandIn) {
        let clock = TestClock::at(START);
        let zalo = ZaloStandIn::start(&clock);
        let app = Self::start_at(clock, |config| {
            zalo.settle(config);
            change(config);
        })
        .await;
        (app, zalo)
    }

    async fn start_at(clock: TestClock, change: impl FnOnce(&mut Config)) -> Self {
        thidua::install_crypto();
        let mut config = database::test_config();
        let files = tempfile::tempdir().unwrap();
        config.media.directory = files.path().join("media").display().to_string();
        config.erasures.log = files.path().join("erasures.log").display().to_string();
        change(&mut config);
        let database = database::TestDatabase::create().await;
        let db = database.connect().await;
        let vault = Vault::new(MASTER_KEY);
        let server = Server::build(ServerParts { config, db, clock: clock.clock(), vault }).await.unwrap();
        let (call, inside) = (call_of(server.service()).await, call_of(server.internal_service()).await);
        let app = server.app.clone();
        let admin = make_admin(&app, "admin").await;
        Self { app, clock, admin, call, inside, files, database }
    }

    /// Another replica on the same database, without a server.
    pub async fn replica(&self) -> Data<App> {
        self.replica_server().await.app
    }

    /// Another replica on the same database, to which requests go by `via`.
    pub async fn replica_server(&self) -> Replica {
        self.replica_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn replica_with(&self, change: impl FnOnce(&mut Config)) -> Replica {
        let (mut config, clock) = (self.app.config.as_ref().clone(), self.clock.clock());
        change(&mut config);
        let (db, vault) = (self.database.connect().await, Vault::new(MASTER_KEY));
        let server = Server::build(ServerParts { config, db, clock, vault }).await.unwrap();
        Replica { app: server.app.clone(), call: call_of(server.service()).await }
    }

    /// Lets the relay work until nothing is left to do.
    pub async fn run_relay(&self) {
        self.run_relay_of(&self.app).await;
    }

    /// The same on another replica.
    pub async fn run_relay_of(&self, app: &Data<App>) {
        while !worker::tick(app).await.unwrap().is_idle() {}
    }

    /// Writes to the database past the application, as nobody should.
    pub fn execute(&self, statement: impl Into<String>) {
        self.database.execute(statement);
    }

    /// How many rows a query gives.
    pub fn count(&self, query: impl Into<String>) -> usize {
        self.database.count(query)
    }

    /// Lets the imports be brought in until nothing is left to do.
    pub async fn run_imports(&self) {
        while imports::step(&self.app).await.unwrap() != imports::Step::Idle {}
    }

    pub fn get(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::GET, url)
    }

    /// From the internal listener.
    pub fn get_inside(&self, url: impl AsRef<str>) -> Request {
        Request { call: Rc::clone(&self.inside), inner: TestRequest::with_uri(url.as_ref()) }
    }

    pub fn post(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::POST, url)
    }

    pub fn put(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::PUT, url)
    }

    pub fn patch(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::PATCH, url)
    }

    pub fn delete(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::DELETE, url)
    }

    /// The file of the embedded database; none on PostgreSQL.
    pub fn database_file(&self) -> Option<std::path::PathBuf> {
        self.database.file()
    }

    /// Where the database is, for commands.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    pub fn request(&self, method: Method, url: impl AsRef<str>) -> Request {
        Request { call: Rc::clone(&self.call), inner: TestRequest::with_uri(url.as_ref()).method(method) }
    }

    /// Another admin, with a staff account of that name.
    pub async fn another_admin(&self, username: &str) -> Person {
        make_admin(&self.app, username).await
    }

    /// An access token of this member, in a session of its own.
    pub async fn sign_in(&self, member_id: &str) -> Person {
        let member = MemberId(member_id.parse().unwrap());
        let token = self
            .app
            .change_as(Actor::system(), async |tx| {
                sessions::token_for_scripts(&self.app, tx, member, ACCESS_TOKEN_LIFE).await
            })
            .await
            .unwrap();
        Person { id: member_id.to_owned(), token }
    }
}

/// Another server on the same database.
pub struct Replica {
    pub app: Data<App>,
    call: Call,
}

async fn call_of<I, S, B>(application: I) -> Call
where
    I: IntoServiceFactory<S, actix_http::Request> + 'static,
    S: ServiceFactory<
            actix_http::Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let service = Rc::new(init_service(application).await);
    Rc::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let response = match service.call(request).await {
                Ok(response) => response,
                Err(error) => panic!("an error left the application unworded: {error}"),
            };
            let (status, headers) = (response.status(), response.headers().clone());
            Answer::new(status, headers, read_body(response).await)
        })
    })
}

/// Whatever was claimed must have been given back.
impl Drop for TestApp {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        for (table, is_claimed) in [("delivery", "status = 'sending'"), ("import", "lease_until IS NOT NULL")] {
            if self.database.has_table(table) {
                let claimed = self.count(format!("SELECT id FROM {table} WHERE {is_claimed}"));
                assert_eq!(claimed, 0, "leases left behind in {table}");
            }
        }
    }
}

async fn make_admin(app: &Data<App>, username: &str) -> Person {
    let (id, token) = app
        .change_as(Actor::system(), async |tx| {
            let id = staff::create(tx, &app.vault, username, "no password".into(), Role::Admin, None).await?;
            Ok((id, sessions::token_for_scripts(app, tx, id, ACCESS_TOKEN_LIFE).await?))
        })
        .await
        .unwrap();
    Person { id: id.to_string(), token }
}

/// A request in the making; await it to send it.
pub struct Request {
    call: Call,
    inner: TestRequest,
}

impl Request {
    pub fn caller(self, person: &Person) -> Self {
        self.header("Authorization", &format!("Bearer {}", person.token))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.inner = self.inner.insert_header((name, value));
        self
    }

    /// Sends it to another replica.
    pub fn via(mut self, replica: &Replica) -> Self {
        self.call = Rc::clone(&replica.call);
        self
    }

    /// A form, as browsers and OAuth clients send it.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    pub fn json(mut self, body: Value) -> Self {
        self.inner = self.inner.set_json(body);
        self
    }

    pub fn body(self, content_type: &str, body: impl Into<String>) -> Self {
        self.bytes(content_type, body.into().into_bytes())
    }

    pub fn bytes(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.inner = self.inner.insert_header(("Content-Type", content_type)).set_payload(body);
        self
    }

    /// A form with texts and a file, as browsers send it.
    pub fn multipart(self, texts: &[(&str, &str)], file_name: &str, file: &[u8]) -> Self {
        let boundary = format!("----{}", uuid::Uuid::now_v7().simple());
        let mut body = Vec::new();
        for (name, text) in texts {
            let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend_from_slice(file);
        body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        self.bytes(&format!("multipart/form-data; boundary={boundary}"), body)
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer>>>;

    fn into_future(self) -> Self::IntoFuture {
        (self.call)(self.inner.to_request())
    }
}
