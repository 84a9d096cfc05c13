//! Hostile requests by shape.

use reqwest::Method;

/// The largest body, in bytes.
pub const BODY: usize = 1024 * 1024;
/// The same for a value inside of one.
const VALUE: usize = BODY - 128;

/// A request, and what it is called in a failure.
pub struct Sent {
    pub name: String,
    pub method: Method,
    pub url: String,
    /// The media type; none without a body.
    pub kind: &'static str,
    pub header: Option<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    /// In bytes.
    pub fn size(&self) -> usize {
        self.body.len() + self.url.len() + self.header.as_ref().map_or(0, |(_, value)| value.len())
    }
}

pub fn json(name: &str, url: &str, body: impl Into<String>) -> Sent {
    let (method, kind, header) = (Method::POST, "application/json", None);
    Sent {
        name: format!("POST {url} {name}"),
        method,
        url: url.to_owned(),
        kind,
        header,
        body: body.into().into_bytes(),
    }
}

pub fn query(name: &str, path: &str, query: &str) -> Sent {
    let url = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let name = format!("GET {} {name}", path.chars().take(40).collect::<String>());
    Sent { name, method: Method::GET, url, kind: "", header: None, body: Vec::new() }
}

/// A piece as often as it fits in between.
pub fn filled(size: usize, begin: &str, piece: &str, end: &str) -> String {
    let count = (size - begin.len() - end.len()) / piece.len();
    format!("{begin}{}{end}", piece.repeat(count))
}

/// The same with another number in each piece: `#` stands for it.
pub fn numbered(size: usize, begin: &str, piece: &str, end: &str) -> String {
    let mut text = begin.to_owned();
    let mut number = 0;
    loop {
        let next = piece.replace('#', &format!("{number:06}"));
        if text.len() + next.len() + end.len() > size {
            return text + end;
        }
        text += &next;
        number += 1;
    }
}

