//! `/healthz`, `/readyz`, `/metrics`, for everybody and on the internal address.

use crate::harness::TestApp;

#[actix_web::test]
async fn a_server_that_was_asked_to_stop_is_alive_but_not_ready() {
    let app = TestApp::start().await;
    app.get("/readyz").await.expect_ok();

    app.app.stop();

    let answer = app.get("/readyz").await;
    answer.is_problem(503, "unavailable");
    assert!(answer.header("retry-after").is_some());
    app.get("/healthz").await.expect_ok();
}

#[actix_web::test]
async fn a_server_with_an_older_schema_is_not_ready() {
    let app = TestApp::start().await;

    app.app.db.migrate_down().await.unwrap();

    app.get("/readyz").await.is_problem(503, "unavailable");
}

#[actix_web::test]
async fn a_database_that_takes_no_changes_or_cannot_be_opened_is_not_ready() {
    let app = TestApp::start().await;

    let file = app.database_file();
    let away = file.as_ref().map(|file| file.with_extension("away"));
    match (&file, &away) {
        (Some(file), Some(away)) => std::fs::rename(file, away).unwrap(),
        _ => app.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', \
             current_database()); END $$",
        ),
    }

    app.get("/readyz").await.is_problem(503, "unavailable");
    if let (Some(file), Some(away)) = (file, away) {
        std::fs::rename(away, file).unwrap();
    }
}

#[actix_web::test]
async fn every_request_is_in_the_figures_by_its_route() {
    let app = TestApp::start().await;
    app.get("/v1/me").caller(&app.admin).await.expect(200);

    let figures = app.get_inside("/metrics").await;

    let line = "http_request_duration_seconds_count{method=\"GET\",route=\"/v1/me\",status=\"2xx\"}";
    assert!(figures.text().contains(line), "{}", figures.text());
}

#[actix_web::test]
async fn figures_are_for_the_inside_only_and_probes_for_both() {
    let app = TestApp::start().await;

    app.get("/metrics").await.is_problem(404, "not_found");
    app.get_inside("/v1/activities").await.is_problem(404, "not_found");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.get_inside(path).await.text(), app.get(path).await.text());
    }
    app.app.stop();
    app.get_inside("/readyz").await.is_problem(503, "unavailable");
}
