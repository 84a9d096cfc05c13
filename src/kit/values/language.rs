//! The two languages that texts for people are kept in: Vietnamese first, English second.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{ACCEPT_LANGUAGE, HeaderMap},
};

/// A language that a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Tiếng Việt, unless English is asked for first.
    #[default]
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// The better of the two for `Accept-Language` (RFC 9110, 12.5.4).
    pub fn of(headers: &HeaderMap) -> Self {
        let Some(wanted) = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else {
            return Self::default();
        };
        let mut best = (Self::default(), 0.0);
        for range in wanted.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            let language = match tag.split('-').next() {
                Some("vi" | "*") => Self::Vietnamese,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// The tag for `Content-Language` (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }

    /// The one of two texts that is in this language.
    pub const fn pick<T: Copy>(self, vietnamese: T, english: T) -> T {
        match self {
            Self::Vietnamese => vietnamese,
            Self::English => english,
        }
    }
}

impl FromRequest for Language {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request.headers())))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn asked(value: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        Language::of(&headers)
    }

    #[test]
    fn the_highest_weight_wins_and_vietnamese_is_the_default() {
        assert_eq!(asked("en-GB, vi;q=0.8"), Language::English);
        assert_eq!(asked("en;q=0.5, vi;q=0.8"), Language::Vietnamese);
        assert_eq!(asked("fr, de"), Language::Vietnamese);
        assert_eq!(asked("fr, en;q=0.1"), Language::English);
    }
}
