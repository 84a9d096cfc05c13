//! The explanation of a figure over HTTP.

use actix_web::{
    get,
    http::header::LINK,
    web::{Data, Path},
};

use super::wire::{CountedCheckin, ExplanationFilter, TargetExplanation, UnitShare};
use crate::{
    app::App,
    campaigns::{
        campaigns::{self, TargetKind},
        checkins, ledger,
    },
    kit::{
        http::{Answer, AppWith, ProgressRead, Query, Reply},
        problems::Problem,
        values::{Language, TargetId, Total},
    },
};

const ADDS_UP: (&str, &str) = (
    "Tổng số lượng của các báo cáo đã được người quản lý xác nhận, tính cho đơn vị của ngày thực hiện.",
    "The sum of the check-ins that a manager has verified, each counted for the unit of the day it happened on.",
);
const IS_A_SHARE: (&str, &str) = (
    "Tổng đã xác nhận của chỉ tiêu tử số chia cho mẫu số đã nêu, nhân 100; dưới đây là các báo cáo của tử số, theo đơn vị tính của nó.",
    "The verified sum of the numerator target over the stated whole, times 100; below are the numerator's check-ins, in its unit of measure.",
);

/// Explain a target's figure
///
/// The rule, the units and the check-ins behind what is verified. They sum to it exactly.
#[utoipa::path(tag = "targets", params(("target_id" = TargetId, Path, description = "The target"), ExplanationFilter),
    responses((status = 200, body = TargetExplanation)))]
#[get("/targets/{target_id}/explain")]
pub async fn explain_target(
    app: Data<App>,
    caller: AppWith<ProgressRead>,
    path: Path<TargetId>,
    query: Query<ExplanationFilter>,
    language: Language,
) -> Answer<TargetExplanation> {
    let db = app.db.reads();
    let (target, campaign) = campaigns::target(db, *path).await?.ok_or_else(Problem::not_found)?;
    campaigns::find_visible(db, &caller, campaign, app.clock.today()).await?;
    let (source, rule) = match target.kind {
        TargetKind::Quantity => (target.id, ADDS_UP),
        TargetKind::Percentage => (target.numerator_target_id.unwrap_or(target.id), IS_A_SHARE),
    };
    let page = app.cursors.page(&query, "", query.filter.limit, query.filter.cursor.as_deref())?;
    let verified = checkins::page_verified(db, source, &page).await?;
    let slice = app.cursors.slice(&page, verified, |checkin| checkin.id).map(|checkin| CountedCheckin {
        id: checkin.id,
        quantity: checkin.quantity,
        occurred_at: checkin.occurred_at,
        unit_id: checkin.unit_id,
    });
    let totals = ledger::totals_of(db, &[source]).await?;
    let mut units: Vec<_> = totals
        .into_iter()
        .map(|((_, unit_id), (_, verified))| UnitShare { unit_id, verified })
        .filter(|share| share.verified != Total::ZERO)
        .collect();
    units.sort_by_key(|share| share.unit_id);
    let link = slice.link().map(str::to_owned);
    let reply = Reply::ok(TargetExplanation {
        verified: units.iter().map(|share| share.verified).sum(),
        rule: language.pick(rule.0, rule.1).to_owned(),
        units,
        checkins: slice.into_listed(),
    })
    .in_language(language);
    Ok(match link {
        Some(link) => reply.with(&LINK, link),
        None => reply,
    })
}
