//! Query strings, read strictly: each parameter once, in UTF-8, and none that the operation does not know, whether it takes
//! some or none at all. A misspelt filter that is passed over in silence shows more than was asked for.

use crate::kit::problems::{
    codes::FaultCode,
    faults::{Fault, Faults},
};

/// The pairs of a query string, decoded (WHATWG URL, 5.1), and a fault for each that cannot be.
pub fn pairs_of(query: &str) -> (Vec<(String, String)>, Faults) {
    let (mut pairs, mut faults) = (Vec::new(), Faults::new());
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
        match (decoded(name), decoded(text)) {
            (Some(name), Some(text)) => pairs.push((name, text)),
            (name, _) => faults.add(Fault::parameter(name.unwrap_or_else(|| name_of(piece)), FaultCode::BadEncoding)),
        }
        if faults.has_more() {
            break;
        }
    }
    (pairs, faults)
}

/// A name as well as it can be read.
fn name_of(piece: &str) -> String {
    url::form_urlencoded::parse(piece.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => (digit(rest.next()?)? << 4) | digit(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_or_a_fault() {
        let (pairs, faults) = pairs_of("q=c%C3%A2y+xanh&&limit=1&x=%FF&y=%4&%zz=1&z=%C3%28");

        assert_eq!(pairs, [("q".to_owned(), "cây xanh".to_owned()), ("limit".to_owned(), "1".to_owned())]);
        let list = faults.into_list();
        let found: Vec<_> = list.iter().map(|fault| (fault.place.as_str(), fault.code)).collect();
        let bad = FaultCode::BadEncoding;
        assert_eq!(found, [("x", bad), ("y", bad), ("%zz", bad), ("z", bad)]);
    }
}
