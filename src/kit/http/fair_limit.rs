//! Turns for calls to somebody else's service, a few at once, with a short queue that no network has for itself: those who
//! wait are served network by network, and where the queue is full the network with the most in it gives a place up.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use super::network::Network;

/// How many wait for one turn, at the most.
const QUEUE: usize = 16;
/// How long anybody waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// A few turns at once.
#[derive(Clone, Debug)]
pub struct FairLimit(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    line: Mutex<Line>,
    at_once: usize,
    places: usize,
}

#[derive(Debug, Default)]
struct Line {
    taken: usize,
    waiting: usize,
    /// Those that nothing speaks against go first.
    clean: Lane,
    suspect: Lane,
}

#[derive(Debug, Default)]
struct Lane {
    /// Whose turn it is next. Each network that has somebody waiting stands here once.
    order: VecDeque<Network>,
    waiting: HashMap<Network, VecDeque<Waiter>>,
}

#[derive(Debug)]
struct Waiter {
    units: usize,
    wake: oneshot::Sender<FairPermit>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct FairPermit {
    shared: Arc<Shared>,
    units: usize,
}

/// The queue is full, or too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl FairLimit {
    /// So many units at once.
    pub fn new(at_once: usize) -> Self {
        let places = at_once.saturating_mul(QUEUE);
        Self(Arc::new(Shared { line: Mutex::default(), at_once, places }))
    }

    /// The next turn of this network, of so many units (at most all there are). Those of a `suspect` network come after all
    /// others.
    pub async fn take(&self, network: Network, is_suspect: bool, units: usize) -> Result<FairPermit, Busy> {
        let units = units.clamp(1, self.0.at_once.max(1));
        let turn = {
            let mut line = self.0.line();
            if line.waiting == 0 && line.taken.saturating_add(units) <= self.0.at_once {
                line.taken = line.taken.saturating_add(units);
                return Ok(FairPermit { shared: Arc::clone(&self.0), units });
            }
            if line.waiting >= self.0.places {
                line.forget_who_left();
            }
            if line.waiting >= self.0.places && !line.make_room(network, is_suspect) {
                return Err(Busy);
            }
            let (wake, turn) = oneshot::channel();
            line.push(network, is_suspect, Waiter { units, wake });
            turn
        };
        // One who gave up leaves room for somebody smaller behind them.
        self.0.serve();
        timeout(PATIENCE, turn).await.map_err(|_elapsed| Busy)?.map_err(|_made_room| Busy)
    }

    /// How many units are taken, and how many wait.
    pub fn in_line(&self) -> (usize, usize) {
        let line = self.0.line();
        (line.taken, line.waiting)
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those whose turn it is.
    fn serve(self: &Arc<Self>) {
        loop {
            let mut line = self.line();
            let room = self.at_once.saturating_sub(line.taken);
            let Some(waiter) = line.pop(room) else { return };
            line.taken = line.taken.saturating_add(waiter.units);
            drop(line);
            // Whoever has left meanwhile drops the turn, which serves the next.
            let _left = waiter.wake.send(FairPermit { shared: Arc::clone(self), units: waiter.units });
        }
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        {
            let mut line = self.shared.line();
            line.taken = line.taken.saturating_sub(self.units);
        }
        self.shared.serve();
    }
}

impl Line {
    const fn lane(&mut self, is_suspect: bool) -> &mut Lane {
        if is_suspect { &mut self.suspect } else { &mut self.clean }
    }

    fn push(&mut self, network: Network, is_suspect: bool, waiter: Waiter) {
        self.waiting = self.waiting.saturating_add(1);
        self.lane(is_suspect).push(network, waiter);
    }

    /// The next one, if there is room for them. Nobody goes past whoever is next.
    fn pop(&mut self, room: usize) -> Option<Waiter> {
        loop {
            let is_suspect = self.clean.order.is_empty();
            let lane = self.lane(is_suspect);
            let next = lane.peek()?;
            if next.wake.is_closed() {
                lane.pop();
                self.waiting = self.waiting.saturating_sub(1);
                continue;
            }
            if next.units > room {
                return None;
            }
            self.waiting = self.waiting.saturating_sub(1);
            return self.lane(is_suspect).pop();
        }
    }

    /// Sends the last of the network home that has the most places. False when whoever asks would then have as many.
    fn make_room(&mut self, network: Network, is_suspect: bool) -> bool {
        let from_suspect = !self.suspect.order.is_empty();
        if is_suspect && !from_suspect {
            return false;
        }
        let lane = self.lane(from_suspect);
        let Some((most, count)) = lane.largest() else { return false };
        let own = lane.waiting.get(&network).map_or(0, VecDeque::len);
        if from_suspect == is_suspect && own.saturating_add(1) >= count {
            return false;
        }
        lane.drop_last(most);
        self.waiting = self.waiting.saturating_sub(1);
        true
    }

    fn forget_who_left(&mut self) {
        self.waiting = self.clean.forget_who_left().saturating_add(self.suspect.forget_who_left());
    }
}

impl Lane {
    fn push(&mut self, network: Network, waiter: Waiter) {
        let own = self.waiting.entry(network).or_default();
        if own.is_empty() {
            self.order.push_back(network);
        }
        own.push_back(waiter);
    }

    fn peek(&self) -> Option<&Waiter> {
        self.waiting.get(self.order.front()?)?.front()
    }

