//! What went wrong, as facts: a code, values, faults. Rules and actions return it; the outermost middleware words it in
//! the client's language (RFC 9457). It is no HTTP type: nothing here is text for people.

use std::{error::Error, fmt, io, sync::Arc};

use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};

use super::{
    codes::{Code, FaultCode, blanks, example_of, fill},
    faults::{Fault, Faults, LONGEST_PLACE, MOST_FAULTS, Place, cut, short_value},
};
use crate::kit::values::language::Language;

/// The most that an answer lists of faults, in bytes.
const MOST_TEXT: usize = 60 * 1024;

/// A request that was not carried out, and why.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The stable name of what went wrong.
    pub code: Code,
    /// What stands for the `{name}`s in the code's words.
    pub values: Vec<(&'static str, String)>,
    /// Each thing that is wrong with the input.
    pub faults: Vec<Fault>,
    /// Is more wrong than is told?
    pub has_more_faults: bool,
    /// Headers that go with it: `Allow`, `Retry-After`.
    pub headers: Vec<(&'static str, String)>,
    /// What lies underneath an unexpected one; logged, never sent.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of that code.
    pub fn new(code: Code) -> Self {
        Self { code, values: Vec::new(), faults: Vec::new(), has_more_faults: false, headers: Vec::new(), cause: None }
    }

    /// There is no such thing, as far as this caller may know.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// The caller may know of it but not do this.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden)
    }

    /// Well-formed input with these faults.
    pub fn invalid(faults: impl Into<Faults>) -> Self {
        let faults = faults.into();
        let (count, has_more_faults) = (faults.len(), faults.has_more());
        let count = if has_more_faults { format!("{}+", count.max(1)) } else { count.to_string() };
        Self { faults: faults.into_list(), has_more_faults, ..Self::new(Code::InvalidInput).with("count", count) }
    }

    /// Something that should not have happened.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..Self::new(Code::InternalError) }
    }

    /// A file could not be written or read: `storage_full` where there is no room for it.
    pub fn of_file(error: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        if !matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) {
            return Self::internal(error);
        }
        Self { cause: Some(Arc::new(error)), ..Self::new(Code::StorageFull) }.header("retry-after", 60)
    }

    /// The same, with a value for the `{name}` in its words. A long value is cut.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, short_value(value.to_string())));
        self
    }

    /// The same, with a header.
    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// One of that code as it could happen, for pages and documents that explain it.
    pub fn example(code: Code) -> Self {
        let blanks = blanks(code.detail(Language::English));
        let values = blanks.filter_map(|name| Some((name, example_of(name)?.to_owned()))).collect();
        let faults = match code {
            Code::InvalidInput => vec![Fault::at("/title", FaultCode::TooLong).with("limit", 200)],
            _ => Vec::new(),
        };
        Self { values, faults, ..Self::new(code) }
    }

    /// What happened, in that language.
    pub fn detail(&self, language: Language) -> String {
        fill(self.code.detail(language), &self.values)
    }

    /// The document for the client.
    pub fn worded(&self, language: Language, request_id: &str) -> ProblemDocument {
        let (errors, is_cut) = self.errors(language);
        ProblemDocument {
            kind: format!("/problems/{}", self.code.name()),
            title: self.code.title(language).to_owned(),
            status: self.code.status(),
            detail: self.detail(language),
            code: self.code.name().to_owned(),
            request_id: request_id.to_owned(),
            errors,
            more_errors: is_cut || self.has_more_faults,
        }
    }

    /// The faults in words, at most `MOST_FAULTS` of them and `MOST_TEXT` bytes; and whether any were left out.
    fn errors(&self, language: Language) -> (Vec<FaultDocument>, bool) {
        let mut size = 0_usize;
        let errors: Vec<_> = self
            .faults
            .iter()
            .take(MOST_FAULTS)
            .map(|fault| FaultDocument::of(fault, language))
            .take_while(|fault| {
                size = size.saturating_add(fault.size());
                size <= MOST_TEXT
            })
            .collect();
        let is_cut = errors.len() < self.faults.len();
        (errors, is_cut)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        for fault in &self.faults {
            write!(f, " {}:{}", fault.place.as_str(), fault.code.name())?;
        }
        Ok(())
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// An error, after RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, title = "Problem")]
pub struct ProblemDocument {
    /// A URI path that is served as a page which explains the problem.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", examples("/problems/not_found"))]
    pub kind: String,
    /// What kind of problem it is, in the language of `Accept-Language`.
    #[schema(examples("Không tìm thấy"))]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, examples(404))]
    pub status: u16,
    /// What happened this time, and what to do.
    #[schema(examples("Không có gì ở địa chỉ này, hoặc bạn không được xem."))]
    pub detail: String,
    /// The stable name that programs branch on.
    #[schema(pattern = "^[a-z_]+$", examples("not_found"))]
    pub code: String,
    /// The same as in the header `X-Request-Id`; quote it when you report the problem.
    #[schema(examples("019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e"))]
    pub request_id: String,
    /// For bad input: every fault at once, up to 100 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 100)]
    pub errors: Vec<FaultDocument>,
    /// There are more faults than are listed; absent: these are all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub more_errors: bool,
}

/// One fault of the input.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultDocument {
    /// Where in the body: a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("/commitments/0/quantity"))]
    pub pointer: Option<String>,
    /// Which query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("limit"))]
    pub parameter: Option<String>,
    /// The stable name of the fault.
    #[schema(schema_with = fault_codes)]
    pub code: String,
    /// What is wrong, for people.
    #[schema(examples("Ngoài giới hạn cho phép (>= 0)."))]
    pub detail: String,
}

/// Every fault code with its words.
fn fault_codes() -> Object {
    let words = |code: &FaultCode| {
        let detail = code.detail(Language::English);
        let blanks: Vec<_> = blanks(detail).map(|name| (name, "…".to_owned())).collect();
        format!("- `{}`: {}", code.name(), fill(detail, &blanks))
    };
    let list: Vec<String> = FaultCode::ALL.iter().map(words).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(FaultCode::ALL.iter().map(|code| code.name())))
        .examples([FaultCode::OutOfRange.name()])
        .description(Some(format!("The stable name of the fault.\n\n{}", list.join("\n"))))
        .build()
}

impl FaultDocument {
    fn of(fault: &Fault, language: Language) -> Self {
        let (pointer, parameter) = match &fault.place {
            Place::Body(pointer) => (Some(cut(pointer.clone(), LONGEST_PLACE)), None),
            Place::Query(name) => (None, Some(cut(name.clone(), LONGEST_PLACE))),
        };
        let values: Vec<_> = fault.values.iter().map(|(name, value)| (*name, value.worded(language))).collect();
        Self {
            pointer,
            parameter,
            code: fault.code.name().to_owned(),
            detail: fill(fault.code.detail(language), &values),
        }
    }

    /// How many bytes it takes in the answer.
    fn size(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |bytes| bytes.len().saturating_add(1))
    }
}

/// A single fault is a problem too.
impl Faults {
    /// All of them as a problem, or `value` when there is none.
    pub fn or<T>(self, value: T) -> Result<T, Problem> {
        if self.is_empty() { Ok(value) } else { Err(Problem::invalid(self)) }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::invalid(vec![fault])
    }
}

/// The shortest way to say that one field of the body is wrong.
pub fn bad_field(pointer: impl Into<String>, code: FaultCode) -> Problem {
    Fault::at(pointer, code).into()
}
