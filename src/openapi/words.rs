//! What the document says as a whole: of itself, of its tags, of how to sign in, of headers.

use serde_json::{Value, json};

/// Every tag with what its noun is. The tag is the noun is the module.
pub const TAGS: &[(&str, &str)] = &[
    ("auth", "Đăng nhập của đảng viên, đoàn viên qua Zalo Mini App. Sign-in of members through the Zalo Mini App."),
    ("me", "Hồ sơ của chính mình. One's own profile."),
    ("sessions", "Thiết bị đang đăng nhập. The devices that one is signed in on."),
    ("password", "Mật khẩu của cán bộ. The password of staff."),
    ("totp", "Xác thực hai lớp của cán bộ. The second factor of staff."),
    ("apps", "Ứng dụng của bên thứ ba. Client apps of third parties."),
    ("consents", "Những điều đã đồng ý, theo từng bản văn. What one agreed to, in which version of the text."),
    ("data_requests", "Yêu cầu về dữ liệu cá nhân và thời hạn. Requests about personal data, and their deadlines."),
    ("avatars", "Ảnh đại diện. Pictures of members."),
    ("role_grants", "Vai trò được giao, theo đơn vị và thời hạn. Roles, by unit and period."),
    ("units", "Đơn vị: cây tổ chức theo thời gian. Units: a dated tree."),
    ("clusters", "Cụm, khối thi đua của một năm: đơn vị, trưởng cụm, cờ luân lưu. Emulation clusters of a year."),
    ("members", "Thành viên của đơn vị. Members of units."),
    ("memberships", "Nơi sinh hoạt của thành viên, theo thời gian. Where members belong, from a day to a day."),
    (
        "imports",
        "Nhập đơn vị, thành viên từ bảng tính: chạy thử, rồi chạy thật. Spreadsheets of units and members, brought in.",
    ),
    ("exports", "Xuất đơn vị, thành viên ra bảng tính. Units and members as spreadsheets."),
    ("campaigns", "Phong trào thi đua: giai đoạn, chỉ tiêu, phát động, kết thúc. Emulation campaigns."),
    ("progress", "Kết quả của phong trào, cộng từ sổ ghi. Figures of a campaign, summed from its ledger."),
    ("targets", "Chỉ tiêu và lời giải thích cho từng con số. Targets, and the explanation of each figure."),
    ("pledges", "Giao ước thi đua. Pledges."),
    ("checkins", "Báo cáo kết quả (check-in), gửi lại an toàn. Check-ins, safe to send again."),
    ("review_queue", "Việc chờ người quản lý xử lý. What waits for a manager's decision."),
    ("works", "Công trình, mô hình, phần việc. Works that units carry out."),
    ("feed", "Bảng tin của người đang đăng nhập. The signed-in member's feed."),
    ("activities", "Tin bài công khai. Public news."),
    ("notifications", "Thông báo trong ứng dụng. The inbox."),
    ("deliveries", "Tin gửi qua kênh ngoài và kết quả từng lần gửi. Messages by outside channels."),
    ("hooks", "Sự kiện do Zalo báo về. What Zalo tells us."),
    ("oauth", "OAuth 2.0 cho cán bộ quản lý và ứng dụng. OAuth 2.0 for staff and apps."),
    ("well_known", "Khóa công khai và siêu dữ liệu OAuth. Public keys and OAuth metadata."),
    ("audit_log", "Nhật ký: ai làm gì, khi nào, với cái gì; chỉ ghi thêm. Who did what, when, to what; append only."),
    ("healthz", "Tiến trình còn sống? Liveness."),
    ("readyz", "Sẵn sàng phục vụ? Readiness."),
    ("problems", "Trang giải thích mã lỗi. Pages that explain error codes."),
];

/// Of itself.
pub const DESCRIPTION: &str = "\
Máy chủ của ứng dụng thi đua: phát động phong trào, ký giao ước, báo cáo kết quả từ điện thoại, xác nhận, tổng hợp, đưa tin và \
thông báo.\n\n\
**Thử ngay**: bấm **Authorize**, chọn `staff`, đăng nhập bằng tài khoản mà `thidua demo` đã in ra; rồi mở một thao tác, bấm \
**Try it out** và **Execute**.\n\n\
Every list is paged by `limit` and `cursor`; every error is `application/problem+json` (RFC 9457) in the language of \
`Accept-Language`, and names every fault at once: first all those against the schema, and where there is none, all those of \
meaning; after 100 it says `more_errors: true`. A compressed body is 415 `unsupported_coding`. Any address answers 405 \
`method_not_allowed` with `Allow` to a method that it does not take, and 414 `uri_too_long` when it is too long; both are said \
here alone. Every `POST` that names `Idempotency-Key` takes one; single resources carry an \
`ETag`, and changes of them take `If-Match`.\n\n\
Names and titles are kept on one line: in Normalization Form C, with single blanks, without characters that nobody sees; what is \
blank then counts as empty. Texts of several lines (`contentMediaType`) keep them. An unknown query parameter, or one that is \
there twice, is a fault, and so is a name that stands twice in a JSON object. An id of your own making may be any UUID \
(RFC 9562) but nil and max; version 7 is best.";

/// How to sign in.
pub fn security_schemes() -> Value {
    json!({
        "member": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The access token of a member, from `POST /v1/auth/zalo`."},
        "staff": {"type": "oauth2", "description": "Staff sign in with username and password. Client id: `swagger-ui`.",
            "flows": {"authorizationCode": {"authorizationUrl": "/oauth/authorize", "tokenUrl": "/oauth/token",
                "refreshUrl": "/oauth/token", "scopes": {}}}},
        "app": {"type": "oauth2", "description": "A third party's app, with its client id and secret.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {
                "activities:read": "Read units and activities",
                "campaigns:read": "Read campaigns and their works",
                "progress:read": "Read the figures of campaigns",
                "announcements:write": "Announce",
                "webhooks:manage": "Manage webhooks",
                "assistant:ask": "Ask the assistant",
            }}}},
    })
}

/// The headers of answers.
pub fn headers() -> Value {
    json!({
        "ETag": {"description": "The strong entity tag of this answer (RFC 9110, 8.8.3).", "schema": {"type": "string", "example": "\"3-9f2c1a7b5d3e8f60\""}},
        "IdempotentReplayed": {"description": "`true`: this is the answer that was kept under this `Idempotency-Key`; nothing was done again.", "schema": {"type": "boolean"}},
        "RateLimit": {"description": "What is left of your limit: `r` requests, and `t` seconds until all of it is back (draft-ietf-httpapi-ratelimit-headers).", "schema": {"type": "string", "example": "\"member\";r=599;t=1"}},
        "RateLimitPolicy": {"description": "Your limit: `q` requests in `w` seconds.", "schema": {"type": "string", "example": "\"member\";q=600;w=60"}},
        "Link": {"description": "`rel=\"next\"`, where there is a next page (RFC 8288).", "schema": {"type": "string"}},
        "Location": {"description": "Where it is now.", "schema": {"type": "string", "format": "uri-reference"}},
        "RetryAfter": {"description": "How many seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
        "WwwAuthenticate": {"description": "How to sign in (RFC 6750, 3).", "schema": {"type": "string"}},
        "XRequestId": {"description": "The id of this request; quote it when you report a problem.", "schema": {"type": "string"}},
    })
}
