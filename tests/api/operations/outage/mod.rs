//! PostgreSQL fails in every way that operators meet, under a load of check-ins: what is acknowledged stays, what is not gets
//! a declared 503 in time, and afterwards all is well by itself. The cluster is the test's own.
//!
//! It belongs to the tests on PostgreSQL and needs the server's programs; without `TEST_DATABASE_URL` it does nothing.

use std::{
    collections::BTreeSet,
    env,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tokio::time::sleep;
use uuid::Uuid;

use self::{
    cluster::Cluster,
    load::{Load, Sent},
    proxy::Proxy,
    watch::Watch,
};
use super::{
    command::{Place, Running, complaint},
    crash::{Admin, figures_are_recounted, id},
};
use crate::harness::TestDatabase;

mod cluster;
mod load;
mod proxy;
mod watch;

/// How long a request may take here: the setting of the server.
const DEADLINE: Duration = Duration::from_secs(4);
/// By how much an answer may be late.
const LATE: Duration = Duration::from_secs(2);
/// After what time all is well again.
const WELL: Duration = Duration::from_secs(5);
/// How long the network is cut.
const BLACK_HOLE: Duration = Duration::from_secs(20);
/// How long other faults last.
const FAULT: Duration = Duration::from_secs(3);

#[actix_web::test]
async fn whatever_happens_to_postgresql_is_a_503_in_time_and_mends_by_itself() {
    if env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let ground = Ground::make().await;
    let server = ground.serve();
    let admin = Admin::of(&ground.place, &server);
    let (campaign, pledge) = admin.pledge().await;
    let outage = Outage { ground: &ground, load: Load::of(&admin, &pledge), watch: Watch::of(&server.url) };
    outage.load.is_well(Instant::now(), WELL, "at first").await;

    outage.restart("fast").await;
    outage.restart("immediate").await;
    outage.terminate().await;
    outage.refuse_connections().await;
    outage.make_read_only().await;
    outage.hold_a_lock().await;
    outage.cut_the_network().await;

    let Outage { load, watch, .. } = outage;
    watch.end().await;
    let sent = load.end().await;
    sent.iter().for_each(is_declared_and_in_time);
    let (acknowledged, refused): (Vec<_>, Vec<_>) = sent.iter().partition(|sent| sent.is_acknowledged());
    let ids = |sent: &[&Sent]| sent.iter().map(|sent| id(&sent.checkin)).collect::<BTreeSet<Uuid>>();
    let kept = admin.list(&pledge).await;
    let lost = ids(&acknowledged).difference(&kept).count();
    assert_eq!(lost, 0, "of {} acknowledged check-ins", acknowledged.len());
    let known = ids(&refused.into_iter().filter(|sent| sent.code == "unavailable").collect::<Vec<_>>());
    let made_anyway = known.intersection(&kept).count();
    assert_eq!(made_anyway, 0, "what was refused as undone was done");
    assert_eq!(admin.reported(&campaign).await, kept.len());
    figures_are_recounted(&ground.place);
}

fn is_declared_and_in_time(sent: &Sent) {
    let Sent { status, code, took, .. } = sent;
    if !sent.is_acknowledged() {
        assert_eq!(*status, 503, "{code}");
        assert!(["unavailable", "outcome_unknown"].contains(&code.as_str()), "{code}");
        assert!(sent.says_when_to_return, "{code}");
    }
    assert!(*took <= DEADLINE + LATE, "{status} {code} after {took:?}");
}

/// A cluster, a network, and a server's place. Dropped in this order.
struct Ground {
    place: Place,
    proxy: Proxy,
    cluster: Cluster,
}

impl Ground {
    async fn make() -> Self {
        let cluster = Cluster::start().await;
        let proxy = Proxy::to(cluster.port());
        let server = format!("postgres://thidua@127.0.0.1:{}/postgres?sslmode=disable", proxy.port());
        let database = TestDatabase::Postgres { server, name: "thidua".to_owned() };
        cluster.execute("CREATE DATABASE thidua OWNER thidua").await;
        let place = Place { data: tempfile::tempdir().unwrap(), database };
        for command in [&["migrate", "up"][..], &["staff", "add", "root", "--role", "admin"]] {
            let done = place.run(command);
            assert!(done.status.success(), "{}", complaint(&done));
        }
        Self { place, proxy, cluster }
    }

    fn serve(&self) -> Running {
        let deadline = DEADLINE.as_secs().to_string();
        let settings = [
            ("THIDUA_SERVER__REQUEST_SECONDS", deadline.as_str()),
            ("THIDUA_RATE_LIMIT__PER_MEMBER", "1000000"),
            ("THIDUA_RATE_LIMIT__PER_ADDRESS", "1000000"),
            ("THIDUA_LOG__FILTER", "off"),
        ];
        self.place.start_with_all(&["serve", "--listen", "127.0.0.1:0"], &settings)
    }
}

/// What can happen, one after the other.
struct Outage<'a> {
    ground: &'a Ground,
    load: Load,
    watch: Watch,
}

