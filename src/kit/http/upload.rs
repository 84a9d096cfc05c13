//! A form with a file (`multipart/form-data`, RFC 7578), or a file that is the whole body, streamed into a temporary file that
//! the caller has made (`outside::files`): memory stays flat however large the file is.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Seek as _, Write as _},
};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, error::PayloadError, http::header::CONTENT_TYPE, web::Payload};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::body::Fingerprint;
use crate::kit::{
    problems::{
        codes::{Code, FaultCode},
        faults::{Fault, escaped},
        problem::Problem,
    },
    secrets::secret::to_hex,
    values::text::{nfc, one_line},
};

const FORM: &str = "multipart/form-data";
/// The longest text of a form's field, in bytes.
const LONGEST_TEXT: usize = 4 * 1024;
/// The most fields that a form may have.
const MOST_FIELDS: usize = 20;

/// A form with its texts and its file.
#[derive(Debug, Default)]
pub struct Upload {
    /// The texts by the names of their fields, in Normalization Form C.
    pub texts: BTreeMap<String, String>,
    /// The file, where one came along.
    pub file: Option<SentFile>,
}

/// A file that came along.
#[derive(Debug)]
pub struct SentFile {
    /// What it was called, if the client said so.
    pub name: String,
    /// What is in it; read from its beginning.
    pub content: File,
    /// How long it is, in bytes.
    pub size: u64,
    /// SHA-256 of what is in it, in hexadecimal.
    pub hash: String,
}

/// Does this request bring a form?
pub fn is_form(request: &HttpRequest) -> bool {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.trim_start().to_ascii_lowercase().starts_with(FORM)
}

impl Upload {
    /// Reads the form. Its file stands in the field `file_field`, has at most `limit` bytes and goes into `temporary`, which is
    /// empty. The fingerprint of the request, for `Idempotency-Key`, is that of the texts and the file: boundaries differ each
    /// time a form is sent.
    pub async fn receive(
        request: &HttpRequest,
        payload: Payload,
        file_field: &str,
        limit: u64,
        temporary: File,
    ) -> Result<Self, Problem> {
        if !is_form(request) {
            return Err(Problem::new(Code::UnsupportedMediaType).with("expected", FORM));
        }
        let mut form = Multipart::new(request.headers(), payload);
        let mut upload = Self::default();
        let mut temporary = Some(temporary);
        let mut fields = 0_usize;
        while let Some(field) = form.next().await {
            let mut field = field.map_err(|error| malformed(&error))?;
            let name = field.name().unwrap_or_default().to_owned();
            let is_second = upload.texts.contains_key(&name) || (name == file_field && upload.file.is_some());
            fields = fields.saturating_add(1);
            if is_second || fields > MOST_FIELDS {
                return Err(Fault::at(pointer(&name), FaultCode::Duplicate).into());
            }
            // Of a second file the field would be a second one.
            if name == file_field
                && let Some(temporary) = temporary.take()
            {
                upload.file = Some(receive_file(&mut field, limit, temporary).await?);
            } else {
                let text = receive_text(&mut field, &name).await?;
                upload.texts.insert(name, text);
            }
        }
        let _already_set = Fingerprint::of(request).0.set(upload.fingerprint());
        Ok(upload)
    }

    fn fingerprint(&self) -> String {
        let file = self.file.as_ref().map(|file| (&file.name, &file.hash));
        let content = serde_json::to_vec(&(&self.texts, file)).unwrap_or_default();
        to_hex(&crate::kit::secrets::secret::sha256(&content))
    }
}

fn pointer(name: &str) -> String {
    format!("/{}", escaped(name))
}

async fn receive_text(field: &mut Field, name: &str) -> Result<String, Problem> {
    let too_long = || Problem::from(Fault::at(pointer(name), FaultCode::TooLong).with("limit", LONGEST_TEXT));
    let mut bytes = Vec::new();
    // Nobody waits for the rest of a text that is too long.
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| malformed(&error))?);
        if bytes.len() > LONGEST_TEXT {
            return Err(too_long());
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(|_not_utf8| Problem::new(Code::MalformedRequest))?;
    if text.contains('\0') {
        return Err(Fault::at(pointer(name), FaultCode::InvalidCharacter).into());
    }
    Ok(nfc(text))
}

async fn receive_file(field: &mut Field, limit: u64, temporary: File) -> Result<SentFile, Problem> {
    let name = field.content_disposition().and_then(|disposition| disposition.get_filename()).map(one_line);
    let mut filling = Filling::new(temporary, limit);
    while let Some(bytes) = field.next().await {
        filling.add(&bytes.map_err(|error| malformed(&error))?)?;
    }
    filling.done(name.unwrap_or_default())
}

impl SentFile {
    /// Reads a body that is the file: at most `limit` bytes, into `temporary`, which is empty.
    pub async fn receive(mut payload: Payload, limit: u64, temporary: File) -> Result<Self, Problem> {
        let mut filling = Filling::new(temporary, limit);
        while let Some(bytes) = payload.next().await {
            let bytes = bytes.map_err(|error: PayloadError| {
                tracing::debug!(%error, "a file that breaks off");
                Problem::new(Code::MalformedRequest)
            })?;
            filling.add(&bytes)?;
        }
        filling.done(String::new())
    }
}

/// A file as it comes in.
struct Filling {
    content: File,
    limit: u64,
    size: u64,
    hash: Sha256,
}

impl Filling {
    fn new(content: File, limit: u64) -> Self {
        Self { content, limit, size: 0, hash: Sha256::new() }
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.size > self.limit {
            return Err(Problem::new(Code::BodyTooLarge).with("limit", self.limit));
        }
        self.hash.update(bytes);
        // A few kilobytes into the page cache: not worth a thread of its own.
        self.content.write_all(bytes).map_err(Problem::of_file)
    }

    fn done(mut self, name: String) -> Result<SentFile, Problem> {
        self.content.rewind().map_err(Problem::of_file)?;
        let hash = to_hex(&<[u8; 32]>::from(self.hash.finalize()));
        Ok(SentFile { name, content: self.content, size: self.size, hash })
    }
}

fn malformed(error: &MultipartError) -> Problem {
    tracing::debug!(%error, "a form that cannot be read");
    Problem::new(Code::MalformedRequest)
}
