//! Rows as CSV (RFC 4180) that Excel opens as it is.

/// Tells Excel that what follows is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// A row. A cell that a spreadsheet would take for a formula gets an apostrophe in front, which an import takes away again.
pub fn line<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    let mut line = String::new();
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        // One that begins like that behind an apostrophe of its own gets another, so that it is the same again.
        let is_formula = cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
        let needs_quotes = is_formula || cell.contains(['"', ',', ';', '\n', '\r', '\t']);
        if !needs_quotes {
            line.push_str(cell);
            continue;
        }
        line.push('"');
        if is_formula {
            line.push('\'');
        }
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_formulas_do_no_harm() {
        assert_eq!(line(["a", "b,c", "d\"e"]), "a,\"b,c\",\"d\"\"e\"\r\n");
        assert_eq!(line(["=1+1", "-2", "@x"]), "\"'=1+1\",\"'-2\",\"'@x\"\r\n");
        assert_eq!(line(["'Tên'", "'=1"]), "'Tên',\"''=1\"\r\n");
    }
}