impl Outage<'_> {
    async fn restart(&self, mode: &str) {
        self.ground.cluster.restart(mode).await;

        self.load.is_well(Instant::now(), WELL, mode).await;
    }

    async fn terminate(&self) {
        for _ in 0..3 {
            self.end_sessions().await;
            sleep(FAULT / 6).await;
        }

        self.load.is_well(Instant::now(), WELL, "sessions terminated").await;
    }

    async fn refuse_connections(&self) {
        let refused = self.load.refused();
        self.ground.cluster.execute("ALTER ROLE thidua CONNECTION LIMIT 0").await;
        self.end_sessions().await;
        sleep(FAULT).await;
        self.ground.cluster.execute("ALTER ROLE thidua CONNECTION LIMIT -1").await;

        self.load.is_well(Instant::now(), WELL, "too many connections").await;
        assert!(self.load.refused() > refused, "nobody met it");
    }

    async fn make_read_only(&self) {
        let refused = self.load.refused();
        self.ground.cluster.execute("ALTER SYSTEM SET default_transaction_read_only = on").await;
        self.ground.cluster.execute("SELECT pg_reload_conf()").await;
        self.watch.says(false, "a read-only database is not ready").await;
        sleep(FAULT).await;
        self.ground.cluster.execute("ALTER SYSTEM RESET default_transaction_read_only").await;
        self.ground.cluster.execute("SELECT pg_reload_conf()").await;

        let mended = Instant::now();
        self.watch.says(true, "a database that takes writes again is ready").await;
        self.load.is_well(mended, WELL, "read-only").await;
        assert!(self.load.refused() > refused, "nobody met it");
    }

    async fn hold_a_lock(&self) {
        let refused = self.load.refused();
        let session = self.ground.cluster.session("thidua").await;
        let holder = session.begin().await.unwrap();
        holder.execute_unprepared("LOCK TABLE checkin IN ACCESS EXCLUSIVE MODE").await.unwrap();
        sleep(DEADLINE + FAULT).await;
        holder.rollback().await.unwrap();

        self.load.is_well(Instant::now(), WELL, "a lock").await;
        session.close().await.unwrap();
        assert!(self.load.refused() > refused, "nobody met it");
    }

    async fn cut_the_network(&self) {
        let refused = self.load.refused();
        self.ground.proxy.cut();
        let cut = Instant::now();
        self.watch.says(false, "a database out of reach is not ready").await;
        sleep(BLACK_HOLE.saturating_sub(cut.elapsed())).await;
        self.ground.proxy.mend();

        let mended = Instant::now();
        self.watch.says(true, "a database in reach again is ready").await;
        self.load.is_well(mended, WELL, "a black hole").await;
        assert!(self.load.refused() > refused, "nobody met it");
    }

    async fn end_sessions(&self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'thidua'";
        self.ground.cluster.execute(end).await;
    }
}
