//! What people write, in the one form in which it is kept and compared: what nobody sees is taken away, what looks the same is
//! the same. Every body, query, form and spreadsheet comes through here; which text is of which sort, its schema says
//! (`kit::http::schemas`). U+0000 alone is refused instead, before this.

use std::borrow::Cow;

use super::nfc;

/// A name or a title: on one line. Line breaks, tabs and every kind of blank are one blank, none around the text. Empty where
/// there is nothing to see.
pub fn one_line(text: &str) -> String {
    let seen = without_unseen(text, char::is_whitespace);
    let line = nfc(&seen.split_whitespace().collect::<Vec<_>>().join(" "));
    if is_blank(&line) { String::new() } else { line }
}

/// A text of several lines, as markdown is: line breaks are line feeds, and neither blank lines before it nor blanks after it
/// stay. Empty where there is nothing to see.
pub fn lines(text: &str) -> String {
    let seen =
        without_unseen(&with_line_feeds(text), |letter| matches!(letter, '\n' | '\t') || is_blank_letter(letter));
    let text = nfc(seen.trim_end());
    if is_blank(&text) {
        return String::new();
    }
    let first = text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    text.split_at_checked(first).map_or_else(String::new, |(_, rest)| rest.to_owned())
}

/// With every line break a line feed. Looking for one letter at a time is what the standard library does fastest.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    let mut broken = Cow::Borrowed(text);
    if text.contains('\r') {
        broken = text.replace("\r\n", "\n").into();
    }
    for line_break in ['\r', '\u{85}', '\u{2028}', '\u{2029}'] {
        if broken.contains(line_break) {
            broken = broken.replace(line_break, "\n").into();
        }
    }
    broken
}

/// White space that breaks no line and is no control character.
fn is_blank_letter(letter: char) -> bool {
    letter.is_whitespace() && !letter.is_control()
}

/// Without control and format characters, but for `kept` ones and those that hold an emoji or a syllable together.
fn without_unseen(text: &str, kept: impl Fn(char) -> bool) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        let stays = match letter {
            letter if is_plain(letter) => true,
            '\u{200C}' | '\u{200D}' => joins(before, letter, letters.peek().copied()),
            // The letters inside of the flag of a region, such as Scotland's.
            '\u{E0020}'..='\u{E007F}' => matches!(before, Some('\u{1F3F4}' | '\u{E0020}'..='\u{E007F}')),
            letter => kept(letter) || !is_unseen(letter),
        };
        if stays {
            seen.push(letter);
            before = Some(letter);
        }
    }
    seen
}

/// Is it one of most letters that are written here, in Vietnamese and in the languages of the Central Highlands, with their
/// marks? None of them is unseen or blank: there is nothing more to ask.
fn is_plain(letter: char) -> bool {
    matches!(letter, '!'..='~' | '\u{AE}'..='\u{61B}' | '\u{1E00}'..='\u{1EFF}')
}

/// Control characters, and those of Unicode's format characters that have no place in a name: zero-width ones, marks and
/// overrides of direction (with which a text reads otherwise than it is), invisible operators, letters without a shape.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

/// A joiner means something between two pictures of one emoji, and inside of scripts that shape letters by their neighbours.
fn joins(before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let is_picture =
        |letter| matches!(letter, '\u{A9}' | '\u{AE}' | '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}');
    let shapes = |letter| matches!(letter, '\u{600}'..='\u{109F}' | '\u{1780}'..='\u{18AF}' | '\u{AA00}'..='\u{AA5F}');
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_in_emoji = (is_picture(before) || before == '\u{FE0F}') && is_picture(after);
    (joiner == '\u{200D}' && is_in_emoji) || (shapes(before) && shapes(after))
}

/// Is there nothing to see in it? Marks and selectors have no shape without a letter before them.
fn is_blank(text: &str) -> bool {
    let is_nothing = |letter: char| {
        letter.is_whitespace()
            || matches!(letter, '\u{300}'..='\u{36F}' | '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{FE00}'..='\u{FE0F}')
    };
    text.chars().all(is_nothing)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        let decomposed: String = "Chi bộ Trường Cao đẳng".nfd().collect();
        for written in [
            decomposed.as_str(),
            "Chi\u{A0}bộ  Trường\r\nCao\tđẳng",
            "\u{FEFF} Chi bộ\u{200B} Trường Cao đ\u{2060}ẳng\u{202E} \u{7}",
            "\u{2067}Chi bộ Trường Cao\u{3000}đẳng\u{2069}",
        ] {
            assert_eq!(one_line(written), "Chi bộ Trường Cao đẳng", "{written:?}");
        }
    }

    #[test]
    fn a_letter_and_its_mark_meet_when_what_stood_between_them_is_gone() {
        assert_eq!(one_line("e\u{200B}\u{301}"), "é");
    }

    #[test]
    fn no_plain_letter_is_unseen_or_blank() {
        let plain = (char::MIN..=char::MAX).filter(|letter| is_plain(*letter));

        assert!(plain.clone().count() > 1700);
        for letter in plain {
            assert!(!is_unseen(letter) && !letter.is_whitespace(), "{letter:?}");
            assert!(!matches!(letter, '\u{200C}' | '\u{200D}' | '\u{E0020}'..='\u{E007F}'), "{letter:?}");
        }
    }

    #[test]
    fn where_there_is_nothing_to_see_there_is_nothing() {
        for written in
            ["", " \u{A0}\t", "\u{200B}\u{200D}\u{FEFF}", "\u{301}", "\u{FE0F}", "\u{3164}", "\u{2800} \u{AD}"]
        {
            assert_eq!(one_line(written), "", "{written:?}");
            assert_eq!(lines(written), "", "{written:?}");
        }
    }

    #[test]
    fn emoji_stay_whole() {
        for emoji in ["👩‍🌾", "👨‍👩‍👧‍👦", "❤️", "🏳️‍🌈", "👍🏽", "🇻🇳", "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}"]
        {
            assert_eq!(one_line(emoji), emoji);
            assert_eq!(lines(emoji), emoji);
        }
        assert_eq!(one_line("👩\u{200D} cây\u{200D}xanh \u{E0041}"), "👩 câyxanh");
    }

    #[test]
    fn scripts_that_need_joiners_keep_them() {
        assert_eq!(one_line("क्\u{200D}ष"), "क्\u{200D}ष");
    }

    #[test]
    fn a_text_of_several_lines_keeps_them() {
        assert_eq!(lines("\r\n \r\n  Một\r\n\r\n- hai\t \u{200B}\rba \u{1}\n"), "  Một\n\n- hai\t \nba");
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(text in WRITTEN) {
            prop_assert_eq!(one_line(&one_line(&text)), one_line(&text));
            prop_assert_eq!(lines(&lines(&text)), lines(&text));
        }

        #[test]
        fn composed_and_decomposed_texts_are_one(text in "[A-Za-zđĐ ăâêôơưáàảãạếềểễệỰừ]{0,30}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(one_line(&decomposed), one_line(&text));
        }
    }

    const WRITTEN: &str = "[\\PC\\u{200B}-\\u{200F}\\u{202A}-\\u{202E}\\u{2060}-\\u{2069}\\u{FE0F}\\u{300}-\\u{304}\\r\\n\\t 👩🌾a\\u{915}]{0,12}";
}
