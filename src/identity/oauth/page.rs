//! The sign-in page for staff: plain, self-contained, in both languages.

use maud::{DOCTYPE, Markup, html};

use super::wire::AuthorizeRequest;
use crate::kit::values::Language;

const STYLE: &str = "
body{font:16px/1.5 system-ui,sans-serif;background:#f4f1ec;color:#222;margin:0;display:grid;place-items:center;min-height:100vh}
main{background:#fff;padding:2rem 2.25rem;border-radius:12px;box-shadow:0 2px 18px #0002;width:min(22rem,86vw)}
h1{font-size:1.35rem;margin:0 0 .25rem;color:#b3261e}p{margin:.25rem 0 1rem;color:#555}
label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input{width:100%;box-sizing:border-box;font:inherit;padding:.55rem .7rem;border:1px solid #bbb;border-radius:8px}
button{margin-top:1.4rem;width:100%;font:inherit;font-weight:600;padding:.65rem;border:0;border-radius:8px;background:#b3261e;color:#fff;cursor:pointer}
.error{background:#fdecea;color:#8c1d18;padding:.6rem .8rem;border-radius:8px;margin:1rem 0 0}";

/// What to say above the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Nothing.
    None,
    /// Username and password did not fit.
    WrongPassword,
    /// The code did not fit.
    WrongCode,
    /// The page was left alone for too long.
    Late,
    /// There were too many guesses.
    TooMany,
}

impl Notice {
    /// What it says.
    const fn words(self, language: Language) -> &'static str {
        match self {
            Self::None => "",
            Self::WrongPassword => {
                language.pick("Tên đăng nhập hoặc mật khẩu không đúng.", "The username or the password is not right.")
            }
            Self::WrongCode => language.pick(
                "Mã không đúng hoặc đã dùng rồi. Hãy chờ mã mới.",
                "The code is not right, or it was used before. Wait for the next one.",
            ),
            Self::Late => language.pick("Đã quá lâu. Hãy đăng nhập lại.", "That took too long. Sign in again."),
            Self::TooMany => language.pick(
                "Có quá nhiều lần thử. Hãy chờ vài phút, hoặc dùng thiết bị bạn đã từng đăng nhập.",
                "There were too many attempts. Wait some minutes, or use a device on which you have signed in before.",
            ),
        }
    }
}

/// The sign-in form, which carries the client's request along.
pub fn sign_in(language: Language, request: &AuthorizeRequest, notice: Notice) -> Markup {
    let say = |vietnamese, english| language.pick(vietnamese, english);
    page(
        language,
        say("Đăng nhập · Thi Đua", "Sign in · Thi Đua"),
        html! {
            h1 { (say("Đăng nhập", "Sign in")) }
            p { (say("Dành cho cán bộ quản lý phong trào thi đua.", "For staff of the emulation campaigns.")) }
            (alert(language, notice))
            form method="post" action="/oauth/authorize" {
                (carried(request))
                label for="username" { (say("Tên đăng nhập", "Username")) }
                input #username name="username" autocomplete="username" autocapitalize="none" required autofocus;
                label for="password" { (say("Mật khẩu", "Password")) }
                input #password type="password" name="password" autocomplete="current-password" required;
                button type="submit" { (say("Đăng nhập", "Sign in")) }
            }
        },
    )
}

/// The second page, for whoever has a second factor. The ticket says that the password was right.
pub fn second_factor(language: Language, request: &AuthorizeRequest, ticket: &str, notice: Notice) -> Markup {
    let say = |vietnamese, english| language.pick(vietnamese, english);
    page(
        language,
        say("Mã xác thực · Thi Đua", "Code · Thi Đua"),
        html! {
            h1 { (say("Mã xác thực", "Code")) }
            p { (say("Nhập mã 6 số trong ứng dụng xác thực, hoặc một mã dự phòng.", "Enter the 6 digits of your authenticator, or a recovery code.")) }
            (alert(language, notice))
            form method="post" action="/oauth/authorize" {
                (carried(request))
                input type="hidden" name="ticket" value=(ticket);
                label for="code" { (say("Mã", "Code")) }
                input #code name="code" autocomplete="one-time-code" autocapitalize="none" required autofocus;
                button type="submit" { (say("Tiếp tục", "Continue")) }
            }
        },
    )
}

fn alert(language: Language, notice: Notice) -> Markup {
    html! {
        @if notice != Notice::None {
            div .error role="alert" { (notice.words(language)) }
        }
    }
}

/// The client's request, carried along.
fn carried(request: &AuthorizeRequest) -> Markup {
    html! {
        input type="hidden" name="client_id" value=(request.client_id);
        input type="hidden" name="redirect_uri" value=(request.redirect_uri);
        input type="hidden" name="state" value=(request.state);
        input type="hidden" name="code_challenge" value=(request.code_challenge);
    }
}

/// A request that nobody can be sent back from: the client or its address is not registered.
pub fn refused(language: Language) -> Markup {
    let say = |vietnamese, english| language.pick(vietnamese, english);
    page(
        language,
        "Thi Đua",
        html! {
            h1 { (say("Không thể đăng nhập từ đây", "You cannot sign in from here")) }
            p {
                (say(
                    "Ứng dụng hoặc địa chỉ quay về chưa được đăng ký, hoặc yêu cầu thiếu PKCE (S256). Hãy mở lại từ ứng dụng của bạn.",
                    "The application or its return address is not registered, or the request lacks PKCE (S256). Open it again from your application.",
                ))
            }
        },
    )
}

fn page(language: Language, title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    }
}
