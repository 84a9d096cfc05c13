//! What an operation is: one row of the table of operations (`crate::operation_table`), which everything reads that treats
//! requests differently by where they go.

use std::time::Duration;

/// A kind of caller, as seen from the object that is called for: it is a member's own, of the unit U.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// Not signed in.
    Anonymous,
    /// Signed in, in no unit.
    Guest,
    /// The member whose object it is, of U.
    Owner,
    /// Another member of U.
    Colleague,
    /// A member of another unit.
    Stranger,
    /// A manager of U.
    Manager,
    /// A manager of another unit.
    OtherManager,
    /// An editor of U.
    Editor,
    /// An admin.
    Admin,
    /// An app with the scope that the operation asks for.
    App,
    /// An app without it.
    AppWithout,
}

impl CallerKind {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 11] = [
        Self::Anonymous,
        Self::Guest,
        Self::Owner,
        Self::Colleague,
        Self::Stranger,
        Self::Manager,
        Self::OtherManager,
        Self::Editor,
        Self::Admin,
        Self::App,
        Self::AppWithout,
    ];
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is let through.
    Yes,
    /// 401: sign in first.
    SignIn,
    /// 403: not with these rights.
    No,
    /// 404: for this caller the object does not exist; the answer is that for an unknown id, byte for byte.
    Hidden,
}

/// What a request carries as its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// No body.
    Nothing,
    /// JSON.
    Json,
    /// A JSON Merge Patch (RFC 7396), under its own media type or as JSON.
    MergePatch,
    /// An HTML form (`application/x-www-form-urlencoded`).
    Form,
    /// A file: alone, or as a part of a form (`multipart/form-data`). It goes to disk; every other body is held in memory.
    File(&'static [&'static str]),
}

impl Takes {
    /// The media types of the body.
    pub const fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::Json => &["application/json"],
            Self::MergePatch => &["application/merge-patch+json", "application/json"],
            Self::Form => &["application/x-www-form-urlencoded"],
            Self::File(media_types) => media_types,
        }
    }
}

/// What a request does that is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The same as once, by itself.
    Harmless,
    /// The same as once under an `Idempotency-Key`.
    ByKey,
    /// An `Idempotency-Key` has no effect, for this reason.
    KeyIgnored(&'static str),
}

/// Who may keep an answer (`Cache-Control`, RFC 9111). Every answer to a change is kept by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nobody: secrets, exports, other people's personal data, and what is true only now. Such an answer can still carry an
    /// `ETag`, for `If-Match`.
    Never,
    /// The reader alone, who asks each time whether it still holds: their own data, and what everybody signed in may read.
    ByReader,
    /// As the answer itself says: public pages, and files that never change.
    AsSaid,
}

impl Kept {
    /// The header that is put on an answer; none where the answer brings its own.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::Never => Some("no-store"),
            Self::ByReader => Some("private, no-cache"),
            Self::AsSaid => None,
        }
    }
}

/// The media types of an answer in JSON.
const JSON: &[&str] = &["application/json", "application/problem+json"];

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its id, which is the name of its handler.
    pub id: &'static str,
    /// The scope that an app needs; none: apps may not call it.
    pub scope: Option<&'static str>,
    /// What becomes of a call, by the kind of its caller, in the order of `CallerKind::ALL`.
    pub verdicts: [Verdict; 11],
    /// The body that it takes.
    pub takes: Takes,
    /// The media types that it can answer in. A reader whose `Accept` takes none of them gets a 406; empty: nobody does.
    pub gives: &'static [&'static str],
    /// What the same request does when it is sent again.
    pub repeat: Repeat,
    /// Does it take `If-Match`?
    pub is_conditional: bool,
    /// Does a call count against the caller's limit?
    pub is_counted: bool,
    /// Is a query parameter that it does not know a fault?
    pub is_query_strict: bool,
    /// Is a bearer token read? Where it is not, one that is no longer good does no harm.
    pub reads_bearer_token: bool,
    /// Who may keep its answer.
    pub kept: Kept,
    /// How long it may take from the last byte of the request on, where that is longer than `server.request_seconds`.
    pub longest: Option<Duration>,
}

impl Operation {
    /// One that is called with these verdicts; in all else, one that takes nothing and answers in JSON that nobody keeps.
    pub const fn new(id: &'static str, scope: Option<&'static str>, verdicts: [Verdict; 11]) -> Self {
        Self {
            id,
            scope,
            verdicts,
            takes: Takes::Nothing,
            gives: JSON,
            repeat: Repeat::Harmless,
            is_conditional: false,
            is_counted: true,
            is_query_strict: true,
            reads_bearer_token: true,
            kept: Kept::Never,
            longest: None,
        }
    }

    /// It takes JSON.
    pub const fn json(mut self) -> Self {
        self.takes = Takes::Json;
        self
    }

    /// It takes a JSON Merge Patch.
    pub const fn merge_patch(mut self) -> Self {
        self.takes = Takes::MergePatch;
        self
    }

    /// It takes an HTML form.
    pub const fn form(mut self) -> Self {
        self.takes = Takes::Form;
        self
    }

    /// It takes a file of these media types.
    pub const fn file(mut self, media_types: &'static [&'static str]) -> Self {
        self.takes = Takes::File(media_types);
        self
    }

    /// It answers in these media types.
    pub const fn gives(mut self, media_types: &'static [&'static str]) -> Self {
        self.gives = media_types;
        self
    }

    /// It can be repeated under an `Idempotency-Key`.
    pub const fn by_key(mut self) -> Self {
        self.repeat = Repeat::ByKey;
        self
    }

    /// It ignores an `Idempotency-Key`, for this reason.
    pub const fn ignores_key(mut self, reason: &'static str) -> Self {
        self.repeat = Repeat::KeyIgnored(reason);
        self
    }

    /// It takes `If-Match`.
    pub const fn conditional(mut self) -> Self {
        self.is_conditional = true;
        self
    }

    /// Calls are not counted.
    pub const fn uncounted(mut self) -> Self {
        self.is_counted = false;
        self
    }

    /// Query parameters that it does not know are passed over.
    pub const fn lenient(mut self) -> Self {
        self.is_query_strict = false;
        self
    }

    /// A bearer token is not read.
    pub const fn ignores_bearer_token(mut self) -> Self {
        self.reads_bearer_token = false;
        self
    }

    /// Its answer may be kept.
    pub const fn kept(mut self, kept: Kept) -> Self {
        self.kept = kept;
        self
    }

    /// It may take so many minutes.
    pub const fn minutes(mut self, minutes: u64) -> Self {
        self.longest = Some(Duration::from_secs(minutes.saturating_mul(60)));
        self
    }

    /// Is this kind of caller let through?
    pub fn lets(&self, kind: CallerKind) -> bool {
        CallerKind::ALL.iter().zip(self.verdicts).any(|(one, verdict)| *one == kind && verdict == Verdict::Yes)
    }
}
