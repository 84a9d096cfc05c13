//! What may be kept of an answer, and by whom (`Cache-Control`, RFC 9111): every operation that reads, in one table. A test
//! calls each of them and compares; an operation without a row fails it. What no row names, and every answer to a change, is
//! not stored: it may hold tokens, secrets or other people's data. Such an answer can still carry an `ETag`, for `If-Match`.

/// Who may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nobody: secrets, exports, other people's personal data, and what is true only now.
    Never,
    /// The reader alone, who asks each time whether it still holds: their own data, and what everybody signed in may read.
    ByReader,
    /// As the answer itself says: public pages and files that never change.
    AsSaid,
}

impl Kept {
    /// The header that is put on an answer; none where it has its own.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::Never => Some("no-store"),
            Self::ByReader => Some("private, no-cache"),
            Self::AsSaid => None,
        }
    }
}

use Kept::{AsSaid, ByReader, Never};

/// Every path that is read, as the document writes it.
#[rustfmt::skip]
pub const TABLE: &[(&str, Kept)] = &[
    // Identity
    ("/.well-known/jwks.json", AsSaid),
    ("/.well-known/oauth-authorization-server", AsSaid),
    ("/oauth/authorize", Never),
    ("/v1/me", ByReader),
    ("/v1/me/consents", ByReader),
    ("/v1/me/data-requests", ByReader),
    ("/v1/me/export", Never),
    ("/v1/me/sessions", ByReader),
    ("/v1/me/totp", Never),
    ("/v1/avatars/{content_hash}/{size}", AsSaid),
    ("/v1/apps", Never),
    ("/v1/apps/{app_id}", Never),
    ("/v1/data-requests", Never),
    ("/v1/role-grants", Never),
    ("/v1/role-grants/{role_grant_id}", Never),

    // Organisation
    ("/v1/clusters", ByReader),
    ("/v1/clusters/{cluster_id}", ByReader),
    ("/v1/units", ByReader),
    ("/v1/units/{unit_id}", ByReader),
    ("/v1/units/{unit_id}/members", Never),
    ("/v1/members", Never),
    ("/v1/members/{member_id}", Never),
    ("/v1/members/{member_id}/memberships", Never),
    ("/v1/memberships/{membership_id}", Never),
    ("/v1/imports", Never),
    ("/v1/imports/{import_id}", Never),
    ("/v1/imports/{import_id}/conflicts", Never),
    ("/v1/exports/members.csv", Never),
    ("/v1/exports/units.csv", Never),

    // Campaigns
    ("/v1/campaigns", ByReader),
    ("/v1/campaigns/{campaign_id}", ByReader),
    ("/v1/campaigns/{campaign_id}/progress", ByReader),
    ("/v1/campaigns/{campaign_id}/works", ByReader),
    ("/v1/campaigns/{campaign_id}/pledges", Never),
    ("/v1/pledges/{pledge_id}", Never),
    ("/v1/pledges/{pledge_id}/checkins", Never),
    ("/v1/checkins/{checkin_id}", Never),
    ("/v1/review-queue", Never),
    ("/v1/targets/{target_id}/explain", ByReader),
    ("/v1/units/{unit_id}/progress", ByReader),
    ("/v1/works/{work_id}", ByReader),

    // Feed
    ("/v1/activities", AsSaid),
    ("/v1/activities/{activity_id}", ByReader),
    ("/v1/feed", ByReader),

    // Relay
    ("/v1/deliveries", Never),
    ("/v1/notifications", ByReader),
    ("/v1/notifications/unread-count", ByReader),

    // Operations
    ("/v1/audit-log", Never),
    ("/healthz", Never),
    ("/problems/{code}", AsSaid),
    ("/readyz", Never),
];

/// Who may keep what is read at a path of the document.
pub fn kept_at(path: &str) -> Kept {
    TABLE.iter().find(|(listed, _)| *listed == path).map_or(Never, |(_, kept)| *kept)
}
