//! The words of the inventory: what a column holds, how a member's rows are found, and what an erasure does to them.

use super::Consent;

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What its rows are to the member, in Vietnamese: the heading in the guide to an export.
    pub about: &'static str,
    /// How a member's rows are found: any of these. None: it holds nothing about members.
    pub found: &'static [Found],
    /// What an erasure does to those rows.
    pub rows: Rows,
    /// Every column of it.
    pub columns: &'static [Column],
    /// What is in the paths of requests that are answered with its rows. Where a column needs a consent, the answers to these
    /// that are kept for repeated requests lose what they show when the consent is withdrawn.
    pub shown_under: &'static [&'static str],
}

/// How a member's rows are found.
#[derive(Clone, Copy, Debug)]
pub enum Found {
    /// By the member's id in this column.
    By(&'static str),
    /// By the member's id as text in this column.
    ByText(&'static str),
    /// By the caller's key, `member:…`, in this column.
    ByCaller(&'static str),
    /// This column names the `key` of a row of `table` whose `owner` is the member.
    Through {
        /// The column here.
        column: &'static str,
        /// The table that it leads to.
        table: &'static str,
        /// Its key.
        key: &'static str,
        /// The column with the member's id there.
        owner: &'static str,
    },
}

/// What becomes of a member's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// They stay, as far as their columns do.
    Stay,
    /// They go, and all that is in them.
    Go,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub tag: Tag,
    /// The consent without which it is not kept.
    pub needs: Option<Consent>,
    /// What it is, in Vietnamese, for the guide to an export. Empty where it is not exported.
    pub about: &'static str,
}

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub enum Tag {
    /// Nothing about a person.
    Impersonal,
    /// A member's internal id. It stays: after an erasure it leads to nobody.
    MemberId,
    /// Something about the member that stays, because figures or documents rest on it; without a name it is nobody's.
    Stays,
    /// Personal, readable.
    Personal(How),
    /// Personal, encrypted for this purpose.
    Sealed(&'static str, How),
    /// Personal or secret, for machines: hashes, tokens, folded copies. Never exported.
    Hidden(How),
}

/// What an erasure does to a column. In rows that go it says nothing more.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// It goes with its row.
    WithRow,
    /// It is null from then on.
    Null,
    /// It says this from then on.
    Text(&'static str),
    /// It says this from then on.
    Made(fn() -> String),
    /// It holds these bytes from then on.
    Bytes(fn() -> Vec<u8>),
    /// It is a document of which these fields say this from then on; null where there is nothing to say.
    Fields(&'static [(&'static str, Option<&'static str>)]),
    /// It says this from then on in the rows of which this SQL condition, the same on both databases, is true. In the others
    /// it stays.
    TextWhere(&'static str, &'static str),
}

impl Table {
    /// Are its rows, or any part of them, about members?
    pub const fn is_personal(&self) -> bool {
        !self.found.is_empty()
    }

    /// The same, with what is in the paths under which it is shown.
    pub const fn shown_under(self, paths: &'static [&'static str]) -> Self {
        Self { shown_under: paths, ..self }
    }

    /// The columns that an export shows.
    pub fn exported(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(|column| column.tag.is_exported())
    }
}

impl Column {
    /// What an export calls it: there it is readable.
    pub fn shown_name(&self) -> &'static str {
        self.name.strip_suffix("_cipher").unwrap_or(self.name)
    }
}

impl Tag {
    /// Does an export show it?
    pub const fn is_exported(&self) -> bool {
        matches!(self, Self::Stays | Self::Personal(_) | Self::Sealed(..))
    }

    /// What an erasure does to it; none where it stays.
    pub const fn erasure(&self) -> Option<How> {
        match self {
            Self::Personal(how) | Self::Sealed(_, how) | Self::Hidden(how) => Some(*how),
            Self::Impersonal | Self::MemberId | Self::Stays => None,
        }
    }
}

/// A column that says nothing about a person.
pub const fn plain(name: &'static str) -> Column {
    Column { name, tag: Tag::Impersonal, needs: None, about: "" }
}

/// A column with a member's internal id.
pub const fn member_id(name: &'static str) -> Column {
    Column { name, tag: Tag::MemberId, needs: None, about: "" }
}

/// A column that stays, and is shown in exports.
pub const fn stays(name: &'static str, about: &'static str) -> Column {
    Column { name, tag: Tag::Stays, needs: None, about }
}

/// A personal column.
pub const fn personal(name: &'static str, how: How, about: &'static str) -> Column {
    Column { name, tag: Tag::Personal(how), needs: None, about }
}

/// A personal column that is kept only with this consent.
pub const fn personal_with(name: &'static str, needs: Consent, how: How, about: &'static str) -> Column {
    Column { name, tag: Tag::Personal(how), needs: Some(needs), about }
}

/// A personal column, encrypted for `purpose`.
pub const fn sealed(name: &'static str, purpose: &'static str, how: How, about: &'static str) -> Column {
    Column { name, tag: Tag::Sealed(purpose, how), needs: None, about }
}

/// A personal or secret column that no export shows.
pub const fn hidden(name: &'static str, how: How) -> Column {
    Column { name, tag: Tag::Hidden(how), needs: None, about: "" }
}
