//! What is in a cell.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    kit::values::text::{self, fold},
    organisation::units::UnitKind,
};

/// A cell as a name is kept (`text::one_line`); none when nothing is left. An apostrophe that only tells a spreadsheet to take
/// what follows as text goes.
pub fn one_line(cell: &str) -> Option<String> {
    let text = text::one_line(cell);
    let text = match text.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => text,
    };
    (!text.is_empty()).then_some(text)
}

/// What tells one name from another: case and the place of a tone mark in its word do not (hòa, hoà), the marks do (Hà, Hạ).
pub fn name_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.to_lowercase().split_whitespace() {
        let (mut marks, letters): (Vec<char>, Vec<char>) =
            word.nfd().partition(|letter| matches!(letter, '\u{0300}'..='\u{036F}'));
        marks.sort_unstable();
        key.extend(letters.into_iter().chain(marks).chain([' ']));
    }
    key
}

/// A day as it is written in Vietnam (`1/7/2025`, `01-07-2025`, `1.7.2025`) or by machines (`2025-07-01`).
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    if !parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// What kinds are called in spreadsheets, without diacritics.
const KINDS: &[(UnitKind, &[&str])] = &[
    (UnitKind::PartyCommittee, &["dang bo", "dang uy", "dang bo co so", "ban cap uy"]),
    (UnitKind::PartyCell, &["chi bo", "chi uy"]),
    (
        UnitKind::Department,
        &[
            "so",
            "ban",
            "nganh",
            "so, ban, nganh",
            "so ban nganh",
            "phong",
            "co quan",
            "van phong",
            "vu",
            "cuc",
            "chi cuc",
        ],
    ),
    (
        UnitKind::Locality,
        &["xa", "phuong", "dac khu", "thi tran", "huyen", "thanh pho", "dia phuong", "thon", "to dan pho"],
    ),
    (
        UnitKind::MassOrganisation,
        &["doan the", "hoi", "doan", "lien doan", "cong doan", "mat tran", "to chuc doan the", "doan thanh nien"],
    ),
    (UnitKind::Enterprise, &["doanh nghiep", "cong ty", "tong cong ty", "tap doan", "hop tac xa", "ngan hang"]),
    (UnitKind::School, &["truong", "truong hoc", "truong dai hoc", "truong cao dang", "hoc vien"]),
    (UnitKind::Other, &["khac", "loai khac"]),
];

/// The kind of unit that a cell names, in Vietnamese or as the API does.
pub fn kind(text: &str) -> Option<UnitKind> {
    let folded = fold(text);
    let by_name = UnitKind::ALL.into_iter().find(|kind| kind.name() == folded.replace([' ', '-'], "_"));
    by_name.or_else(|| KINDS.iter().find(|(_, names)| names.contains(&folded.as_str())).map(|(kind, _)| *kind))
}

/// The kind that a unit's own name begins with: "Chi bộ 1" is a party cell. The longest beginning counts.
pub fn kind_by_name(name: &str) -> UnitKind {
    let folded = fold(name);
    let begins =
        |beginning: &str| folded.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let beginnings = KINDS.iter().flat_map(|(kind, names)| names.iter().map(move |name| (*kind, *name)));
    let longest = beginnings.filter(|(_, beginning)| begins(beginning)).max_by_key(|(_, beginning)| beginning.len());
    longest.map_or(UnitKind::Other, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_understood_as_it_is_written_in_vietnam_and_by_machines() {
        let expected = NaiveDate::from_ymd_opt(2025, 7, 1);
        for written in ["1/7/2025", "01/07/2025", "01-07-2025", "1.7.2025", "2025-07-01", "2025-07-01T00:00:00"] {
            assert_eq!(day(written), expected, "{written}");
        }
        for wrong in ["7/2025", "31/2/2025", "2025", "1/7/25", "hôm qua", ""] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn kinds_are_understood_in_vietnamese_and_read_off_names() {
        assert_eq!(kind("Chi bộ"), Some(UnitKind::PartyCell));
        assert_eq!(kind("SỞ, BAN, NGÀNH"), Some(UnitKind::Department));
        assert_eq!(kind("mass_organisation"), Some(UnitKind::MassOrganisation));
        assert_eq!(kind("câu lạc bộ"), None);
        assert_eq!(kind_by_name("Chi bộ 1"), UnitKind::PartyCell);
        assert_eq!(kind_by_name("Đoàn Thanh niên xã"), UnitKind::MassOrganisation);
        assert_eq!(kind_by_name("Câu lạc bộ Hưu trí"), UnitKind::Other);
    }

    #[test]
    fn an_apostrophe_before_a_formula_goes() {
        assert_eq!(one_line(" '=1+1 ").as_deref(), Some("=1+1"));
        assert_eq!(one_line("''=1+1").as_deref(), Some("'=1+1"));
        assert_eq!(one_line("'Tên'").as_deref(), Some("'Tên'"));
        assert_eq!(one_line("  \u{a0} "), None);
    }

    #[test]
    fn a_name_is_told_by_its_marks_but_not_by_where_they_stand() {
        assert_eq!(name_key("Xã  HOÀ Bình"), name_key("xã Hòa bình"));
        assert_ne!(name_key("Tân Hà"), name_key("Tân Hạ"));
        assert_ne!(name_key("Đa"), name_key("Da"));
    }

    proptest! {
        #[test]
        fn every_day_reads_back(year in 1900..=2200_i32, ordinal in 1..=365_u32) {
            let expected = NaiveDate::from_yo_opt(year, ordinal).unwrap();
            prop_assert_eq!(day(&expected.to_string()), Some(expected));
            prop_assert_eq!(day(&expected.format("%d/%m/%Y").to_string()), Some(expected));
        }

        #[test]
        fn no_cell_makes_it_panic(text in "\\PC{0,30}") {
            let _ = (day(&text), kind(&text), kind_by_name(&text), one_line(&text));
        }
    }
}
