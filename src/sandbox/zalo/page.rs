//! What a browser sees, in Vietnamese and without a file from elsewhere.

use chrono::{DateTime, FixedOffset, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::stage::{Faults, Person, Stage};

/// Vietnam is at UTC+7.
const VIETNAM_OFFSET_SECONDS: i32 = 7 * 3600;
/// How often the list of messages loads itself again.
const REFRESH_SECONDS: u8 = 3;

/// Settings of the fault dial and what they do.
const FAULTS_TO_TRY: [(&str, &str); 5] = [
    (r#"{"delay_ms": 2000}"#, "trả lời chậm, tối đa 30 giây"),
    (r#"{"status": 503}"#, "trả về mã HTTP này"),
    (r#"{"error": -32}"#, "trả về HTTP 200 với mã lỗi này của Zalo"),
    (r#"{"expire_tokens": true}"#, "mọi token OA đã cấp đều hết hạn (-216)"),
    ("{}", "hết lỗi"),
];

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
nav a { margin-right: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem; border-bottom: 1px solid #8884; }
code { font-size: .85rem; overflow-wrap: anywhere; }
article { margin: 1rem 0; padding: .75rem 1rem; border-left: 4px solid #0068ff; background: #8881; }
article p { margin: .25rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
small { opacity: .75; }
.on { color: #d33; font-weight: 600; }
";

/// The page that explains the stand-in, with tokens and fresh codes to try. `own_url` has no slash at the end.
pub fn home(stage: &Stage, own_url: &str) -> Markup {
    let faults = stage.faults();
    let dial = serde_json::to_string(&faults).unwrap_or_default();
    layout(
        "Zalo thử nghiệm",
        None,
        html! {
            p {
                "Máy chủ này đóng vai nền tảng Zalo cho bản chạy thử: xác nhận người đăng nhập, cho biết số điện thoại "
                "và vị trí, cấp token và nhận tin nhắn của Official Account. Không có gì rời khỏi máy này."
            }
            h2 { "Người dùng" }
            p {
                "Mỗi mã dùng được một lần trong 2 phút; tải lại trang để có mã mới, hoặc gọi "
                code { "GET /codes?access_token=…" } "."
            }
            table {
                thead {
                    tr {
                        th { "Họ tên" } th { "Token và mã" } th { "Quan tâm OA" } th { "Tương tác trong 7 ngày" }
                        th { "Rút lại đồng ý" }
                    }
                }
                tbody { @for person in stage.people() { (row(stage, person)) } }
            }
            h2 { "Gây lỗi" }
            p { "Hiện tại: " code.on[faults != Faults::default()] { (dial) } }
            table {
                tbody {
                    @for (body, effect) in FAULTS_TO_TRY {
                        tr { td { code { "curl -X PUT " (own_url) "/faults -d '" (body) "'" } } td { (effect) } }
                    }
                }
            }
        },
    )
}

fn row(stage: &Stage, person: &Person) -> Markup {
    html! {
        tr {
            td { (person.name) br; small { (person.phone) br; "id " (person.zalo_id) br; "OA " (person.oa_user_id) } }
            td {
                code { (person.access_token) }
                @if let Some(codes) = stage.mint_codes(&person.access_token) {
                    br; small { "điện thoại " code { (codes.phone_code) } br; "vị trí " code { (codes.location_code) } }
                }
            }
            td { (yes_or_no(person.follows_oa)) }
            td { (yes_or_no(person.inside_window)) }
            td {
                form method="post" action={ "/people/" (person.zalo_id) "/revoke-consent" } {
                    button title="Zalo báo cho ứng dụng; ứng dụng xóa dữ liệu của người này" { "Rút lại" }
                }
            }
        }
    }
}

/// The messages, newest first.
pub fn sent(stage: &Stage) -> Markup {
    let sent = stage.sent();
    layout(
        "Tin nhắn đã gửi",
        Some(REFRESH_SECONDS),
        html! {
            p { (sent.len()) " tin, mới nhất ở trên. Trang tự tải lại sau mỗi " (REFRESH_SECONDS) " giây." }
            @for message in &sent {
                article {
                    strong { (name_of(stage, &message.to)) } " "
                    small { (message.kind) " · " (vietnam_time(message.at)) " · " code { (message.to) } }
                    p { (message.text) }
                }
            }
        },
    )
}

/// A picture of a person: the first letter of their given name.
pub fn avatar(person: &Person) -> Markup {
    let letter = person.name.split_whitespace().last().and_then(|name| name.chars().next());
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96" {
            circle cx="48" cy="48" r="48" fill="#0068ff" {}
            text x="48" y="64" font-family="sans-serif" font-size="44" fill="#fff" text-anchor="middle" {
                @if let Some(letter) = letter { (letter) }
            }
        }
    }
}

fn layout(title: &str, refresh_seconds: Option<u8>, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="vi" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = refresh_seconds { meta http-equiv="refresh" content=(seconds); }
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav {
                    a href="/" { "Zalo thử nghiệm" }
                    a href="/sent" { "Tin nhắn đã gửi" }
                    a href="/faults" { "Bảng gây lỗi" }
                }
                h1 { (title) }
                (content)
            }
        }
    }
}

fn name_of<'stage>(stage: &'stage Stage, oa_user_id: &str) -> &'stage str {
    stage.person_known_to_oa(oa_user_id).map_or("?", |person| &person.name)
}

fn yes_or_no(answer: bool) -> &'static str {
    if answer { "có" } else { "không" }
}

fn vietnam_time(moment: DateTime<Utc>) -> String {
    FixedOffset::east_opt(VIETNAM_OFFSET_SECONDS)
        .map_or_else(|| moment.to_rfc3339(), |zone| moment.with_timezone(&zone).format("%H:%M:%S %d/%m/%Y").to_string())
}