fn nested(size: usize, open: &str, inside: &str, close: &str) -> String {
    let depth = (size - inside.len()) / (open.len() + close.len());
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

/// Bodies that any operation may be sent.
fn shapes() -> Vec<(&'static str, String)> {
    let long = |end: &str| format!("{{\"{}{end}", "x".repeat(BODY / 2));
    vec![
        ("a long name", filled(BODY, "{\"", "x", "\":0}")),
        ("a long name of control characters", filled(BODY, "{\"", "\\u0001", "\":0}")),
        ("names of 4 kB", numbered(BODY, "{", &format!("\"#{}\":0,", "é".repeat(2000)), "\"z\":0}")),
        ("names of 300 quotation marks", numbered(BODY, "{", &format!("\"#{}\":0,", "\\\"".repeat(300)), "\"z\":0}")),
        ("many names", numbered(BODY, "{", "\"#\":0,", "\"z\":0}")),
        ("many objects by name", numbered(BODY, "{", "\"#\":{},", "\"z\":0}")),
        ("a repeated name", filled(BODY, "{", "\"a\":0,", "\"a\":0}")),
        ("many repeated names below a long one", filled(BODY, &long("\":{"), "\"a\":0,", "\"a\":0}}")),
        ("many names below a long one", numbered(BODY, &long("\":{"), "\"#\":0,", "\"z\":0}}")),
        ("deep lists", nested(BODY, "[", "", "]")),
        ("deep objects", nested(BODY, "{\"a\":", "0", "}")),
        ("deep objects of repeated names", nested(BODY, "{\"a\":0,\"a\":", "0", "}")),
        ("lists that are never closed", "[".repeat(BODY)),
        ("objects that are never closed", "{\"a\":".repeat(BODY / 5)),
        ("a wide list of numbers", filled(BODY, "[", "0,", "0]")),
        ("a wide list of objects", filled(BODY, "[", "{},", "{}]")),
        ("a long text", filled(BODY, "\"", "a", "\"")),
        ("a text that is never closed", filled(BODY, "{\"a\":\"", "a", "")),
        ("blanks", filled(BODY, "{", " ", "}")),
        ("line breaks", filled(BODY, "{", "\r\n", "}")),
        ("a number of a million digits", "1".repeat(BODY)),
        ("no JSON at all", "x".repeat(BODY)),
        ("zeros", "\0".repeat(BODY)),
        ("many bodies", "{}".repeat(BODY / 2)),
    ]
}

/// Values in the place of one that is expected.
fn values() -> Vec<(&'static str, String)> {
    let object = "{\"a\":0,\"b\":0,\"id\":\"x\",\"name\":\"\"},";
    vec![
        ("a long text", filled(VALUE, "\"", "a", "\"")),
        ("a text of blanks", filled(VALUE, "\"", " ", "a\"")),
        ("a text of escapes", filled(VALUE, "\"", "\\u1ebf", "\"")),
        ("a text of line breaks", filled(VALUE, "\"", "\\r\\n", "\"")),
        ("a text of surrogate pairs", filled(VALUE, "\"", "\\ud83d\\ude00", "\"")),
        ("a text of halves of pairs", filled(VALUE, "\"", "\\ud83d", "\"")),
        ("a text of U+0000", filled(VALUE, "\"", "\\u0000", "\"")),
        ("letters taken apart", filled(VALUE, "\"", "e\u{302}\u{301}", "\"")),
        ("marks upon marks", filled(VALUE, "\"a", "\u{301}\u{323}", "\"")),
        ("300 kB of marks upon marks", filled(300_000, "\"a", "\u{301}\u{323}", "\"")),
        ("letters that triple in Normalization Form C", filled(300_000, "\"", "\u{1D160}", "\"")),
        ("letters that become eighteen in Form KC", filled(300_000, "\"", "\u{FDFA}", "\"")),
        ("a text of joiners", filled(300_000, "\"", "\u{200D}", "\"")),
        ("a text of pictures", filled(300_000, "\"", "👩\u{200D}", "\"")),
        ("a number of a million digits", "1".repeat(VALUE)),
        ("a fraction of a million digits", filled(VALUE, "0.", "3", "")),
        ("a number beyond all", filled(VALUE, "1e", "9", "")),
        ("1e999999", "1e999999".to_owned()),
        ("a number next to nothing", filled(VALUE, "1e-", "9", "")),
        ("a number of zeros", filled(VALUE, "0.", "0", "1")),
        ("an exponent of zeros", filled(VALUE, "1e", "0", "1")),
        ("a wide list of numbers", filled(VALUE, "[", "0,", "0]")),
        ("a wide list of nulls", filled(VALUE, "[", "null,", "null]")),
        ("a wide list of objects", filled(VALUE, "[", "{},", "{}]")),
        ("a wide list of lists", filled(VALUE, "[", "[],", "[]]")),
        ("a wide list of texts", filled(VALUE, "[", "\"\",", "\"\"]")),
        ("a wide list of ids", filled(VALUE, "[", "\"3d813cbb-47fb-42ba-91df-831e1593ac29\",", "\"\"]")),
        ("a list of long texts", filled(VALUE, "[", &format!("\"{}\",", "ế".repeat(3000)), "0]")),
        ("a list of texts of marks", filled(VALUE, "[", &format!("\"a{}\",", "\u{301}\u{323}".repeat(1370)), "0]")),
        ("a list of wrong objects", filled(VALUE, "[", object, "0]")),
        ("deep lists", nested(VALUE, "[", "", "]")),
        ("deep objects", nested(VALUE, "{\"a\":", "0", "}")),
        ("many names", numbered(VALUE, "{", "\"#\":0,", "\"z\":0}")),
    ]
}

/// Every shape, and every value in each of these fields: `a/0/b` is the field `b` of the first item of `a`.
pub fn bodies(url: &str, fields: &[&str]) -> Vec<Sent> {
    let mut all: Vec<_> = shapes().into_iter().map(|(name, body)| json(name, url, body)).collect();
    for field in fields {
        if !field.contains('/') {
            let piece = format!("\"{field}\":0,");
            all.push(json(&format!("{field} repeated"), url, filled(BODY, "{", &piece, "\"z\":0}")));
        }
        for (name, value) in values() {
            let body = field.split('/').rev().fold(value, |inside, name| match name {
                "0" => format!("[{inside}]"),
                // No operation takes this one, whatever else is right.
                name => format!("{{\"{name}\":{inside},\"no_such_field\":0}}"),
            });
            all.push(json(&format!("{name} in {field}"), url, body));
        }
    }
    all
}
