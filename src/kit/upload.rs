//! A form with a file (`multipart/form-data`, RFC 7578), streamed into a temporary file that has no name and goes with its
//! handle: memory stays flat however large the file is.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Seek as _, Write as _},
};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, http::header::CONTENT_TYPE, web::Payload};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::{
    body::Fingerprint,
    codes::{Code, FaultCode},
    faults::{Fault, escaped},
    problem::Problem,
    secret::to_hex,
    text::{nfc, one_line},
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
    /// Reads the form. Its file stands in the field `file_field` and has at most `limit` bytes. The fingerprint of the request,
    /// for `Idempotency-Key`, is that of the texts and the file: boundaries differ each time a form is sent.
    pub async fn receive(
        request: &HttpRequest,
        payload: Payload,
        file_field: &str,
        limit: u64,
    ) -> Result<Self, Problem> {
        if !is_form(request) {
            return Err(Problem::new(Code::UnsupportedMediaType).with("expected", FORM));
        }
        let mut form = Multipart::new(request.headers(), payload);
        let mut upload = Self::default();
        let mut fields = 0_usize;
        while let Some(field) = form.next().await {
            let mut field = field.map_err(|error| malformed(&error))?;
            let name = field.name().unwrap_or_default().to_owned();
            let is_second = upload.texts.contains_key(&name) || (name == file_field && upload.file.is_some());
            fields = fields.saturating_add(1);
            if is_second || fields > MOST_FIELDS {
                return Err(Fault::at(pointer(&name), FaultCode::Duplicate).into());
            }
            if name == file_field {
                upload.file = Some(receive_file(&mut field, limit).await?);
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
        to_hex(&super::secret::sha256(&content))
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

async fn receive_file(field: &mut Field, limit: u64) -> Result<SentFile, Problem> {
    let name = field.content_disposition().and_then(|disposition| disposition.get_filename()).map(one_line);
    let mut content = tempfile::tempfile().map_err(Problem::internal)?;
    let (mut size, mut hash) = (0_u64, Sha256::new());
    while let Some(bytes) = field.next().await {
        let bytes = bytes.map_err(|error| malformed(&error))?;
        size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if size > limit {
            return Err(Problem::new(Code::BodyTooLarge).with("limit", limit));
        }
        hash.update(&bytes);
        // A few kilobytes into the page cache: not worth a thread of its own.
        content.write_all(&bytes).map_err(Problem::internal)?;
    }
    rewind(&mut content)?;
    let hash = to_hex(&<[u8; 32]>::from(hash.finalize()));
    Ok(SentFile { name: name.unwrap_or_default(), content, size, hash })
}

fn rewind(file: &mut File) -> Result<(), Problem> {
    file.rewind().map_err(|error: io::Error| Problem::internal(error))
}

fn malformed(error: &MultipartError) -> Problem {
    tracing::debug!(%error, "a form that cannot be read");
    Problem::new(Code::MalformedRequest)
}
