//! What the headers of a spreadsheet mean: in any case, with or without diacritics, in Vietnamese or English, and as our own
//! exports write them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Unreadable;
use crate::{
    kit::{
        problems::{Fault, FaultCode},
        values::text::fold,
    },
    organisation::imports::{ImportKind, RowFault},
};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Column {
    /// Our id of the member or unit.
    Id,
    /// The code in the organisation's own books.
    Code,
    /// The name; in a sheet that has it in parts the given name.
    Name,
    /// A member's family name, with or without their middle names, beside a column of given names.
    FamilyName,
    /// A member's middle names, where they have a column of their own.
    MiddleName,
    /// A unit's shorter name.
    ShortName,
    /// A unit's kind.
    Kind,
    /// A member's mobile number.
    Phone,
    /// A member's e-mail address.
    Email,
    /// Our id of a member's unit.
    UnitId,
    /// The code of a member's unit.
    UnitCode,
    /// The name (or the code) of a member's unit.
    Unit,
    /// Our id of the unit above.
    ParentId,
    /// The code of the unit above.
    ParentCode,
    /// The name (or the code) of the unit above.
    Parent,
    /// The first day.
    Since,
    /// Of no interest: a running number, a note.
    Nothing,
}

const LONGEST_HEADER: usize = 100;

