//! How long a body may take to come, and a request to be answered from the last byte of its body on. Every limit of time that
//! a request meets is here; those of connections are in `kit::http::connections`.

use std::{
    cell::Cell,
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage as _, ResponseError as _,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{ConnectionType, header::ORIGIN},
    middleware::Next,
    test::TestRequest,
    web::{Bytes, Data},
};
use futures_util::Stream;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    connections::{Connection, Phase},
    operation::Takes,
    routes::route_of,
};
use crate::kit::{
    problems::{codes::Code, problem::Problem},
    work::commit_progress::{CommitProgress, CommitState},
};

/// How long a body without a file may take.
const BODY: Duration = Duration::from_secs(20);
/// How long a body with a file may take, however large it is.
const FILE: Duration = Duration::from_secs(10 * 60);
/// A file comes at this rate on average, in bytes a second, once `BODY` is over. A phone with 0.3 Mbit/s sends 37,500.
const SLOWEST_FILE: u64 = 16 * 1024;
/// How long an answer is waited for whose change is being committed, or is committed, when its time is over.
const COMMIT: Duration = Duration::from_secs(1);

/// What requests are held to.
#[derive(Clone)]
pub struct Deadlines {
    /// How long a request may take, from the last byte of its body on.
    pub request: Duration,
}

/// Gives a request up that takes too long: 408 where its client is late, else 503. Its handler is dropped, so that its
/// transaction is rolled back.
pub async fn deadline<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let Some(deadlines) = request.app_data::<Data<Deadlines>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let route = route_of(request.request());
    let origin = request.headers().get(ORIGIN).cloned();
    let operation = route.as_ref().map(|route| route.operation);
    let longest = operation.and_then(|operation| operation.longest).unwrap_or_default();
    let is_file = operation.is_some_and(|operation| matches!(operation.takes, Takes::File(_)));
    let progress = Progress::of(&mut request, connection.clone(), is_file, deadlines.request.max(longest));
    let problem = match progress.bound(next.call(request)).await {
        Ok(response) => return response.map(ServiceResponse::map_into_left_body),
        Err(problem) => problem,
    };
    let mut response = problem.error_response();
    if problem.code == Code::BodyTooSlow {
        // The rest of the body stands where the next request would be looked for.
        response.head_mut().set_connection_type(ConnectionType::Close);
        if let Some(connection) = connection {
            connection.set(Phase::Closing);
        }
    }
    // The request went with its handler. This one stands for it in what is wrapped around here.
    let stand_in =
        origin.into_iter().fold(TestRequest::default(), |request, origin| request.insert_header((ORIGIN, origin)));
    let stand_in = stand_in.to_http_request();
    let route = route.as_ref().map(|route| route.path.as_str());
    if problem.code == Code::BodyTooSlow {
        // Strangers choose how often.
        tracing::debug!(route, "a body came too slowly");
    } else {
        tracing::warn!(code = problem.code.name(), route, "a request was given up");
    }
    Ok(ServiceResponse::new(stand_in, response).map_into_right_body())
}

/// How far the body of a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// Nobody has asked for it, or there is none.
    Unread,
    /// Some of it is still to come.
    Coming,
    /// All of it was there at this moment.
    Ended(Instant),
}

/// A request on its way.
struct Progress {
    started: Instant,
    is_file: bool,
    work: Duration,
    body: Rc<Received>,
}

struct Received {
    body: Cell<Body>,
    bytes: Cell<u64>,
    /// When the server began to read it.
    begun: Cell<Option<Instant>>,
    /// How many of its bytes the server holds in memory: all, but of files none.
    held: Cell<usize>,
}

/// How many bytes of bodies this process holds, of all requests under way. Files are not in memory.
static HELD: AtomicUsize = AtomicUsize::new(0);
/// The most that it holds. For more, the body that has been on its way longest is given up.
const MOST_HELD: usize = 128 * 1024 * 1024;

impl Received {
    const fn new() -> Self {
        Self { body: Cell::new(Body::Unread), bytes: Cell::new(0), begun: Cell::new(None), held: Cell::new(0) }
    }

    /// Holds so many bytes more. Says whether there was room for them.
    fn hold(&self, bytes: usize) -> bool {
        self.held.set(self.held.get().saturating_add(bytes));
        HELD.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MOST_HELD
    }

    /// Gives back what it holds.
    fn release(&self) {
        HELD.fetch_sub(self.held.take(), Ordering::Relaxed);
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.release();
    }
}

