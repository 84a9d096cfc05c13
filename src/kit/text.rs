//! Vietnamese text: one normal form, one folding for search, one order for names.

use unicode_normalization::{UnicodeNormalization, is_nfc};

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

/// The letters in the order of the Vietnamese alphabet, with the Latin strangers in their places.
const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";
/// Level, huyền, hỏi, ngã, sắc, nặng.
const TONES: [char; 5] = ['\u{0300}', '\u{0309}', '\u{0303}', '\u{0301}', '\u{0323}'];

/// A key whose byte order is the Vietnamese order of people's names: given name (the last word), then family and
/// middle names; letters first, tones second.
pub fn name_sort_key(name: &str) -> Vec<u8> {
    let mut words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    if let Some(given) = words.pop() {
        words.insert(0, given);
    }
    let mut letters = Vec::new();
    let mut tones = Vec::new();
    for word in &words {
        for cluster in split_tones(word) {
            letters.push(rank(cluster.0));
            tones.push(cluster.1);
        }
        letters.push(1);
    }
    letters.push(0);
    letters.extend(tones);
    letters
}

fn rank(letter: char) -> u8 {
    let place = ALPHABET.chars().position(|other| other == letter);
    place
        .and_then(|place| u8::try_from(place).ok())
        .map_or_else(|| if letter.is_ascii_digit() { 2 } else { 200 }, |place| place.saturating_add(10))
}

/// Each letter with its vowel mark, and its tone apart.
fn split_tones(word: &str) -> Vec<(char, u8)> {
    let mut letters: Vec<(String, u8)> = Vec::new();
    for part in word.nfd() {
        let tone = TONES.iter().position(|tone| *tone == part).and_then(|place| u8::try_from(place).ok());
        match (tone, letters.last_mut()) {
            (Some(tone), Some(last)) => last.1 = tone.saturating_add(2),
            (None, Some(last)) if is_combining_mark(part) => last.0.push(part),
            _ => letters.push((part.to_string(), 1)),
        }
    }
    letters.into_iter().filter_map(|(letter, tone)| letter.nfc().next().map(|letter| (letter, tone))).collect()
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

    #[test]
    fn names_are_in_the_order_of_the_vietnamese_alphabet() {
        let sorted = ["Da", "Di Linh", "Dung", "Duy", "Đạ Huoai", "Đà Lạt", "Đơn Dương", "Đức"];
        let mut shuffled = sorted.map(|name| name.replace(' ', ""));
        let expected = shuffled.clone();
        shuffled.reverse();
        shuffled.sort_by_key(|name| name_sort_key(name));

        // "Đạ Huoai" and "Đà Lạt" are one word each here: the letters decide before the tones.
        assert_eq!(shuffled, expected);
    }

    #[test]
    fn people_are_ordered_by_given_name_first() {
        assert!(name_sort_key("Trần Văn An") < name_sort_key("Lê Thị Bình"));
        assert!(name_sort_key("Lê Văn An") < name_sort_key("Trần Văn An"));
        assert!(name_sort_key("Lê Văn An") < name_sort_key("Lê Văn Ân"));
    }

    proptest! {
        #[test]
        fn composed_and_decomposed_text_fold_alike(text in "\\PC{0,40}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&nfc(&text)), fold(&decomposed));
        }
    }
}
