//! From markdown to HTML that is safe to show: made when something is written, not each time it is read.

use std::{collections::HashSet, sync::LazyLock};

use ammonia::Builder;
use pulldown_cmark::{Options, Parser, html};

/// Scripts, styles, event handlers and frames go; links neither vouch for where they lead nor hand the window over.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner.link_rel(Some("noopener nofollow")).url_schemes(HashSet::from(["http", "https", "mailto", "tel"]));
    cleaner
});

/// The HTML of this markdown.
pub fn to_html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut raw = String::with_capacity(markdown.len().saturating_mul(2));
    html::push_html(&mut raw, Parser::new_ext(markdown, options));
    CLEANER.clean(&raw).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_run_is_gone() {
        let html = to_html(
            "Chào <script>alert(1)</script><b onclick=\"x()\" style=\"color:red\">bạn</b>\n\n\
             <iframe src=\"https://a.example\"></iframe><img src=x onerror=alert(1)>\n\n\
             [a](javascript:alert(1)) [b](data:text/html,x) <style>p{}</style>",
        );

        for bad in ["script", "onclick", "style", "iframe", "onerror", "javascript", "data:", "alert"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
        assert!(html.contains("<b>bạn</b>"));
    }

    #[test]
    fn links_do_not_vouch_for_where_they_lead() {
        let html = to_html("**Xem** [trang](https://lamdong.gov.vn)");

        assert_eq!(
            html.trim(),
            "<p><strong>Xem</strong> <a href=\"https://lamdong.gov.vn\" rel=\"noopener nofollow\">trang</a></p>"
        );
    }
}