impl Progress {
    /// Of this request, whose body is followed from now on.
    fn of(request: &mut ServiceRequest, connection: Option<Arc<Connection>>, is_file: bool, work: Duration) -> Self {
        let body = Rc::new(Received::new());
        let payload: Payload = match request.take_payload() {
            Payload::None => Payload::None,
            payload => {
                if let Some(connection) = &connection {
                    connection.set(Phase::Body);
                }
                let payload = Followed { payload, is_file, received: Rc::clone(&body), connection };
                Payload::Stream { payload: Box::pin(payload) }
            }
        };
        request.set_payload(payload);
        Self { started: Instant::now(), is_file, work, body }
    }

    /// By when something must have happened, and what else it is answered with. What the server took before it read the body
    /// is its own time, not the client's.
    fn limit(&self) -> (Instant, Code) {
        let begun = self.body.begun.get().unwrap_or(self.started);
        match self.body.body.get() {
            Body::Unread => (soon(self.started, self.work), Code::Unavailable),
            Body::Ended(ended) => (
                soon(ended, self.work.saturating_sub(begun.saturating_duration_since(self.started))),
                Code::Unavailable,
            ),
            Body::Coming if self.is_file => {
                let earned = Duration::from_secs(self.body.bytes.get() / SLOWEST_FILE);
                (soon(begun, FILE.min(BODY.saturating_add(earned))), Code::BodyTooSlow)
            }
            Body::Coming => (soon(begun, BODY), Code::BodyTooSlow),
        }
    }

    /// Does `work`, unless it takes too long.
    async fn bound<F: Future>(&self, work: F) -> Result<F::Output, Problem> {
        let commits = CommitProgress::default();
        let mut work = pin!(Some(commits.watch(work)));
        let mut finished = poll_fn(|context| match work.as_mut().as_pin_mut() {
            Some(work) => work.poll(context),
            None => Poll::Pending,
        });
        let code = loop {
            let (until, code) = self.limit();
            if until <= Instant::now() {
                break code;
            }
            // The body may end before its time: then another limit holds, which may be nearer.
            let look = until.min(soon(Instant::now(), self.work));
            tokio::select! {
                biased;
                output = &mut finished => return Ok(output),
                () = sleep_until(look) => {}
            }
        };
        if commits.state() != CommitState::Open
            && let Ok(output) = timeout(COMMIT, &mut finished).await
        {
            return Ok(output);
        }
        drop(finished);
        work.set(None);
        Err(Problem::new(match commits.state() {
            CommitState::Open => code,
            CommitState::Committing | CommitState::Committed => Code::OutcomeUnknown,
        }))
    }
}

/// A body, of which is known how far it has come.
struct Followed {
    payload: Payload,
    is_file: bool,
    received: Rc<Received>,
    connection: Option<Arc<Connection>>,
}

impl Stream for Followed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.received.begun.get().is_none() {
            self.received.begun.set(Some(Instant::now()));
        }
        let polled = Pin::new(&mut self.payload).poll_next(context);
        let is_at_end = matches!(self.received.body.get(), Body::Ended(_));
        match &polled {
            _ if is_at_end => {}
            Poll::Pending => self.received.body.set(Body::Coming),
            Poll::Ready(Some(Ok(bytes))) => {
                if !self.is_file {
                    if let Some(connection) = &self.connection {
                        connection.holds_body();
                    }
                    if !self.received.hold(bytes.len()) {
                        self.make_room();
                    }
                }
                let bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.received.bytes.set(self.received.bytes.get().saturating_add(bytes));
                self.received.body.set(Body::Coming);
            }
            Poll::Ready(None | Some(Err(_))) => {
                self.received.body.set(Body::Ended(Instant::now()));
                if let Some(connection) = &self.connection {
                    connection.set(Phase::Work);
                }
            }
        }
        polled
    }
}

/// Whoever read it has made of it what it is for.
impl Drop for Followed {
    fn drop(&mut self) {
        self.received.release();
    }
}

impl Followed {
    /// Gives up the body that has been on its way longest; this very one, it may be.
    fn make_room(&self) {
        if let Some(connection) = &self.connection {
            connection.cut_longest_body();
        }
    }
}

