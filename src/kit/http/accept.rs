//! What the reader takes: the header `Accept` (RFC 9110, 12.5.1).

use actix_web::http::header::{Accept, Quality};

/// Does the reader take an answer of this media type? The range that fits it most closely says so, unless its weight is 0.
pub fn takes(accept: &Accept, media_type: &str) -> bool {
    let fitting = accept.iter().filter_map(|range| {
        let closeness = match range.item.essence_str().split_once('/')? {
            ("*", "*") => 0,
            (kind, "*") if media_type.split_once('/').is_some_and(|(own, _)| own == kind) => 1,
            _ if range.item.essence_str() == media_type => 2,
            _ => return None,
        };
        Some((closeness, range.quality))
    });
    fitting.max().is_some_and(|(_, quality)| quality > Quality::ZERO)
}

#[cfg(test)]
mod tests {
    use actix_web::{
        http::header::{ACCEPT, Header as _},
        test::TestRequest,
    };

    use super::*;

    #[test]
    fn the_range_that_fits_most_closely_decides() {
        let json = |accept| {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_http_request();
            takes(&Accept::parse(&request).unwrap(), "application/json")
        };

        assert!(
            ["*/*", "application/*", "text/html, Application/JSON;q=0.1", "image/*, */*;q=0.2"].into_iter().all(json)
        );
        assert!(json("application/json; charset=utf-8"));
        assert!(!["application/json;q=0", "image/png", "application/jsonx", "json", ""].into_iter().any(json));
        assert!(!json("*/*, application/json; q=0.000") && json("*/*;q=0, application/json"));
        assert!(!json("application/*;q=0, */*"));
    }
}
