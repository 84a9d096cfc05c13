//! Who may ask staff to sign in: public clients that are registered here, with where they may be sent back to.

use url::Url;

/// Swagger UI's Authorize button.
pub const SWAGGER_UI: &str = "swagger-ui";
const SWAGGER_REDIRECT: &str = "/swagger-ui/oauth2-redirect.html";

/// May this client be sent back to this address? Compared exactly (RFC 9700, 4.1.3); a loopback server is the same by
/// number and by name.
pub fn is_redirect_allowed(public_url: &str, client_id: &str, redirect_uri: &str) -> bool {
    if client_id != SWAGGER_UI {
        return false;
    }
    let registered = format!("{public_url}{SWAGGER_REDIRECT}");
    redirect_uri == registered || is_same_loopback(&registered, redirect_uri)
}

fn is_same_loopback(registered: &str, given: &str) -> bool {
    let (Ok(registered), Ok(given)) = (Url::parse(registered), Url::parse(given)) else { return false };
    let is_loopback = |url: &Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    is_loopback(&registered)
        && is_loopback(&given)
        && registered.port() == given.port()
        && registered.path() == given.path()
        && registered.scheme() == given.scheme()
        && given.query().is_none()
        // A fragment has no place in it (RFC 6749, 3.1.2).
        && given.fragment().is_none()
        && given.username().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_sent_back_to_its_registered_address_alone() {
        let allowed = |uri: &str| is_redirect_allowed("https://thidua.example", SWAGGER_UI, uri);

        assert!(allowed("https://thidua.example/swagger-ui/oauth2-redirect.html"));
        assert!(!allowed("https://evil.example/swagger-ui/oauth2-redirect.html"));
        assert!(!allowed("https://thidua.example/swagger-ui/oauth2-redirect.html?x"));
        assert!(!is_redirect_allowed(
            "https://thidua.example",
            "other",
            "https://thidua.example/swagger-ui/oauth2-redirect.html"
        ));
    }

    #[test]
    fn a_loopback_server_is_the_same_by_number_and_by_name() {
        let allowed = |uri: &str| is_redirect_allowed("http://127.0.0.1:8080", SWAGGER_UI, uri);

        assert!(allowed("http://localhost:8080/swagger-ui/oauth2-redirect.html"));
        assert!(!allowed("http://localhost:9090/swagger-ui/oauth2-redirect.html"));
        assert!(!allowed("http://localhost:8080/swagger-ui/oauth2-redirect.html#here"));
        assert!(!allowed("http://evil.example:8080/swagger-ui/oauth2-redirect.html"));
    }
}