/// The moment so long after another one; a span that no clock can reach is none.
fn soon(moment: Instant, span: Duration) -> Instant {
    moment.checked_add(span).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::work::commit_progress::SentCommit;

    fn progress(is_file: bool, bytes: u64, body: Body) -> Progress {
        let received = Received::new();
        received.body.set(body);
        received.bytes.set(bytes);
        let body = Rc::new(received);
        Progress { started: Instant::now(), is_file, work: Duration::from_secs(15), body }
    }

    fn seconds(progress: &Progress) -> (u64, Code) {
        let (until, code) = progress.limit();
        ((until - progress.started).as_secs(), code)
    }

    #[test]
    fn a_body_of_json_has_twenty_seconds_in_all_however_much_of_it_has_come() {
        assert_eq!(seconds(&progress(false, 0, Body::Coming)), (20, Code::BodyTooSlow));
        assert_eq!(seconds(&progress(false, 1_000_000, Body::Coming)), (20, Code::BodyTooSlow));
    }

    #[test]
    fn a_photo_of_four_megabytes_may_come_at_a_third_of_a_megabit_and_a_file_never_takes_more_than_ten_minutes() {
        let photo = 4_u64 * 1024 * 1024;
        let rate = 37_500_u64;
        for second in 1..=photo / rate {
            let come = progress(true, second * rate, Body::Coming);
            assert!(seconds(&come).0 > second + 5, "second {second}");
        }
        assert_eq!(seconds(&progress(true, 100, Body::Coming)), (20, Code::BodyTooSlow));
        assert_eq!(seconds(&progress(true, u64::MAX, Body::Coming)), (600, Code::BodyTooSlow));
    }

    /// What becomes of a request with `work` for its handler, after its time is over.
    async fn answer_of<F: Future<Output = ()> + 'static>(work: impl Fn() -> F + Clone + 'static) -> Option<Code> {
        let deadlines = Deadlines { request: Duration::from_millis(20) };
        let handler = move || {
            let work = work();
            async move {
                work.await;
                actix_web::HttpResponse::Ok().finish()
            }
        };
        let app = actix_web::App::new()
            .app_data(Data::new(deadlines))
            .route("/", actix_web::web::get().to(handler))
            .wrap(actix_web::middleware::from_fn(deadline));
        let app = actix_web::test::init_service(app).await;
        let answer = actix_web::test::call_service(&app, TestRequest::get().uri("/").to_request()).await;
        let problem = answer.response().extensions().get::<Problem>().map(|problem| problem.code);
        assert_eq!(answer.status().as_u16(), problem.map_or(200, Code::status));
        problem
    }

    #[actix_web::test]
    async fn a_request_that_takes_too_long_is_given_up_and_nothing_of_it_goes_on() {
        let is_dropped = Rc::new(Cell::new(false));
        struct Dropped(Rc<Cell<bool>>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let seen = Rc::clone(&is_dropped);

        let code = answer_of(move || {
            let guard = Dropped(Rc::clone(&seen));
            async move {
                std::future::pending::<()>().await;
                drop(guard);
            }
        })
        .await;

        assert_eq!(code, Some(Code::Unavailable));
        assert!(is_dropped.get());
    }

    #[actix_web::test]
    async fn whoever_is_cut_off_in_a_commit_is_told_that_the_outcome_is_unknown() {
        let code = answer_of(async || {
            let _sent = SentCommit::note();
            std::future::pending::<()>().await;
        })
        .await;

        assert_eq!(code, Some(Code::OutcomeUnknown));
    }

    #[actix_web::test]
    async fn an_answer_whose_change_is_being_committed_is_waited_for() {
        let code = answer_of(async || {
            let sent = SentCommit::note();
            tokio::time::sleep(Duration::from_millis(200)).await;
            sent.is_done();
        })
        .await;

        assert_eq!(code, None);
    }

    #[actix_web::test]
    async fn a_request_has_its_time_from_the_last_byte_of_its_body_on() {
        assert_eq!(seconds(&progress(false, 0, Body::Unread)), (15, Code::Unavailable));
        let ended = Instant::now() + Duration::from_secs(19);
        assert_eq!(seconds(&progress(false, 0, Body::Ended(ended))).1, Code::Unavailable);
        let late = progress(false, 0, Body::Ended(ended));
        assert!(seconds(&late).0 >= 33);

        // The server read it after ten seconds of its own.
        late.body.begun.set(Some(late.started + Duration::from_secs(10)));
        assert!((23..=25).contains(&seconds(&late).0));
    }

    #[test]
    fn what_bodies_hold_is_given_back_with_their_requests() {
        let (one, other) = (Received::new(), Received::new());
        assert!(one.hold(1000));

        assert!(!other.hold(MOST_HELD));
        drop(other);

        assert!(one.hold(1));
    }
}
