//! Vietnamese text: one form to keep it in, one folding for search, one order for names.

use std::{collections::BTreeSet, sync::LazyLock};

use icu_collator::{Collator, CollatorBorrowed, options::CollatorOptions};
use icu_locale_core::locale;
use unicode_normalization::{UnicodeNormalization, is_nfc};

mod clean;

pub use clean::{lines, one_line};

/// The text in Normalization Form C, in which everything is stored.
pub fn nfc(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// What search compares: no tone or vowel marks, đ as d, lower case, white space collapsed.
/// The same on every database, because it happens here. Đ and đ have no decomposition, hence by hand.
pub fn fold(text: &str) -> String {
    let folded: String = text
        .nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .map(|letter| if matches!(letter, 'đ' | 'ð') { 'd' } else { letter })
        .collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_combining_mark(letter: char) -> bool {
    matches!(letter, '\u{0300}'..='\u{036F}')
}

/// The words that a name can be found by: folded, without punctuation, each once.
pub fn search_words(text: &str) -> BTreeSet<String> {
    fold(text)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The order of ICU for Vietnamese: đ after d, ă and â after a, tones last (level, huyền, hỏi, ngã, sắc, nặng).
static VIETNAMESE: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| Collator::try_new(locale!("vi").into(), CollatorOptions::default()).ok());

/// A key whose byte order is the Vietnamese order of people's names: the given name, which is the last word, before
/// family and middle names; each by the order of ICU. A text composed or decomposed has one key.
pub fn name_sort_key(name: &str) -> Vec<u8> {
    let (others, given) = given_name_apart(name);
    let mut key = Vec::new();
    write_sort_key(given, &mut key);
    // No key of ICU's has a zero byte: whoever has the shorter given name comes first.
    key.push(0);
    write_sort_key(others, &mut key);
    key
}

/// A key whose byte order is the Vietnamese order of names that are read from their beginning, as those of units.
pub fn sort_key(text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    write_sort_key(text, &mut key);
    key
}

/// Family and middle names, and the given name.
fn given_name_apart(name: &str) -> (&str, &str) {
    let name = name.trim();
    name.rsplit_once(char::is_whitespace).map_or(("", name), |(others, given)| (others.trim_end(), given))
}

fn write_sort_key(text: &str, key: &mut Vec<u8>) {
    match VIETNAMESE.as_ref() {
        Some(collator) => {
            let Ok(()) = collator.write_sort_key_to(text, key);
        }
        // The order is compiled in, so this is for the compiler alone.
        None => key.extend(fold(text).bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folding_forgets_marks_and_stroked_d() {
        assert_eq!(fold("Thắp  sáng\tĐường quê"), "thap sang duong que");
        assert_eq!(fold("hoà"), fold("hòa"));
    }

    /// As ICU orders people of one family by their given names.
    const SORTED: [&str; 34] = [
        "An", "Án", "Ánh", "Ăn", "Ân", "Ấn", "Bình", "Chi", "Cúc", "Cường", "Da", "Dũng", "Duy", "Duyên", "Đan", "Đạt",
        "Đức", "Giang", "Hà", "Hoa", "Hòa", "Hóa", "Hồng", "Khôi", "Ly", "Lý", "Mai", "Nga", "Nghĩa", "Oanh", "Phúc",
        "Quân", "Ứng", "Vy",
    ];

    #[test]
    fn given_names_are_in_the_order_of_the_vietnamese_alphabet() {
        let mut shuffled = SORTED.map(|given| format!("Nguyễn Văn {given}"));
        let expected = shuffled.clone();
        shuffled.reverse();

        shuffled.sort_by_key(|name| name_sort_key(name));

        assert_eq!(shuffled, expected);
    }

    #[test]
    fn tones_are_in_their_order_and_count_after_the_letters() {
        let tones = ["Ma", "Mà", "Mả", "Mã", "Má", "Mạ", "Man"];

        assert!(tones.is_sorted_by_key(|name| name_sort_key(name)));
    }

    #[test]
    fn people_are_ordered_by_given_name_first() {
        let sorted = [
            "Trần Văn An",
            "Lê Văn Ân",
            "Đỗ Văn Bình",
            "Lê Thị Bình",
            "Lê Văn Bình",
            "Y Bình",
            "Ông Bính",
            "Bình An Cúc",
        ];

        assert!(sorted.is_sorted_by_key(|name| name_sort_key(name)), "{sorted:?}");
    }

    #[test]
    fn a_name_is_found_by_its_words_with_or_without_marks() {
        assert_eq!(search_words("Đặng  Thị K'Chi-Đào"), ["chi", "dang", "dao", "k", "thi"].map(str::to_owned).into());
    }

    proptest! {
        #[test]
        fn composed_and_decomposed_text_fold_alike(text in "\\PC{0,40}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&nfc(&text)), fold(&decomposed));
        }

        #[test]
        fn composed_and_decomposed_names_have_one_key(name in "[a-zăâđêôơưáàảãạếềểễệ ]{0,30}") {
            let decomposed: String = name.nfd().collect();
            prop_assert_eq!(name_sort_key(&nfc(&name)), name_sort_key(&decomposed));
        }

        #[test]
        fn the_order_of_keys_is_the_order_of_the_collator(one in NAME, other in NAME) {
            let collator = VIETNAMESE.as_ref().unwrap();
            let ((others, given), (other_others, other_given)) = (given_name_apart(&one), given_name_apart(&other));
            let expected = collator.compare(given, other_given).then_with(|| collator.compare(others, other_others));
            prop_assert_eq!(name_sort_key(&one).cmp(&name_sort_key(&other)), expected);
        }
    }

    const NAME: &str =
        "([AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXYaăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậếềểễệốồổỗộớờởỡợứừửữựýỳỷỹỵ]{1,4} ){1,3}";
}
