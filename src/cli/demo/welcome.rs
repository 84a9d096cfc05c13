//! What the demo says once it is there: where to look and what to try. Vietnamese first.

use std::path::Path;

use super::credentials::Credentials;

/// The whole text.
pub fn text(credentials: &Credentials, file: &Path, figures: Option<&str>) -> String {
    let Credentials { base_url, zalo_url, staff, tokens: _, app: _, zalo_access_tokens, ids } = credentials;
    let zalo_token = zalo_access_tokens.first().map_or("", String::as_str);
    let figures = figures.unwrap_or("(server.internal_listen = \"\")");
    let (username, password, campaign, file) = (staff.username, staff.password, ids.campaign, file.display());
    format!(
        r#"
Thi Đua đã sẵn sàng: {base_url}
(Thi Đua is ready; in English below)

Mở trong trình duyệt
  Swagger UI     {base_url}/swagger-ui/
                 Bấm Authorize, chọn staff, đăng nhập: {username} / {password}
                 (còn có: editor, manager; cùng mật khẩu)
  Zalo giả lập   {zalo_url}/
                 Tin nhắn đã gửi: {zalo_url}/sent
  Số đo          {figures}

Mã truy cập của từng vai trò (dùng được 12 giờ) và mã của các đối tượng mẫu
  {file}

Thử ngay
  curl '{base_url}/v1/activities?limit=3'
  curl -X POST {base_url}/v1/auth/zalo -H 'Content-Type: application/json' -d '{{"access_token":"{zalo_token}"}}'
  curl {base_url}/v1/campaigns/{campaign}/progress -H "Authorization: Bearer $(jq -r .tokens.member '{file}')"

In English
  Swagger UI {base_url}/swagger-ui/ : press Authorize, choose staff, sign in as {username} / {password}.
  Tokens of every role, good for 12 hours, and ids to try: {file}
  The Zalo stand-in, with what was sent: {zalo_url}/
  Figures for Prometheus: {figures}
  Stop with Ctrl+C; started again it goes on with what it has; --fresh begins anew.

Listening on {base_url}"#
    )
}
