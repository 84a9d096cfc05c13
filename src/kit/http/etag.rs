//! Strong entity tags (RFC 9110, 8.8.3), `"<version>-<hash>"`: the hash of the bytes tells a reader whether anything
//! differs; the version of the row alone tells a writer whether somebody else has changed it. So a figure that moves
//! beside a text does not fail the edit of the text.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH},
};

use crate::kit::{
    problems::{codes::Code, problem::Problem},
    secrets::secret::{sha256, to_hex},
};

/// The tag of these bytes, of a row with that version.
pub fn tag_of(version: Option<i64>, bytes: &[u8]) -> String {
    let mut hash = to_hex(&sha256(bytes));
    hash.truncate(16);
    version.map_or_else(|| format!("\"{hash}\""), |version| format!("\"{version}-{hash}\""))
}

/// The codings that answers are sent in.
const CODINGS: [&str; 3] = ["br", "gzip", "deflate"];

/// The tag of the same bytes in this content coding: other bytes, so another tag (RFC 9110, 8.8.3.3).
pub fn in_coding(tag: &str, coding: &str) -> String {
    format!("{}-{coding}\"", tag.trim_end_matches('"'))
}

/// Does the reader have these very bytes already?
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    known(headers).any(|known| known == "*" || known == tag)
}

/// The tag by which the reader has this already, in whatever coding it got it.
pub fn known_in_any_coding(headers: &HeaderMap, tag: &str) -> Option<String> {
    known(headers).find_map(|known| match known {
        "*" => Some(tag.to_owned()),
        known => is_in_any_coding(known, tag).then(|| known.to_owned()),
    })
}

fn is_in_any_coding(known: &str, tag: &str) -> bool {
    known == tag || CODINGS.iter().any(|coding| known == in_coding(tag, coding))
}

fn known(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
}

/// The versions that the writer has seen; none given means that it acts on what is there.
#[derive(Clone, Debug)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// For changes that no client asked for.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Fails when what has no version is shown otherwise than the writer has seen it, whatever coding that came in.
    pub fn check_tag(&self, tag: &str) -> Result<(), Problem> {
        let Some(seen) = &self.0 else { return Ok(()) };
        let is_its = |seen: &String| seen == "*" || is_in_any_coding(seen, tag);
        if seen.iter().any(is_its) { Ok(()) } else { Err(Problem::new(Code::PreconditionFailed)) }
    }

    /// Fails when the row is at a version that the writer has not seen.
    pub fn check(&self, version: i64) -> Result<(), Problem> {
        let Some(seen) = &self.0 else { return Ok(()) };
        let is_seen = seen.iter().any(|tag| {
            let of_row = tag.trim_matches('"').split('-').next().and_then(|text| text.parse::<i64>().ok());
            tag == "*" || of_row == Some(version)
        });
        if is_seen { Ok(()) } else { Err(Problem::new(Code::PreconditionFailed)) }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut seen = request.headers().get_all(IF_MATCH).peekable();
        if seen.peek().is_none() {
            return ready(Ok(Self(None)));
        }
        let tags = seen
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().to_owned())
            .collect();
        ready(Ok(Self(Some(tags))))
    }
}
