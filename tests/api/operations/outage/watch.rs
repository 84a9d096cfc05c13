//! A load balancer that asks whether the server is ready, and a reader of the public page: all the while.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::rt::spawn;
use tokio::{task::JoinHandle, time::sleep};

use super::super::command::client;

/// Within what time `/readyz` answers, and tells the truth.
const TRUTH: Duration = Duration::from_secs(2);
const REST: Duration = Duration::from_millis(100);

/// What they see.
pub struct Watch {
    is_ready: Rc<Cell<Option<bool>>>,
    is_over: Rc<Cell<bool>>,
    faults: Rc<RefCell<Vec<String>>>,
    watchers: [JoinHandle<()>; 2],
}

impl Watch {
    pub fn of(server: &str) -> Self {
        let is_ready: Rc<Cell<Option<bool>>> = Rc::default();
        let is_over: Rc<Cell<bool>> = Rc::default();
        let faults: Rc<RefCell<Vec<String>>> = Rc::default();
        let balancer = {
            let (server, ready, over, faults) =
                (server.to_owned(), Rc::clone(&is_ready), Rc::clone(&is_over), Rc::clone(&faults));
            spawn(async move { balance(&server, &ready, &over, &faults).await })
        };
        let reader = {
            let (server, over, faults) = (server.to_owned(), Rc::clone(&is_over), Rc::clone(&faults));
            spawn(async move { read(&server, &over, &faults).await })
        };
        Self { is_ready, is_over, faults, watchers: [balancer, reader] }
    }

    /// Waits until `/readyz` says so, no longer than it may take.
    pub async fn says(&self, is_ready: bool, what: &str) {
        let since = Instant::now();
        while self.is_ready.get() != Some(is_ready) {
            assert!(since.elapsed() < TRUTH, "{what}: /readyz does not say so after {TRUTH:?}");
            sleep(REST / 4).await;
        }
    }

    pub async fn end(self) {
        self.is_over.set(true);
        for watcher in self.watchers {
            watcher.await.unwrap();
        }
        let faults = self.faults.take();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

async fn balance(server: &str, is_ready: &Cell<Option<bool>>, is_over: &Cell<bool>, faults: &RefCell<Vec<String>>) {
    let client = client();
    while !is_over.get() {
        let asked = Instant::now();
        let answer = client.get(format!("{server}/readyz")).send().await;
        let took = asked.elapsed();
        match answer.map(|answer| answer.status().as_u16()) {
            Ok(200) => is_ready.set(Some(true)),
            Ok(503) => is_ready.set(Some(false)),
            other => faults.borrow_mut().push(format!("/readyz: {other:?}")),
        }
        if took > TRUTH {
            faults.borrow_mut().push(format!("/readyz took {took:?}"));
        }
        sleep(REST).await;
    }
}

async fn read(server: &str, is_over: &Cell<bool>, faults: &RefCell<Vec<String>>) {
    let client = client();
    while !is_over.get() {
        let asked = Instant::now();
        let answer = client.get(format!("{server}/v1/activities")).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        if !matches!(status, Ok(200)) {
            faults.borrow_mut().push(format!("a public page: {status:?} after {:?}", asked.elapsed()));
        }
        sleep(REST).await;
    }
}
