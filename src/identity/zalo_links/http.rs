//! Links to Zalo over HTTP.

use actix_web::{
    delete,
    web::{Data, Path},
};

use super::actions;
use crate::{
    app::App,
    kit::{
        http::{Admin, Answer, Reply, RequestContext},
        values::MemberId,
    },
};

/// Delete a member's link to Zalo
///
/// For a member who was linked to the Zalo account of somebody else. Every session of theirs ends, and nothing is sent to that
/// account any more. The phone number by which it was linked is cleared, and the consents that were given are withdrawn, with
/// the places of check-ins; what else the member has and did stays. Set the right number after it (`PATCH
/// /v1/members/{member_id}`): whoever signs in with it next is linked. Where there is no link, nothing changes.
#[utoipa::path(tag = "members", params(("member_id" = MemberId, Path, description = "The member")),
    responses((status = 204)))]
#[delete("/members/{member_id}/zalo-link")]
pub async fn delete_zalo_link(
    app: Data<App>,
    _caller: Admin,
    path: Path<MemberId>,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::unlink(tx, *path).await?;
        Ok(Reply::nothing())
    })
    .await
}
