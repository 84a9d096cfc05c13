//! Figures that no permitted call can break: sums past 64 bits, totals that are full, and the bounds that keep both rare.

use serde_json::json;

use crate::harness::{Answer, Campaign, Person, TestApp, text};

/// The largest quantity that there is.
const LARGEST: f64 = 999_999_999_999.999;

impl TestApp {
    async fn pledges_of(&self, member: &Person, campaign: &Campaign, body: &serde_json::Value) -> Answer {
        self.post(format!("/v1/campaigns/{}/pledges", campaign.id)).caller(member).json(body.clone()).await
    }

    /// The progress as it was sent: a JSON parser would round its numbers.
    async fn progress_text(&self, campaign: &Campaign) -> String {
        let answer = self.get(format!("/v1/campaigns/{}/progress", campaign.id)).caller(&self.admin).await;
        answer.expect(200);
        answer.text()
    }
}

/// A pledge of fifty commitments at the largest quantity.
fn largest_pledge(app: &TestApp, campaign: &Campaign) -> serde_json::Value {
    let mut new = app.new_pledge(campaign);
    let mut commitment = new["commitments"][0].clone();
    commitment["quantity"] = json!(LARGEST);
    new["commitments"] = json!(vec![commitment; 50]);
    new
}

#[actix_web::test]
async fn what_is_pledged_past_64_bits_is_summed_exactly() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let new = largest_pledge(&app, &campaign);
    for _ in 0..4 {
        let member = app.member_of(&unit).await;
        for _ in 0..50 {
            let made = app.pledges_of(&member, &campaign, &new).await.expect(201);
            let url = format!("/v1/pledges/{}/sign", text(&made["id"]));
            app.post(url).caller(&member).json(json!({})).await.expect(200);
        }
    }

    let progress = app.progress_text(&campaign).await;

    // 4 members, 50 pledges, 50 commitments of 999,999,999,999.999 each: more thousandths than 2^63.
    assert_eq!(progress.matches("\"pledged\":9999999999999990").count(), 2, "{progress}");
    app.get(format!("/v1/units/{}/progress", unit.id)).caller(&app.admin).await.expect(200);
    app.get(format!("/v1/targets/{}/explain", campaign.target)).caller(&app.admin).await.expect(200);
    app.figures_are_recounted().await;
}
