//! The OpenAPI document: made from the handlers themselves, so that no route is without its description, and completed here
//! with what is the same everywhere. Making it needs no database.

#![expect(
    clippy::indexing_slicing,
    reason = "assigning to a key that a JSON object lacks makes it; the document is ours"
)]

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt as _;

use crate::{
    campaigns::checkins::BatchedCheckin,
    kit::{
        codes::Code,
        language::Language,
        problem::{FaultDocument, Problem, ProblemDocument},
    },
    rights, routes,
};

/// Every tag with what its noun is. The tag is the noun is the module.
const TAGS: &[(&str, &str)] = &[
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
    ("metrics", "Số đo cho Prometheus. Figures for Prometheus."),
    ("problems", "Trang giải thích mã lỗi. Pages that explain error codes."),
];

const DESCRIPTION: &str = "\
Máy chủ của ứng dụng thi đua: phát động phong trào, ký giao ước, báo cáo kết quả từ điện thoại, xác nhận, tổng hợp, đưa tin và \
thông báo.\n\n\
**Thử ngay**: bấm **Authorize**, chọn `staff`, đăng nhập bằng tài khoản mà `thidua demo` đã in ra; rồi mở một thao tác, bấm \
**Try it out** và **Execute**.\n\n\
Every list is paged by `limit` and `cursor`; every error is `application/problem+json` (RFC 9457) in the language of \
`Accept-Language`; every `POST` that creates takes an `Idempotency-Key`; single resources carry an `ETag`, and changes of them \
take `If-Match`.";

/// The operations whose handlers take `If-Match`. A test compares this with the handlers.
pub const TAKE_IF_MATCH: &[&str] = &[
    "acknowledge_data_request",
    "delete_activity",
    "delete_app",
    "delete_avatar",
    "delete_campaign",
    "delete_me",
    "delete_pledge",
    "delete_unit",
    "return_checkin",
    "update_activity",
    "update_app",
    "update_avatar",
    "update_campaign",
    "update_checkin",
    "update_cluster",
    "update_consents",
    "update_me",
    "update_member",
    "update_membership",
    "update_pledge",
    "update_unit",
    "update_work",
    "verify_checkin",
    "withdraw_checkin",
];

/// What is asked without being counted.
const UNCOUNTED: &[&str] = &["/healthz", "/readyz", "/metrics"];

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDocument, FaultDocument, BatchedCheckin)))]
struct Base;

/// The whole document.
pub fn document() -> Value {
    let (_, collected) =
        actix_web::App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes::configure).split_for_parts();
    let mut document = serde_json::to_value(&collected).unwrap_or_default();
    complete(&mut document);
    document
}

/// The document as it is exported and served.
pub fn text(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// One operation a line, for review: method, path, operation, tag.
pub fn route_list(document: &Value) -> String {
    let mut lines: Vec<String> = operations(document)
        .map(|(path, method, operation)| {
            let text =
                |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{:<7} {path} {} {}", method.to_uppercase(), text("/operationId"), text("/tags/0"))
        })
        .collect();
    lines.sort_by(|one, other| one.get(8..).cmp(&other.get(8..)).then_with(|| one.cmp(other)));
    lines.join("\n") + "\n"
}

/// Every operation with its path and its method.
pub fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    document.get("paths").and_then(Value::as_object).into_iter().flatten().flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    })
}