    /// The first of the network whose turn it is, which then goes to the end.
    fn pop(&mut self) -> Option<Waiter> {
        let network = self.order.pop_front()?;
        let own = self.waiting.get_mut(&network)?;
        let waiter = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.order.push_back(network);
        }
        waiter
    }

    fn largest(&self) -> Option<(Network, usize)> {
        let sizes = self.waiting.iter().map(|(network, own)| (*network, own.len()));
        sizes.max_by_key(|(_, size)| *size)
    }

    fn drop_last(&mut self, network: Network) {
        if let Some(own) = self.waiting.get_mut(&network) {
            own.pop_back();
            if own.is_empty() {
                self.waiting.remove(&network);
                self.order.retain(|other| *other != network);
            }
        }
    }

    /// Gives how many are left.
    fn forget_who_left(&mut self) -> usize {
        for own in self.waiting.values_mut() {
            own.retain(|waiter| !waiter.wake.is_closed());
        }
        self.waiting.retain(|_, own| !own.is_empty());
        let waiting = &self.waiting;
        self.order.retain(|network| waiting.contains_key(network));
        waiting.values().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, sync::Mutex as Plain};

    use futures_util::{
        FutureExt as _,
        future::{join, join_all},
    };

    use super::*;

    fn network(last: u8) -> Network {
        Network::narrow([203, 0, 113, last].into())
    }

    /// Takes a turn, notes who had it, and gives it back.
    async fn visit(turns: &FairLimit, last: u8, is_suspect: bool, seen: &Plain<Vec<u8>>) -> bool {
        let turn = turns.take(network(last), is_suspect, 1).await;
        if turn.is_ok() {
            seen.lock().unwrap().push(last);
        }
        turn.is_ok()
    }

    #[actix_web::test]
    async fn a_network_with_many_who_wait_holds_up_no_other() {
        let (turns, seen) = (FairLimit::new(1), Plain::default());
        let first = turns.take(network(9), false, 1).await.unwrap();
        let flood = join_all((0..10).map(|_| visit(&turns, 1, false, &seen)));
        let others = join_all([2, 3].map(|last| visit(&turns, last, false, &seen)));
        let release = async { drop(first) };

        join(join(flood, others), release).await;

        assert_eq!(seen.lock().unwrap().get(..5), Some([1, 2, 3, 1, 1].as_slice()));
    }

    #[actix_web::test]
    async fn where_the_queue_is_full_the_network_that_fills_it_gives_a_place_up() {
        let (turns, seen) = (FairLimit::new(1), Plain::default());
        let first = turns.take(network(9), false, 1).await.unwrap();
        let flood = join_all((0..QUEUE + 5).map(|_| visit(&turns, 1, false, &seen)));
        let other = visit(&turns, 2, false, &seen);
        let release = async { drop(first) };

        let ((flood, other), ()) = join(join(flood, other), release).await;

        assert!(other);
        assert_eq!(flood.into_iter().filter(|was_served| *was_served).count(), QUEUE - 1);
    }

    #[actix_web::test]
    async fn those_who_are_suspect_come_last_and_never_take_the_place_of_another() {
        let (turns, seen) = (FairLimit::new(1), Plain::default());
        let first = turns.take(network(9), false, 1).await.unwrap();
        let suspects =
            join_all((0..QUEUE).map(|number| visit(&turns, u8::try_from(10 + number).unwrap(), true, &seen)));
        let others = join_all([1, 1, 2].map(|last| visit(&turns, last, false, &seen)));
        let late = visit(&turns, 7, true, &seen);
        let release = async { drop(first) };

        let ((suspects, (others, late)), ()) = join(join(suspects, join(others, late)), release).await;

        assert!(others.into_iter().all(|was_served| was_served) && !late);
        assert_eq!(suspects.into_iter().filter(|was_served| *was_served).count(), QUEUE - 3);
        assert_eq!(seen.lock().unwrap().get(..3), Some([1, 2, 1].as_slice()));
    }

    #[actix_web::test]
    async fn a_turn_of_several_units_waits_for_all_of_them_and_nobody_goes_past_it() {
        let turns = FairLimit::new(2);
        let first = turns.take(network(1), false, 1).await.unwrap();
        let mut large = pin!(turns.take(network(2), false, 2));
        let mut small = pin!(turns.take(network(3), false, 1));
        assert!(large.as_mut().now_or_never().is_none() && small.as_mut().now_or_never().is_none());

        drop(first);

        let large = large.await.unwrap();
        assert!(small.as_mut().now_or_never().is_none());
        drop(large);
        small.await.unwrap();
        assert_eq!(turns.in_line(), (0, 0));
    }

    #[actix_web::test]
    async fn whoever_leaves_gives_their_place_and_their_turn_back() {
        let turns = FairLimit::new(1);
        let first = turns.take(network(1), false, 1).await.unwrap();
        {
            let mut gone: std::pin::Pin<Box<dyn Future<Output = _>>> = Box::pin(turns.take(network(2), false, 1));
            assert!(gone.as_mut().now_or_never().is_none());
        }
        let mut woken = Box::pin(turns.take(network(3), false, 1));
        assert!(woken.as_mut().now_or_never().is_none());
        drop(first);
        // It was given the turn and is dropped before it has looked.
        drop(woken);

        assert!(turns.take(network(4), false, 1).now_or_never().is_some_and(|turn| turn.is_ok()));
        assert_eq!(turns.in_line(), (0, 0));
    }
}
