//! A page as the bytes that go out: its compressed forms and their entity tags are made with it, once, never per request.

use std::io::Write as _;

use actix_web::{
    HttpResponse,
    http::header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, Encoding, HeaderMap, HeaderValue,
        InvalidHeaderValue, LINK, Preference, Quality, QualityItem, VARY, from_comma_delimited,
    },
    web::Bytes,
};

use crate::kit::{http::etag, problems::Problem};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Anybody may keep it for as long as the page cache itself would; and serve it for as long as its spares live while we cannot
/// (RFC 5861, 4).
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=5, stale-if-error=600");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 20;

/// A page in every form that it is sent in. A form has a tag of its own: they are different bytes (RFC 9110, 8.8.3.3).
#[derive(Debug)]
pub struct CachedPage {
    content_type: HeaderValue,
    link: Option<HeaderValue>,
    plain: Form,
    brotli: Form,
    gzip: Form,
}

#[derive(Debug)]
struct Form {
    /// Where this is set, the compressing middleware leaves the body alone.
    encoding: Option<HeaderValue>,
    tag: HeaderValue,
    body: Bytes,
}

impl CachedPage {
    /// A page of this JSON, with the header `Link` where there is a next page.
    pub fn new(json: Vec<u8>, link: Option<&str>) -> Result<Self, Problem> {
        Self::in_all_forms(JSON, link, json).map_err(Problem::internal)
    }

    /// A file of this media type.
    pub fn of(content_type: &str, bytes: Vec<u8>) -> Result<Self, Problem> {
        let content_type = HeaderValue::from_str(content_type).map_err(Problem::internal)?;
        Self::in_all_forms(content_type, None, bytes).map_err(Problem::internal)
    }

    fn in_all_forms(content_type: HeaderValue, link: Option<&str>, bytes: Vec<u8>) -> Result<Self, InvalidHeaderValue> {
        let tag = etag::tag_of(None, &bytes);
        Ok(Self {
            content_type,
            link: link.map(HeaderValue::from_str).transpose()?,
            brotli: Form::new(Some("br"), &tag, brotli(&bytes))?,
            gzip: Form::new(Some("gzip"), &tag, gzip(&bytes))?,
            plain: Form::new(None, &tag, bytes)?,
        })
    }

    /// The answer to a request with these headers: 304 where it has this form already.
    pub fn answer(&self, headers: &HeaderMap) -> HttpResponse {
        let form = self.form_for(headers);
        let is_known = form.tag.to_str().is_ok_and(|tag| etag::is_known(headers, tag));
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((ETAG, form.tag.clone()))
            .insert_header((CACHE_CONTROL, PUBLIC))
            .insert_header((VARY, BY_ENCODING));
        if let Some(link) = &self.link {
            response.insert_header((LINK, link.clone()));
        }
        if is_known {
            return response.finish();
        }
        if let Some(encoding) = &form.encoding {
            response.insert_header((CONTENT_ENCODING, encoding.clone()));
        }
        response.insert_header((CONTENT_TYPE, self.content_type.clone())).body(form.body.clone())
    }

    /// The smallest form that the reader takes.
    fn form_for(&self, headers: &HeaderMap) -> &Form {
        let Ok(accepted) = from_comma_delimited(headers.get_all(ACCEPT_ENCODING)) else { return &self.plain };
        if accepts(&accepted, &Encoding::brotli()) {
            &self.brotli
        } else if accepts(&accepted, &Encoding::gzip()) {
            &self.gzip
        } else {
            &self.plain
        }
    }

    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        [&self.plain, &self.brotli, &self.gzip].into_iter().map(|form| form.body.len().saturating_add(128)).sum()
    }
}

impl Form {
    fn new(encoding: Option<&'static str>, tag: &str, body: Vec<u8>) -> Result<Self, InvalidHeaderValue> {
        let tag = match encoding {
            Some(encoding) => HeaderValue::try_from(etag::in_coding(tag, encoding))?,
            None => HeaderValue::from_str(tag)?,
        };
        Ok(Self { encoding: encoding.map(HeaderValue::from_static), tag, body: Bytes::from(body) })
    }
}

/// Is this coding named in `Accept-Encoding`, and not with a weight of zero?
fn accepts(accepted: &[QualityItem<Preference<Encoding>>], coding: &Encoding) -> bool {
    accepted.iter().any(|offer| offer.quality > Quality::ZERO && offer.item.item() == Some(coding))
}

/// Writing to memory does not fail.
fn brotli(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    let _infallible = writer.write_all(body);
    drop(writer);
    out
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let _infallible = writer.write_all(body);
    writer.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, io::Read as _};

    use super::*;

    #[test]
    fn a_coding_of_weight_zero_is_not_accepted() {
        let is_taken = |header: &str| {
            let header = HeaderValue::from_str(header).unwrap();
            accepts(&from_comma_delimited([&header].into_iter()).unwrap(), &Encoding::brotli())
        };

        assert!(["gzip, br", "gzip;q=0.5 , BR; q=1.0"].into_iter().all(is_taken));
        assert!(!["gzip, br;q=0", "gzip, br; q=0.000", "brotli", "*", ""].into_iter().any(is_taken));
    }

    #[test]
    fn others_may_serve_it_for_as_long_as_we_do() {
        let seconds = super::super::page_cache::SPARE_LIFE.as_secs();

        assert!(PUBLIC.to_str().unwrap().ends_with(&format!("stale-if-error={seconds}")));
    }

    #[test]
    fn each_form_has_a_tag_of_its_own() {
        let page = CachedPage::new(b"{}".to_vec(), None).unwrap();

        let tags: HashSet<_> = [&page.plain, &page.gzip, &page.brotli].map(|form| form.tag.clone()).into();
        assert_eq!(tags.len(), 3);
    }

    #[test]
    fn a_form_is_the_page_in_its_coding() {
        let json = br#"{"items": [], "next_cursor": null}"#.to_vec();
        let page = CachedPage::new(json.clone(), None).unwrap();

        let mut unpacked = Vec::new();
        brotli::Decompressor::new(page.brotli.body.as_ref(), 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, json);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(page.gzip.body.as_ref()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, json);
    }
}
