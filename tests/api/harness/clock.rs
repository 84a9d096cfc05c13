//! Time that stands still until a test moves it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use thidua::kit::clock::Clock;

#[derive(Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    pub fn at(moment: &str) -> Self {
        Self(Arc::new(Mutex::new(moment.parse().unwrap())))
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn clock(&self) -> Clock {
        let moment = Arc::clone(&self.0);
        Clock::from_fn(move || *moment.lock().unwrap())
    }
}
