//! Open connections: what each waits for and since when. One that has waited too long is cut, and so is the one that has
//! waited longest where a new client would find no room. What the server itself still works on is never cut.
//!
//! HTTP itself is `actix-http`'s, which ends a first head after its time and an idle connection after its own, and nothing
//! else: not a later head, not an answer that nobody reads.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Waker,
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;

use super::rate_limit::network_of;

/// How long the head of a request may take, from its first byte, or from the beginning of the connection.
pub const HEAD: Duration = Duration::from_secs(10);
/// How long a connection is kept between two requests: longer than proxies keep theirs, so that they close first.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long an answer may take altogether. A stream is an answer.
const ANSWER: Duration = Duration::from_secs(10 * 60);
/// How long a connection lives on after its last answer.
const CLOSING: Duration = Duration::from_secs(5);
/// How long a client may read nothing. Each `SLOWEST_READER` bytes that it takes give it back a second.
pub const UNREAD: Duration = Duration::from_secs(30);
/// The fewest bytes of an answer that a client takes in a second, in the long run.
const SLOWEST_READER: u64 = 4 * 1024;
/// `actix-http` answers a first head that is late with a 408 and ends an idle connection gracefully; it goes first.
const GRACE: Duration = Duration::from_secs(2);

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The head of a request.
    Head,
    /// The next request.
    Idle,
    /// The body of a request.
    Body,
    /// The server.
    Work,
    /// The client, which takes the answer; or the server, which still makes it.
    Answer,
    /// Its end.
    Closing,
}

const PHASES: [Phase; 6] = [Phase::Head, Phase::Idle, Phase::Body, Phase::Work, Phase::Answer, Phase::Closing];
const PHASE_BITS: u32 = 3;

impl Phase {
    const fn code(self) -> u64 {
        match self {
            Self::Head => 0,
            Self::Idle => 1,
            Self::Body => 2,
            Self::Work => 3,
            Self::Answer => 4,
            Self::Closing => 5,
        }
    }

    /// How long it may last; none where something else bounds it: the deadlines of bodies and requests (`kit::http::deadline`).
    const fn limit(self) -> Option<Duration> {
        match self {
            Self::Head => Some(HEAD.saturating_add(GRACE)),
            Self::Idle => Some(KEEP_ALIVE.saturating_add(GRACE)),
            Self::Body | Self::Work => None,
            Self::Answer => Some(ANSWER),
            Self::Closing => Some(CLOSING),
        }
    }
}

/// One open connection.
#[derive(Debug)]
pub struct Connection {
    /// The others of its listener.
    others: Weak<Connections>,
    network: IpAddr,
    opened: Instant,
    /// The phase, and above its bits the milliseconds after `opened` at which it began.
    phase: AtomicU64,
    /// The millisecond after `opened` since when the client takes nothing, plus one; 0 while it takes what comes.
    blocked: AtomicU64,
    /// For how many milliseconds it may go on so.
    patience: AtomicU64,
    is_cut: AtomicBool,
    /// Does the server hold something of the body that is on its way?
    holds_body: AtomicBool,
    waker: AtomicWaker,
}