fn complete(document: &mut Value) {
    document["info"] = json!({
        "title": "Thi Đua",
        "summary": "Emulation campaigns: pledges, check-ins, progress, news",
        "description": DESCRIPTION,
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["tags"] = TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["headers"] = headers();
    let items = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (path, item) in items {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete_operation(path, method, operation);
        }
    }
}

fn security_schemes() -> Value {
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

fn headers() -> Value {
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

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    if let Some(row) = operation.get("operationId").and_then(Value::as_str).and_then(rights::row) {
        let description = operation.get("description").and_then(Value::as_str).unwrap_or_default();
        operation["description"] = format!("{description}\n\n**Who may call:** {}.", row.words()).trim().into();
        operation["security"] = row.security();
    }
    let is_ours = path.starts_with("/v1/");
    let is_public =
        operation.get("security").and_then(Value::as_array).is_none_or(|all| all.iter().all(|one| one == &json!({})));
    let has_parameter = |place: &str| {
        let all = operation.get("parameters").and_then(Value::as_array);
        all.is_some_and(|all| all.iter().any(|one| one.get("in").and_then(Value::as_str) == Some(place)))
    };
    let (has_path, has_query) = (has_parameter("path"), has_parameter("query"));
    let has_cursor = operation.to_string().contains("next_cursor");
    let has_body = operation.get("requestBody").is_some();
    let takes_version =
        operation.get("operationId").and_then(Value::as_str).is_some_and(|id| TAKE_IF_MATCH.contains(&id));
    let takes_key = is_ours && method == "post" && !path.starts_with("/v1/auth");
    add_header_parameters(operation, takes_key, takes_version);
    if method == "patch" {
        offer_merge_patch(operation);
    }
    let mut common: Vec<Code> = vec![Code::TooManyRequests, Code::InternalError, Code::Unavailable];
    if is_ours {
        common.push(Code::NotAcceptable);
        if !is_public {
            common.extend([Code::Unauthorized, Code::InvalidToken, Code::Forbidden]);
        }
        if operation.pointer("/security").is_some_and(|security| security.to_string().contains("\"app\"")) {
            common.push(Code::InsufficientScope);
        }
        if has_body {
            common.extend([Code::InvalidJson, Code::BodyTooLarge, Code::UnsupportedMediaType, Code::InvalidInput]);
        }
        if has_query {
            common.push(Code::InvalidInput);
        }
        if has_cursor {
            common.push(Code::InvalidCursor);
        }
        if takes_key {
            common.extend([Code::InvalidIdempotencyKey, Code::IdempotencyKeyReused]);
        }
        if takes_version {
            common.push(Code::PreconditionFailed);
        }
    }
    if has_path {
        common.push(Code::NotFound);
    }
    complete_responses(operation, &common);
    let is_counted = !UNCOUNTED.contains(&path);
    add_common_headers(operation, is_counted, takes_key);
}

/// A patch is a JSON Merge Patch (RFC 7396), under its own media type or plainly as JSON.
fn offer_merge_patch(operation: &mut Value) {
    let content = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    if let Some(content) = content
        && let Some(body) = content.values().next().cloned()
    {
        for media_type in ["application/json", "application/merge-patch+json"] {
            content.insert(media_type.to_owned(), body.clone());
        }
    }
}

fn add_common_headers(operation: &mut Value, is_counted: bool, takes_key: bool) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        let headers = &mut response["headers"];
        if is_counted {
            headers["RateLimit"] = json!({"$ref": "#/components/headers/RateLimit"});
            headers["RateLimit-Policy"] = json!({"$ref": "#/components/headers/RateLimitPolicy"});
        }
        if takes_key && status.starts_with('2') {
            headers["Idempotent-Replayed"] = json!({"$ref": "#/components/headers/IdempotentReplayed"});
        }
    }
}

fn add_header_parameters(operation: &mut Value, takes_key: bool, takes_version: bool) {
    let mut parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    if takes_key {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A key of your own making. The same key and body get the first answer again for 24 hours; another body is refused.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255}}));
    }
    if takes_version {
        parameters.push(json!({"name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` you have read. When somebody has changed it since, the answer is 412; without this header the change acts on what is there.",
            "schema": {"type": "string"}}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
}

/// Names codes by their responses: those that an operation names itself (`description = "code code"`) and the common ones.
fn complete_responses(operation: &mut Value, common: &[Code]) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let mut codes: Vec<Code> = common.to_vec();
    let mut finished = Map::new();
    for (status, response) in responses.iter() {
        let description = response.get("description").and_then(Value::as_str).unwrap_or_default();
        let named: Vec<Code> = description
            .split(' ')
            .filter_map(|name| Code::ALL.iter().copied().find(|code| code.name() == name))
            .collect();
        if named.is_empty() {
            let mut response = response.clone();
            if description.is_empty() {
                response["description"] = success_words(status).into();
            }
            add_response_headers(status, &mut response);
            finished.insert(status.clone(), response);
        } else {
            codes.extend(named);
        }
    }
    for code in codes.iter().rev() {
        let status = code.status().to_string();
        let response = finished.entry(status.clone()).or_insert_with(|| problem_response(&status));
        add_code(response, *code);
    }
    *responses = finished;
}

fn success_words(status: &str) -> &'static str {
    match status {
        "201" => "Made",
        "202" => "Begun",
        "204" => "Done; there is nothing to say",
        _ => "As asked for",
    }
}

fn add_response_headers(status: &str, response: &mut Value) {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}});
    if status == "200" || status == "201" {
        headers["ETag"] = json!({"$ref": "#/components/headers/ETag"});
    }
    if status == "201" {
        headers["Location"] = json!({"$ref": "#/components/headers/Location"});
    }
    if response.to_string().contains("Listed_") {
        headers["Link"] = json!({"$ref": "#/components/headers/Link"});
    }
    response["headers"] = headers;
}

fn problem_response(status: &str) -> Value {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}});
    if status == "401" {
        headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WwwAuthenticate"});
    }
    if status == "429" || status == "503" {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    json!({
        "description": "",
        "headers": headers,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
    })
}

fn add_code(response: &mut Value, code: Code) {
    let name = code.name();
    let mut words: Vec<String> = response["description"]
        .as_str()
        .unwrap_or_default()
        .split("\n\n")
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    let example = Problem::example(code);
    let line = format!("`{name}`: {}", example.detail(Language::English));
    if !words.contains(&line) {
        words.push(line);
    }
    words.sort();
    response["description"] = words.join("\n\n").into();
    let example = example.worded(Language::Vietnamese, "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e");
    if let Some(examples) =
        response.pointer_mut("/content/application~1problem+json/examples").and_then(Value::as_object_mut)
    {
        examples.insert(name.to_owned(), json!({"summary": code.title(Language::English), "value": example}));
    }
}