type Names = &'static [(Column, &'static [&'static str])];

/// Headers of both kinds.
const EITHER: Names = &[
    (Column::Id, &["id", "ma he thong", "id he thong"]),
    (Column::Nothing, &["stt", "tt", "so thu tu", "no", "ghi chu", "note", "notes"]),
];

/// Headers of members.
const MEMBERS: Names = &[
    (
        Column::Code,
        &[
            "ma thanh vien",
            "ma dang vien",
            "ma so dang vien",
            "so the dang vien",
            "so the dang",
            "the dang",
            "ma doan vien",
            "ma can bo",
            "ma so",
            "ma",
            "code",
            "member code",
            "external id",
            "external code",
        ],
    ),
    (
        Column::Name,
        &[
            "ho va ten",
            "ho ten",
            "ho va ten dang vien",
            "ten",
            "ten dang vien",
            "ho ten dang vien",
            "ten thanh vien",
            "ho ten thanh vien",
            "ho dem va ten",
            "ho va ten thanh vien",
            "name",
            "full name",
            "fullname",
            "display name",
        ],
    ),
    (
        Column::FamilyName,
        &[
            "ho",
            "ho dem",
            "ho va dem",
            "ho ten dem",
            "ho va ten dem",
            "ho chu dem",
            "ho va chu dem",
            "ho lot",
            "ho va lot",
            "ho ten lot",
            "ho va ten lot",
            "ho chu lot",
            "ho va chu lot",
            "family name",
            "last name",
            "surname",
        ],
    ),
    (Column::MiddleName, &["dem", "ten dem", "chu dem", "lot", "ten lot", "chu lot", "middle name", "middle names"]),
    (
        Column::Phone,
        &[
            "so dien thoai",
            "dien thoai",
            "sdt",
            "so dt",
            "dt",
            "dien thoai di dong",
            "so dien thoai di dong",
            "di dong",
            "so di dong",
            "dtdd",
            "so zalo",
            "zalo",
            "dien thoai zalo",
            "so dien thoai zalo",
            "phone",
            "phone number",
            "mobile",
            "mobile phone",
            "tel",
        ],
    ),
    (
        Column::Email,
        &["email", "e mail", "thu dien tu", "dia chi email", "dia chi thu dien tu", "email address", "mail"],
    ),
    (Column::UnitId, &["id don vi", "unit id", "home unit id"]),
    (Column::UnitCode, &["ma don vi", "ma chi bo", "ma don vi sinh hoat", "unit code"]),
    (
        Column::Unit,
        &[
            "don vi",
            "ten don vi",
            "chi bo",
            "ten chi bo",
            "don vi sinh hoat",
            "noi sinh hoat",
            "chi bo sinh hoat",
            "don vi cong tac",
            "to chuc dang",
            "don vi chi bo",
            "unit",
            "unit name",
            "home unit",
        ],
    ),
    (Column::ParentCode, &["ma don vi cap tren", "ma dang bo", "parent code", "parent unit code"]),
    (
        Column::Parent,
        &[
            "don vi cap tren",
            "cap tren",
            "truc thuoc",
            "don vi cha",
            "dang bo",
            "ten don vi cap tren",
            "parent",
            "parent unit",
        ],
    ),
    (
        Column::Since,
        &[
            "ngay vao",
            "ngay vao don vi",
            "ngay tham gia",
            "ngay bat dau",
            "tu ngay",
            "ngay ve don vi",
            "ngay chuyen den",
            "ngay sinh hoat",
            "member since",
            "since",
            "joined on",
            "from",
            "valid from",
        ],
    ),
];

/// What a column of given names is called beside one of family names. `Tên` alone is the whole name.
const GIVEN_NAMES: &[&str] = &["ten", "ten goi", "given name", "first name"];

/// Headers of units.
const UNITS: Names = &[
    (Column::Code, &["ma don vi", "ma so", "ma", "ma chi bo", "ma so don vi", "code", "unit code"]),
    (
        Column::Name,
        &["ten don vi", "don vi", "ten", "ten chi bo", "ten day du", "name", "unit", "unit name", "full name"],
    ),
    (
        Column::ShortName,
        &["ten viet tat", "ten ngan", "ten tat", "ten rut gon", "viet tat", "short name", "abbreviation"],
    ),
    (
        Column::Kind,
        &[
            "loai don vi",
            "loai",
            "loai hinh",
            "loai hinh don vi",
            "loai to chuc",
            "kind",
            "type",
            "unit kind",
            "unit type",
        ],
    ),
    (Column::ParentId, &["id don vi cap tren", "parent id", "parent unit id"]),
    (Column::ParentCode, &["ma don vi cap tren", "ma cap tren", "ma don vi cha", "parent code", "parent unit code"]),
    (
        Column::Parent,
        &[
            "don vi cap tren",
            "cap tren",
            "truc thuoc",
            "don vi cha",
            "ten don vi cap tren",
            "don vi quan ly",
            "parent",
            "parent unit",
            "parent name",
        ],
    ),
    (
        Column::Since,
        &[
            "ngay thanh lap",
            "tu ngay",
            "ngay bat dau",
            "hieu luc tu",
            "ngay hieu luc",
            "valid from",
            "from",
            "since",
            "founded on",
        ],
    ),
];

/// The headers of one sheet.
#[derive(Clone, Debug)]
pub struct Columns {
    kind: ImportKind,
    /// What each column holds and what it is called, left to right; none where it is not known.
    all: Vec<(Option<Column>, String)>,
    /// What stands between cells; none in a workbook.
    separator: Option<char>,
}

impl Columns {
    /// What these headers mean.
    pub fn read(kind: ImportKind, headers: &[String]) -> Self {
        let all = headers.iter().map(|header| (meaning(kind, header), header.trim().to_owned()));
        Self { kind, all: all.collect(), separator: None }.with_parts_of_names()
    }

    /// Parts of names count beside given names. A sheet that also has the whole name says it all with that: they are of no use.
    fn with_parts_of_names(mut self) -> Self {
        let is_given = |header: &str| GIVEN_NAMES.contains(&words(header).as_str());
        let has_family = self.has(Column::FamilyName);
        let has_whole =
            self.all.iter().any(|(column, header)| *column == Some(Column::Name) && !is_given(header.as_str()));
        for (column, header) in &mut self.all {
            match column {
                Some(Column::FamilyName | Column::MiddleName) if has_whole => *column = None,
                None if has_family && !has_whole && is_given(header.as_str()) => *column = Some(Column::Name),
                _ => {}
            }
        }
        self
    }

    /// The same of a text, with what stands between its cells.
    pub fn separated_by(self, separator: u8) -> Self {
        Self { separator: Some(char::from(separator)), ..self }
    }

    /// Cells that may have taken other rows in: a line break in a column that counts, and in any other one lines that are
    /// separated as whole rows are. A note may have as many lines as it likes.
    pub fn line_breaks(&self, cells: &[String]) -> Vec<RowFault> {
        let is_too_long = cells.iter().skip(self.all.len()).any(|cell| !cell.trim().is_empty());
        let unnamed = (None, String::new());
        let named = cells.iter().zip(self.all.iter().chain(std::iter::repeat(&unnamed)));
        let broken = named.filter(|(cell, (column, _))| {
            let breaks = cell.trim().matches('\n').count();
            let counts = column.is_some_and(|column| column != Column::Nothing);
            let separators = self.separator.map_or(0, |separator| cell.matches(separator).count());
            let rows = separators.checked_div(self.all.len().saturating_sub(1)).unwrap_or_default();
            breaks > 0 && (counts || is_too_long || rows >= breaks)
        });
        let named = |name: &'_ String| (!name.is_empty()).then(|| name.clone());
        broken.map(|(_, (_, name))| RowFault::new(named(name).as_deref(), FaultCode::LineBreak)).collect()
    }

    /// How many of them are understood.
    pub fn score(&self) -> usize {
        self.all.iter().filter(|(column, _)| column.is_some()).count()
    }

    /// Is everything there that is needed, and nothing twice?
    pub fn check(&self) -> Result<(), Unreadable> {
        let missing = |vietnamese: &'static str| {
            Unreadable::Fault(Fault::at("/file", FaultCode::MissingColumn).with("options", vietnamese))
        };
        for (place, (column, name)) in self.all.iter().enumerate() {
            let twin = self.all.iter().take(place).find(|(other, _)| other == column);
            if let (Some(known), Some((_, other))) = (column, twin)
                && *known != Column::Nothing
            {
                let both = format!("{other}, {name}");
                return Err(Unreadable::Fault(Fault::at("/file", FaultCode::SameColumnTwice).with("options", both)));
            }
        }
        match self.kind {
            ImportKind::Members if self.has(Column::FamilyName) && !self.has(Column::Name) => Err(missing("Tên")),
            ImportKind::Members if self.has(Column::MiddleName) && !self.has(Column::FamilyName) => Err(missing("Họ")),
            ImportKind::Members if !self.has(Column::Name) => Err(missing("Họ và tên")),
            ImportKind::Members
                if ![Column::Unit, Column::UnitCode, Column::UnitId].iter().any(|one| self.has(*one)) =>
            {
                Err(missing("Đơn vị / Mã đơn vị"))
            }
            ImportKind::Units if !self.has(Column::Name) => Err(missing("Tên đơn vị")),
            _ => Ok(()),
        }
    }

    /// Is that column in this sheet?
    pub fn has(&self, column: Column) -> bool {
        self.all.iter().any(|(known, _)| *known == Some(column))
    }

    /// What is kept of them when the file has gone.
    pub fn headers(&self) -> Headers {
        let mut headers = Headers::default();
        for (column, name) in self.all.iter().filter(|(_, name)| !name.is_empty()) {
            let name: String = name.chars().take(LONGEST_HEADER).collect();
            match column {
                Some(column) => drop(headers.known.insert(*column, name)),
                None => headers.ignored.push(name),
            }
        }
        headers
    }

    /// What a column is called in this sheet; none where it is not in it.
    pub fn name_of(&self, column: Column) -> Option<&str> {
        self.all.iter().find(|(known, _)| *known == Some(column)).map(|(_, name)| name.as_str())
    }

    /// The cell of that column, as it stands there.
    pub fn cell<'r>(&self, cells: &'r [String], column: Column) -> Option<&'r str> {
        let place = self.all.iter().position(|(known, _)| *known == Some(column))?;
        cells.get(place).map(String::as_str)
    }
}

