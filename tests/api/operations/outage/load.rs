//! A bounded load of check-ins, and what became of each.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::rt::spawn;
use chrono::Utc;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};
use uuid::Uuid;

use super::super::crash::Admin;
use crate::harness::Pledge;

/// How many send at once.
const SENDERS: usize = 6;
/// How long a sender rests after an answer.
const REST: Duration = Duration::from_millis(40);
/// How many answers in a row make a sender well again.
const IN_A_ROW: usize = 5;
/// How often it is looked whether something has come to pass.
const LOOK: Duration = Duration::from_millis(50);

/// One check-in and its answer.
pub struct Sent {
    pub sender: usize,
    pub checkin: Value,
    pub at: Instant,
    pub took: Duration,
    /// 0: none came.
    pub status: u16,
    pub code: String,
    pub says_when_to_return: bool,
}

impl Sent {
    pub const fn is_acknowledged(&self) -> bool {
        matches!(self.status, 200 | 201)
    }
}

/// Senders at work.
pub struct Load {
    sent: Rc<RefCell<Vec<Sent>>>,
    is_over: Rc<Cell<bool>>,
    senders: Vec<JoinHandle<()>>,
}

impl Load {
    pub fn of(admin: &Admin, pledge: &Pledge) -> Self {
        let sent: Rc<RefCell<Vec<Sent>>> = Rc::default();
        let is_over: Rc<Cell<bool>> = Rc::default();
        let senders = (0..SENDERS)
            .map(|sender| {
                let (admin, pledge, sent, is_over) =
                    (admin.clone(), pledge.clone(), Rc::clone(&sent), Rc::clone(&is_over));
                spawn(async move { send(sender, &admin, &pledge, &sent, &is_over).await })
            })
            .collect();
        Self { sent, is_over, senders }
    }

    /// Waits until every sender gets through again: a few times in a row, beginning at the latest `within` after `since`.
    pub async fn is_well(&self, since: Instant, within: Duration, what: &str) {
        let latest = since + within;
        while !(0..SENDERS).all(|sender| self.is_through(sender, since)) {
            let begun = Instant::now() < latest + within;
            assert!(begun, "{what}: {:?} later there is no full service: {}", since.elapsed(), self.last());
            sleep(LOOK).await;
        }
        let sent = self.sent.borrow();
        let late = sent.iter().filter(|sent| !sent.is_acknowledged() && sent.at > latest).count();
        assert_eq!(late, 0, "{what}: requests that began {within:?} after the end of it failed");
    }

    fn is_through(&self, sender: usize, since: Instant) -> bool {
        let sent = self.sent.borrow();
        let last: Vec<_> = sent.iter().rev().filter(|sent| sent.sender == sender).take(IN_A_ROW).collect();
        last.len() == IN_A_ROW && last.iter().all(|sent| sent.is_acknowledged() && sent.at >= since)
    }

    fn last(&self) -> String {
        let sent = self.sent.borrow();
        let last = sent.iter().rev().take(12);
        last.map(|sent| format!("{} {} after {:?}; ", sent.status, sent.code, sent.took)).collect()
    }

    /// How many were not acknowledged so far.
    pub fn refused(&self) -> usize {
        self.sent.borrow().iter().filter(|sent| !sent.is_acknowledged()).count()
    }

    /// Lets each sender come to its end; gives all that was sent.
    pub async fn end(self) -> Vec<Sent> {
        self.is_over.set(true);
        for sender in self.senders {
            sender.await.unwrap();
        }
        self.sent.take()
    }
}

async fn send(sender: usize, admin: &Admin, pledge: &Pledge, sent: &RefCell<Vec<Sent>>, is_over: &Cell<bool>) {
    while !is_over.get() {
        let id = Uuid::now_v7();
        let checkin = json!({"id": id, "commitment_id": pledge.commitment, "quantity": 1, "occurred_at": Utc::now()});
        let at = Instant::now();
        let answer = match admin.check_in(pledge, &checkin).await {
            Ok(answer) => {
                let says_when_to_return = answer.headers().contains_key("retry-after");
                let status = answer.status().as_u16();
                let body: Value = answer.json().await.unwrap_or_default();
                (status, body["code"].as_str().unwrap_or_default().to_owned(), says_when_to_return)
            }
            Err(error) => (0, error.to_string(), false),
        };
        let (status, code, says_when_to_return) = answer;
        let took = at.elapsed();
        sent.borrow_mut().push(Sent { sender, checkin, at, took, status, code, says_when_to_return });
        sleep(REST).await;
    }
}