impl Connection {
    fn new(network: IpAddr, others: Weak<Connections>) -> Self {
        Self {
            others,
            network,
            opened: Instant::now(),
            phase: AtomicU64::new(Phase::Head.code()),
            blocked: AtomicU64::new(0),
            patience: AtomicU64::new(millis(UNREAD)),
            is_cut: AtomicBool::new(false),
            holds_body: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    /// What it waits for from now on. One that waits for its end does so until then.
    pub fn set(&self, phase: Phase) {
        self.holds_body.store(false, Ordering::Relaxed);
        if self.phase().0 != Phase::Closing {
            self.phase.store((self.age() << PHASE_BITS) | phase.code(), Ordering::Relaxed);
        }
    }

    /// Something of the body that is on its way is held in memory.
    pub fn holds_body(&self) {
        self.holds_body.store(true, Ordering::Relaxed);
    }

    /// Bytes have come: between two requests they begin the next head.
    pub fn has_read(&self) {
        if self.phase().0 == Phase::Idle {
            self.set(Phase::Head);
        }
    }

    /// The client has taken so many bytes.
    pub fn has_written(&self, bytes: usize) {
        let since = self.blocked.load(Ordering::Relaxed);
        let full = millis(UNREAD);
        let mut patience = self.patience.load(Ordering::Relaxed);
        if since == 0 && patience == full {
            return;
        }
        if since > 0 {
            self.blocked.store(0, Ordering::Relaxed);
            patience = patience.saturating_sub(self.age().saturating_sub(since));
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let earned = bytes.saturating_mul(1000) / SLOWEST_READER;
        self.patience.store(patience.saturating_add(earned).min(full), Ordering::Relaxed);
    }

    /// The client takes no more for now.
    pub fn is_blocked(&self) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.blocked.store(self.age().saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Does the client take nothing of what is there for it?
    pub fn takes_nothing(&self) -> bool {
        self.unread() > 0
    }

    /// Remembers whom to wake when it is cut. Says whether it is.
    pub fn is_cut(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        self.is_cut.load(Ordering::Acquire)
    }

    /// Cuts the one among all of its listener whose body has been on its way longest.
    pub fn cut_longest_body(&self) {
        if let Some(others) = self.others.upgrade() {
            others.cut_longest_body();
        }
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn age(&self) -> u64 {
        millis(self.opened.elapsed())
    }

    /// The phase and for how many milliseconds it has lasted.
    fn phase(&self) -> (Phase, u64) {
        let packed = self.phase.load(Ordering::Relaxed);
        let phase = PHASES.into_iter().find(|phase| phase.code() == packed & ((1 << PHASE_BITS) - 1));
        (phase.unwrap_or(Phase::Work), self.age().saturating_sub(packed >> PHASE_BITS))
    }

    /// For how many milliseconds the client has taken nothing.
    fn unread(&self) -> u64 {
        match self.blocked.load(Ordering::Relaxed) {
            0 => 0,
            since => self.age().saturating_sub(since).max(1),
        }
    }

    fn is_overdue(&self) -> bool {
        let (phase, lasted) = self.phase();
        phase.limit().is_some_and(|limit| lasted > millis(limit))
            || self.unread() > self.patience.load(Ordering::Relaxed)
    }

    /// How far it stands from being cut for a newcomer, the nearest first; none while the server works for it.
    fn rank(&self) -> Option<(u8, u64)> {
        let (phase, lasted) = self.phase();
        let class = match phase {
            Phase::Head | Phase::Closing => 0,
            Phase::Idle => 1,
            Phase::Body => 2,
            Phase::Answer | Phase::Work if self.unread() > 0 => 2,
            Phase::Answer | Phase::Work => return None,
        };
        Some((class, u64::MAX.saturating_sub(lasted)))
    }
}

/// All open connections of one listener.
#[derive(Debug)]
pub struct Connections {
    listener: &'static str,
    most: usize,
    most_of_one: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Arc<Connection>>,
    by_network: HashMap<IpAddr, usize>,
}

/// A place among the open connections, for as long as it is there.
#[derive(Debug)]
pub struct Place {
    /// The connection.
    pub connection: Arc<Connection>,
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    /// Of this listener, by whose name figures tell it: at most so many, and so many of one address.
    pub fn new(listener: &'static str, most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { listener, most, most_of_one, open: Mutex::default() })
    }

    /// Lets one in. Where there is no room, those are cut that have waited for their clients longest; none is given when the
    /// server works for all of them.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let network = network_of(address);
        let mut open = self.open();
        let of_one = open.by_network.get(&network).copied().unwrap_or_default();
        if of_one >= self.most_of_one && !self.make_room(&mut open, self.most_of_one, Some(network)) {
            return None;
        }
        if open.all.len() >= self.most && !self.make_room(&mut open, self.most, None) {
            return None;
        }
        let connection = Arc::new(Connection::new(network, Arc::downgrade(self)));
        let number = open.next;
        open.next = number.wrapping_add(1);
        open.all.insert(number, Arc::clone(&connection));
        let of_one = open.by_network.entry(network).or_default();
        *of_one = of_one.saturating_add(1);
        drop(open);
        Some(Place { connection, connections: Arc::clone(self), number })
    }

    /// Cuts whatever has waited too long. Call it about once a second.
    pub fn sweep(&self) {
        let mut open = self.open();
        let overdue: Vec<u64> =
            open.all.iter().filter(|(_, connection)| connection.is_overdue()).map(|(number, _)| *number).collect();
        metrics::counter!("http_connections_cut_total", "listener" => self.listener, "why" => "late")
            .increment(number_of(overdue.len()));
        for number in overdue {
            open.cut(number);
        }
        metrics::gauge!("http_connections", "listener" => self.listener)
            .set(f64::from(u32::try_from(open.all.len()).unwrap_or(u32::MAX)));
        // A flood's table is given back too.
        if open.all.capacity() > 1024 && open.all.len() < open.all.capacity() / 8 {
            open.all.shrink_to_fit();
            open.by_network.shrink_to_fit();
        }
    }

    /// Cuts a few at once, so that a flood costs one look at all of them for many newcomers. Says whether there is room now.
    fn make_room(&self, open: &mut Open, most: usize, network: Option<IpAddr>) -> bool {
        let candidates = open.all.iter().filter(|(_, one)| network.is_none_or(|network| one.network == network));
        let mut ranked: Vec<_> =
            candidates.filter_map(|(number, one)| one.rank().map(|rank| (rank, *number))).collect();
        let wanted = (most / 64).max(1);
        if ranked.len() > wanted {
            ranked.select_nth_unstable(wanted);
            ranked.truncate(wanted);
        }
        metrics::counter!("http_connections_cut_total", "listener" => self.listener, "why" => "room")
            .increment(number_of(ranked.len()));
        for (_, number) in &ranked {
            open.cut(*number);
        }
        !ranked.is_empty()
    }

    fn cut_longest_body(&self) {
        let mut open = self.open();
        let bodies = open.all.iter().filter_map(|(number, one)| match one.phase() {
            (Phase::Body, lasted) if one.holds_body.load(Ordering::Relaxed) => Some((lasted, *number)),
            _ => None,
        });
        if let Some((_, number)) = bodies.max() {
            metrics::counter!("http_connections_cut_total", "listener" => self.listener, "why" => "memory")
                .increment(1);
            open.cut(number);
        }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open().all.len()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn cut(&mut self, number: u64) {
        if let Some(connection) = self.remove(number) {
            connection.cut();
        }
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Connection>> {
        let connection = self.all.remove(&number)?;
        if let Some(of_one) = self.by_network.get_mut(&connection.network) {
            *of_one = of_one.saturating_sub(1);
            if *of_one == 0 {
                self.by_network.remove(&connection.network);
            }
        }
        Some(connection)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(self.number);
    }
}

fn number_of(connections: usize) -> u64 {
    u64::try_from(connections).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2));

    fn is_cut(place: &Place) -> bool {
        place.connection.is_cut.load(Ordering::Relaxed)
    }

    #[test]
    fn a_newcomer_takes_the_place_of_whoever_has_sent_no_head_and_never_of_one_that_is_worked_for() {
        let connections = Connections::new("test", 3, 3);
        let open: Vec<Place> = (0..3).filter_map(|_| connections.admit(HERE)).collect();
        open[0].connection.set(Phase::Work);
        open[1].connection.set(Phase::Idle);

        let newcomer = connections.admit(THERE).unwrap();
        newcomer.connection.set(Phase::Work);
        let second = connections.admit(THERE).unwrap();
        second.connection.set(Phase::Work);
        let third = connections.admit(THERE);

        assert_eq!(open.iter().map(is_cut).collect::<Vec<_>>(), [false, true, true]);
        assert!(third.is_none());
        assert_eq!(connections.count(), 3);
    }

    #[test]
    fn one_address_takes_only_its_own_places() {
        let connections = Connections::new("test", 100, 2);
        let other = connections.admit(THERE).unwrap();
        let own: Vec<Place> = (0..3).filter_map(|_| connections.admit(HERE)).collect();

        assert_eq!((own.len(), connections.count()), (3, 3));
        assert!(!is_cut(&other));
        assert_eq!(own.iter().filter(|place| is_cut(place)).count(), 1);
        drop((other, own));
        assert_eq!(connections.count(), 0);
        assert!(connections.open().by_network.is_empty());
    }

    #[test]
    fn whoever_reads_enough_may_go_on_and_whoever_does_not_is_overdue() {
        let mut connection = Connection::new(HERE, Weak::new());
        connection.opened -= Duration::from_secs(100);
        connection.set(Phase::Answer);
        connection.is_blocked();
        assert!(!connection.is_overdue());

        // Nothing was taken for longer than is put up with.
        connection.blocked.store(100_001 - millis(UNREAD), Ordering::Relaxed);
        connection.opened -= Duration::from_millis(10);
        assert!(connection.is_overdue());
        connection.has_written(1);
        assert_eq!((connection.patience.load(Ordering::Relaxed), connection.unread()), (0, 0));

        // What is taken gives time back.
        connection.has_written(8 * 1024);
        assert_eq!(connection.patience.load(Ordering::Relaxed), 2000);
        connection.has_written(usize::MAX);
        assert_eq!(connection.patience.load(Ordering::Relaxed), millis(UNREAD));
        assert!(!connection.is_overdue());
    }

    #[test]
    fn where_bodies_take_too_much_the_one_that_has_been_on_its_way_longest_goes() {
        let connections = Connections::new("test", 3, 3);
        let open: Vec<Place> = (0..3).filter_map(|_| connections.admit(HERE)).collect();
        // A file that goes to disk: nothing would be gained by it.
        open[0].connection.set(Phase::Body);
        std::thread::sleep(Duration::from_millis(2));
        open[1].connection.set(Phase::Body);
        open[1].connection.holds_body();
        std::thread::sleep(Duration::from_millis(2));
        open[2].connection.set(Phase::Body);
        open[2].connection.holds_body();

        open[2].connection.cut_longest_body();

        assert_eq!(open.iter().map(is_cut).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn each_phase_ends_in_its_time() {
        for (phase, seconds) in [(Phase::Head, 12), (Phase::Idle, 77), (Phase::Answer, 600), (Phase::Closing, 5)] {
            let mut connection = Connection::new(HERE, Weak::new());
            connection.set(phase);
            assert!(!connection.is_overdue(), "{phase:?}");
            connection.opened -= Duration::from_secs(seconds + 1);
            assert!(connection.is_overdue(), "{phase:?}");
        }
    }

    #[test]
    fn only_a_byte_after_an_answer_begins_another_head() {
        let connection = Connection::new(HERE, Weak::new());
        connection.set(Phase::Work);
        connection.has_read();
        assert_eq!(connection.phase().0, Phase::Work);

        connection.set(Phase::Idle);
        connection.has_read();

        assert_eq!(connection.phase().0, Phase::Head);
    }
}