/// What a file's columns are called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// Those that nobody understands.
    pub ignored: Vec<String>,
    known: BTreeMap<Column, String>,
}

impl Headers {
    /// What a column is called; none where it is not in the file.
    pub fn name_of(&self, column: Column) -> Option<&str> {
        self.known.get(&column).map(String::as_str)
    }
}

/// A header as it is compared: its words without case, diacritics and what explains it.
fn words(header: &str) -> String {
    // What stands in brackets explains: "Ngày vào (dd/mm/yyyy)", "Họ và tên (*)".
    let bare = header.split(['(', '[']).next().unwrap_or_default();
    let folded: String = fold(bare).chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn meaning(kind: ImportKind, header: &str) -> Option<Column> {
    let words = words(header);
    let own = match kind {
        ImportKind::Members => MEMBERS,
        ImportKind::Units => UNITS,
    };
    let names = own.iter().chain(EITHER);
    names.into_iter().find(|(_, names)| names.contains(&words.as_str())).map(|(column, _)| *column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn is(kind: ImportKind, header: &str) -> Option<Column> {
        Columns::read(kind, &[header.to_owned()]).all[0].0
    }

    #[test]
    fn headers_are_understood_however_they_are_written() {
        for header in ["Họ và tên", "HỌ VÀ TÊN", "ho va ten", "Họ tên (*)", " Họ  và tên: ", "Full name", "full_name"]
        {
            assert_eq!(is(ImportKind::Members, header), Some(Column::Name), "{header}");
        }
        for header in ["Số điện thoại", "SĐT", "sdt", "Điện thoại", "Phone", "Số ĐT"] {
            assert_eq!(is(ImportKind::Members, header), Some(Column::Phone), "{header}");
        }
        assert_eq!(is(ImportKind::Members, "Mã đơn vị"), Some(Column::UnitCode));
        assert_eq!(is(ImportKind::Units, "Mã đơn vị"), Some(Column::Code));
        assert_eq!(is(ImportKind::Units, "Đơn vị cấp trên"), Some(Column::Parent));
        assert_eq!(is(ImportKind::Members, "Ngày vào (dd/mm/yyyy)"), Some(Column::Since));
        assert_eq!(is(ImportKind::Members, "Sở thích"), None);
    }

    #[test]
    fn a_name_in_parts_is_told_from_a_whole_one() {
        use Column::{FamilyName, MiddleName, Name};
        let of = |headers: &[&str]| {
            let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
            Columns::read(ImportKind::Members, &headers).all.into_iter().map(|(column, _)| column).collect::<Vec<_>>()
        };

        for family in ["Họ", "Họ đệm", "Họ và tên đệm", "HỌ VÀ CHỮ ĐỆM", "Họ lót", "ho_va_ten_lot"]
        {
            assert_eq!(of(&[family, "Tên"]), [Some(FamilyName), Some(Name)], "{family}");
        }
        assert_eq!(of(&["Họ", "Chữ đệm", "Tên"]), [Some(FamilyName), Some(MiddleName), Some(Name)]);
        assert_eq!(of(&["First name", "Last name"]), [Some(Name), Some(FamilyName)]);
        assert_eq!(of(&["Tên"]), [Some(Name)]);
        assert_eq!(of(&["First name"]), [None]);
        assert_eq!(of(&["Họ và tên", "Họ", "Tên đệm"]), [Some(Name), None, None]);
    }

    #[test]
    fn a_line_break_is_a_fault_where_it_may_hide_rows() {
        let headers = ["Họ và tên", "Ghi chú", "Đơn vị"].map(str::to_owned);
        let text = Columns::read(ImportKind::Members, &headers).separated_by(b',');
        let broken = |columns: &Columns, cells: &[&str]| {
            let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            columns.line_breaks(&cells).into_iter().map(|fault| fault.column.unwrap_or_default()).collect::<Vec<_>>()
        };

        assert_eq!(broken(&text, &["A\nB", "x", "Một"]), ["Họ và tên"]);
        assert_eq!(broken(&text, &["A", "x,Một\nB,y,Một\nC,y", "Một\r\nHai"]), ["Ghi chú", "Đơn vị"]);
        assert_eq!(broken(&text, &["A", "x\nB", "y", "Một"]), ["Ghi chú"]);
        assert_eq!(broken(&text, &["A\n", "hai dòng,\nthế thôi", "Một", ""]), Vec::<String>::new());
        let workbook = Columns { separator: None, ..text };
        assert_eq!(broken(&workbook, &["A\nB", "x,Một\nB,y", "Một"]), ["Họ và tên"]);
    }

    #[test]
    fn no_name_stands_for_two_columns() {
        for names in [MEMBERS, UNITS] {
            let mut all: Vec<_> = names.iter().chain(EITHER).flat_map(|(_, names)| names.iter()).collect();
            let count = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }

    proptest! {
        #[test]
        fn case_and_normal_form_do_not_matter(place in 0..MEMBERS.len(), upper: bool, decomposed: bool) {
            let names = ["Mã thành viên", "Họ và tên", "Họ và tên đệm", "Chữ lót", "Số điện thoại", "Thư điện tử", "ID đơn vị", "Mã đơn vị", "Đơn vị",
                "Mã đơn vị cấp trên", "Đơn vị cấp trên", "Ngày vào"];
            let mut header = names[place].to_owned();
            if upper { header = header.to_uppercase(); }
            if decomposed { header = header.nfd().collect(); }
            prop_assert_eq!(meaning(ImportKind::Members, &header), Some(MEMBERS[place].0));
        }

        #[test]
        fn no_header_makes_it_panic(header in "\\PC{0,40}") {
            let _ = is(ImportKind::Members, &header);
        }
    }
}
