//! Rows as CSV (RFC 4180) that a spreadsheet opens as it is.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

use crate::kit::problems::Problem;

/// Tells Excel that what follows is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// A row. A cell that a spreadsheet would take for a formula gets an apostrophe in front, which an import takes away again.
pub fn line<'c>(cells: impl IntoIterator<Item = &'c str>) -> Result<Vec<u8>, Problem> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.into_iter().map(|cell| harmless(cell).into_owned())).map_err(Problem::internal)?;
    writer.into_inner().map_err(|error| Problem::internal(error.into_error()))
}

fn harmless(cell: &str) -> Cow<'_, str> {
    // One that begins like that behind an apostrophe of its own gets another, so that it is the same again.
    let is_formula = cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_formulas_do_no_harm() {
        let written = |cells: [&str; 3]| String::from_utf8(line(cells).unwrap()).unwrap();

        assert_eq!(written(["a", "b,c", "d\"e"]), "a,\"b,c\",\"d\"\"e\"\r\n");
        assert_eq!(written(["=1+1", "-2", "@x"]), "'=1+1,'-2,'@x\r\n");
        assert_eq!(written(["'Tên'", "'=1", "a\nb"]), "'Tên',''=1,\"a\nb\"\r\n");
    }
}
