//! The stand-in for the Zalo platform, on a port of its own.

use std::net::TcpListener;

use actix_web::{dev::ServerHandle, rt, web::Data};
use thidua::{
    config::Config,
    sandbox::zalo::{self, Endpoint, Faults, Person as ZaloPerson, Sent, Stage},
};

use super::TestClock;

const APP_ID: &str = "4212345678901234567";
const APP_SECRET: &str = "secret-of-the-zalo-app";
/// What Zalo signs its events of the Mini App with.
pub const MINI_APP_API_KEY: &str = "open-api-key-of-the-mini-app";

/// The stand-in and who is on it.
pub struct ZaloStandIn {
    stage: Data<Stage>,
    url: String,
    server: ServerHandle,
}

impl ZaloStandIn {
    /// Serves it in this process; its time is the test's.
    pub fn start(clock: &TestClock) -> Self {
        Self::start_with(clock, people())
    }

    /// The same with other people on it.
    pub fn start_with(clock: &TestClock, people: Vec<ZaloPerson>) -> Self {
        let clock = clock.clone();
        let stage = Data::new(Stage::new(APP_ID, APP_SECRET, people, std::sync::Arc::new(move || clock.now())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = zalo::serve(listener, stage.clone()).unwrap();
        let handle = server.handle();
        rt::spawn(server);
        Self { stage, url, server: handle }
    }

    /// Points the settings at it.
    pub fn settle(&self, config: &mut Config) {
        config.zalo.graph_url.clone_from(&self.url);
        config.zalo.oauth_url.clone_from(&self.url);
        config.zalo.openapi_url.clone_from(&self.url);
        config.zalo.app_id = APP_ID.into();
        config.zalo.app_secret = APP_SECRET.into();
        config.zalo.mini_app_api_key = MINI_APP_API_KEY.into();
        config.zalo.oa_refresh_token = self.stage.first_refresh_token().into();
    }

    /// Somebody who follows the Official Account and wrote to it of late.
    pub fn follower(&self) -> &ZaloPerson {
        &self.stage.people()[0]
    }

    /// Somebody else who does.
    pub fn other_follower(&self) -> &ZaloPerson {
        &self.stage.people()[1]
    }

    /// Somebody who follows it but has not written for a week.
    pub fn silent_follower(&self) -> &ZaloPerson {
        &self.stage.people()[2]
    }

    /// Somebody who does not follow it.
    pub fn stranger(&self) -> &ZaloPerson {
        &self.stage.people()[3]
    }

    pub fn phone_code(&self, person: &ZaloPerson) -> String {
        self.stage.mint_phone_code(&person.access_token).unwrap()
    }

    pub fn location_code(&self, person: &ZaloPerson) -> String {
        self.stage.mint_location_code(&person.access_token).unwrap()
    }

    /// Turns the fault dial to one of Zalo's own numbers.
    pub fn refuse_with(&self, error: i64) {
        self.stage.set_faults(Faults { error: Some(error), ..Faults::default() });
    }

    /// What the Official Account sent, newest first.
    pub fn sent(&self) -> Vec<Sent> {
        self.stage.sent()
    }

    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.stage.calls(endpoint)
    }

    /// Turns the fault dial to an HTTP status.
    pub fn answer_with(&self, status: u16) {
        self.stage.set_faults(Faults { status: Some(status), ..Faults::default() });
    }

    /// Takes so long to answer.
    pub fn answer_after(&self, delay: std::time::Duration) {
        let delay_ms = Some(u64::try_from(delay.as_millis()).unwrap());
        self.stage.set_faults(Faults { delay_ms, ..Faults::default() });
    }

    /// A refresh token that somebody got by consenting once more.
    pub fn new_refresh_token(&self) -> String {
        self.stage.first_refresh_token()
    }

    /// Expires the access tokens of the Official Account.
    pub fn expire_tokens(&self) {
        self.stage.set_faults(Faults { expire_tokens: true, ..Faults::default() });
        self.work_again();
    }

    pub fn work_again(&self) {
        self.stage.set_faults(Faults::default());
    }
}

impl Drop for ZaloStandIn {
    fn drop(&mut self) {
        // The command is given by the call; nobody needs to wait for its end.
        drop(self.server.stop(false));
    }
}

fn people() -> Vec<ZaloPerson> {
    [("Trần Văn An", true, true), ("Lê Thị Bình", true, true), ("K'Chi", true, false), ("Phạm Dũng", false, false)]
        .into_iter()
        .zip(1..)
        .map(|((name, follows_oa, inside_window), number)| ZaloPerson {
            zalo_id: format!("735712345678901234{number}"),
            oa_user_id: format!("881212345678901234{number}"),
            name: name.to_owned(),
            phone: format!("8490123456{number}"),
            access_token: format!("access-token-of-{number}"),
            follows_oa,
            inside_window,
        })
        .collect()
}
