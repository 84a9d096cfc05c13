//! What a device is called, as far as its `User-Agent` (RFC 9110, 10.1.5) tells: enough for its owner to recognise it, and
//! no more.

/// The longest name that is kept, in characters.
const LONGEST: usize = 60;

/// `Zalo · SM-A536E (Android 14)`, `Chrome · Windows`; none where nothing is known. Never the header itself.
pub fn device_name(user_agent: &str) -> Option<String> {
    let parts = [program(user_agent).map(str::to_owned), machine(user_agent)];
    let name: Vec<String> = parts.into_iter().flatten().collect();
    let name: String = name.join(" · ").chars().take(LONGEST).collect();
    (!name.is_empty()).then_some(name)
}

fn program(user_agent: &str) -> Option<&'static str> {
    // In this order: each later one's name stands in the headers of the earlier ones too.
    const PROGRAMS: [(&str, &str); 9] = [
        ("Zalo", "Zalo"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("coc_coc", "Cốc Cốc"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    PROGRAMS.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
}

fn machine(user_agent: &str) -> Option<String> {
    let comment = user_agent.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(comment, _)| comment)?;
    let words: Vec<&str> = comment.split(';').map(str::trim).collect();
    if let Some(place) = words.iter().position(|word| word.starts_with("Android")) {
        let version = clean(words.get(place)?);
        let model = words.get(place + 1).map(|model| clean(model.split(" Build/").next().unwrap_or(model)));
        return Some(match model.filter(|model| model.len() > 1) {
            Some(model) => format!("{model} ({version})"),
            None => version,
        });
    }
    const MACHINES: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Macintosh", "Mac"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    MACHINES.iter().find(|(mark, _)| comment.contains(mark)).map(|(_, name)| (*name).to_owned())
}

/// Whoever made the header up does not get to write markup or control characters into a list.
fn clean(text: &str) -> String {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || " .-_+/".contains(*letter);
    text.chars().filter(plain).take(40).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_what_its_owner_calls_it() {
        let table = [
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A536E Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0 Mobile Safari/537.36 Zalo android/12110601",
                Some("Zalo · SM-A536E (Android 14)"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Zalo iOS/566",
                Some("Zalo · iPhone"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                Some("Edge · Windows"),
            ),
            ("curl/8.5.0", Some("curl")),
            ("okhttp", None),
            ("", None),
        ];
        for (header, name) in table {
            assert_eq!(device_name(header).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn a_name_is_short_and_plain_whatever_the_header_says() {
        let name = device_name(&format!("x (Android 1; <script>{}", "a".repeat(500))).unwrap_or_default();
        assert!(name.chars().count() <= LONGEST && !name.contains('<'), "{name}");
        let name = device_name(&format!("x (Android 1; <script>{})", "đ".repeat(500))).unwrap();
        assert!(name.chars().count() <= LONGEST && !name.contains('<'), "{name}");
    }
}
