//! Time that stands still until a test moves it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, Utc};
use thidua::kit::values::Clock;

#[derive(Clone)]
pub struct TestClock {
    moment: Arc<Mutex<DateTime<Utc>>>,
    /// How far it moves each time that it is read, in microseconds.
    step: Arc<AtomicI64>,
}

impl TestClock {
    pub fn at(moment: &str) -> Self {
        Self { moment: Arc::new(Mutex::new(moment.parse().unwrap())), step: Arc::default() }
    }

    pub fn now(&self) -> DateTime<Utc> {
        let mut moment = self.moment.lock().unwrap();
        *moment += Duration::microseconds(self.step.load(Ordering::Relaxed));
        *moment
    }

    /// Lets it go on by a moment each time that it is read, as a real one does.
    pub fn let_it_run(&self) {
        self.step.store(1, Ordering::Relaxed);
    }

    pub fn advance(&self, by: Duration) {
        *self.moment.lock().unwrap() += by;
    }

    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::from_fn(move || clock.now())
    }
}
