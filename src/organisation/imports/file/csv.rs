//! Text with separators (RFC 4180), in UTF-8, with or without a byte order mark.

use std::{
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
};

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::{Flow, MOST_COLUMNS, Row, Unreadable, row_too_long};
use crate::kit::{
    problems::{Fault, FaultCode},
    work::{Allowance, Metered},
};

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
const BLOCK: usize = 64 * 1024;
/// What reading may take, in bytes: a row, and eight bytes for each of its cells.
const MOST_MEMORY: u64 = 16 * 1024 * 1024;

/// Is all of it UTF-8?
pub fn check_utf8(file: &mut File) -> Result<(), Unreadable> {
    file.seek(SeekFrom::Start(0))?;
    let mut block = vec![0; BLOCK];
    let mut left = 0;
    loop {
        let rest = block.get_mut(left..).unwrap_or_default();
        let read = match file.read(rest) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let filled = block.get(..left.saturating_add(read)).unwrap_or_default();
        let valid = match std::str::from_utf8(filled) {
            Ok(text) => text.len(),
            // A letter that the block cuts in two is no fault; at the end it is one.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(_) => return Err(Unreadable::because(FaultCode::NotUtf8)),
        };
        if read == 0 {
            return Ok(());
        }
        let length = filled.len();
        block.copy_within(valid..length, 0);
        left = length.saturating_sub(valid);
    }
}

/// Is every quotation mark that opens a cell closed at its end? One that is not takes the lines after it into the cell, up to the
/// next mark or to the end of the file, and nobody would miss the rows in them. So the whole file is refused, with the line on
/// which the cell begins, counted as an editor of texts does.
pub fn check_quotes(file: &mut File, separator: u8) -> Result<(), Unreadable> {
    file.rewind()?;
    let mut quotes = Quotes::default();
    let bytes = BufReader::with_capacity(BLOCK, file).bytes();
    for (place, byte) in bytes.enumerate() {
        let byte = byte?;
        if BYTE_ORDER_MARK.get(place) != Some(&byte) {
            quotes.meet(byte, separator);
        }
        if quotes.unclosed.is_some() {
            break;
        }
    }
    match quotes.at_the_end() {
        None => Ok(()),
        Some(line) => Err(Unreadable::Fault(Fault::at("/file", FaultCode::UnclosedQuote).with("line", line))),
    }
}

/// Where in its cell a byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    /// At its beginning.
    #[default]
    Begun,
    /// In a cell without quotation marks: in there they are letters like others.
    Bare,
    /// In a quoted cell that began on that line.
    Quoted(u64),
    /// After a mark in a quoted cell that began on that line: its end, or the first of two that stand for one.
    Closed(u64),
}

/// How far quotation marks were followed.
#[derive(Debug, Default)]
struct Quotes {
    within: Within,
    /// How many lines lie before.
    lines: u64,
    /// The line of a cell that was not closed at its end.
    unclosed: Option<u64>,
}

impl Quotes {
    fn meet(&mut self, byte: u8, separator: u8) {
        let line = self.lines.saturating_add(1);
        self.within = match self.within {
            Within::Begun if byte == b'"' => Within::Quoted(line),
            Within::Quoted(began) if byte == b'"' => Within::Closed(began),
            Within::Closed(began) if byte == b'"' => Within::Quoted(began),
            Within::Quoted(began) => Within::Quoted(began),
            Within::Begun | Within::Bare | Within::Closed(_) if byte == separator || byte == b'\n' => Within::Begun,
            Within::Closed(began) if byte == b' ' || byte == b'\r' => Within::Closed(began),
            // Text after the mark, on another line than the cell began on: the mark opens a cell that was taken in.
            Within::Closed(began) if began < line => {
                self.unclosed = Some(began);
                Within::Bare
            }
            Within::Begun | Within::Bare | Within::Closed(_) => Within::Bare,
        };
        if byte == b'\n' {
            self.lines = line;
        }
    }

    const fn at_the_end(&self) -> Option<u64> {
        match self.within {
            Within::Quoted(began) => Some(began),
            Within::Begun | Within::Bare | Within::Closed(_) => self.unclosed,
        }
    }
}

/// Each row with its number: a line break inside of a cell does not count, an empty line does.
pub fn read(file: &mut File, separator: u8, take: &mut dyn FnMut(&Row) -> Flow) -> Result<(), Unreadable> {
    let mut head = Vec::new();
    file.by_ref().take(3).read_to_end(&mut head)?;
    if head != BYTE_ORDER_MARK {
        file.rewind()?;
    }
    // A line ends with its line feed; the carriage return before it is space at the end of a cell. So the line that the reader
    // has come to tells which one a row began on, once the last one ends like the others.
    let allowance = Allowance::of(MOST_MEMORY);
    let lines = BufReader::with_capacity(BLOCK, Metered::new(file, &allowance)).chain(&b"\n"[..]);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .terminator(Terminator::Any(b'\n'))
        .from_reader(lines);
    let mut record = StringRecord::new();
    let mut row = Row::default();
    let mut breaks_inside = 0_u64;
    while reader.read_record(&mut record).map_err(|error| broken(&error, &allowance))? {
        let inside = record.as_slice().bytes().filter(|byte| *byte == b'\n').count();
        breaks_inside = breaks_inside.saturating_add(u64::try_from(inside).unwrap_or_default());
        let number = reader.position().line().saturating_sub(1).saturating_sub(breaks_inside);
        row.number = u32::try_from(number).unwrap_or(u32::MAX);
        row.cells.clear();
        row.cells.extend(record.iter().take(MOST_COLUMNS).map(str::to_owned));
        if allowance.apart(|| take(&row)) == Flow::Stop {
            break;
        }
    }
    Ok(())
}

fn broken(error: &csv::Error, allowance: &Allowance) -> Unreadable {
    if allowance.was_exceeded() {
        return row_too_long();
    }
    Unreadable::because(match error.kind() {
        csv::ErrorKind::Utf8 { .. } => FaultCode::NotUtf8,
        _ => FaultCode::BrokenFile,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        let mut rows = Vec::new();
        read(&mut file, b',', &mut |row| {
            rows.push((row.number, row.cells.iter().map(|cell| cell.trim().to_owned()).collect()));
            Flow::On
        })
        .unwrap();
        rows.retain(|(_, cells): &(u32, Vec<String>)| cells.iter().any(|cell| !cell.is_empty()));
        rows
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_shows_them() {
        let numbers = |text: &str| rows(text).into_iter().map(|(number, _)| number).collect::<Vec<_>>();

        assert_eq!(numbers("a,b\n1,2\n3,4"), [1, 2, 3]);
        assert_eq!(numbers("\u{FEFF}a,b\r\n1,2\r\n3,4\r\n"), [1, 2, 3]);
        assert_eq!(numbers("a\n\n\n1\n\n2\n"), [1, 4, 6]);
        assert_eq!(numbers("a\r\n\r\n1\r\n"), [1, 3]);
        assert_eq!(numbers("\"a\nb\nc\",d\n1,2\n\n\"x\r\ny\",3\n4,5\n"), [1, 2, 4, 5]);
    }

    fn unclosed(text: &str) -> Option<u64> {
        let mut quotes = Quotes::default();
        text.bytes().for_each(|byte| quotes.meet(byte, b','));
        quotes.at_the_end()
    }

    #[test]
    fn a_quote_that_is_not_closed_is_found_on_the_line_where_its_cell_begins() {
        assert_eq!(unclosed("a,b\n\"A,1\nB,2\nC,3\n"), Some(2));
        assert_eq!(unclosed("a,b\n\"x\ny\",1\n\nB,\"2\nC,3"), Some(5));
        assert_eq!(unclosed("a,b\r\nA,\"1\r\nB,\"2\"\r\nC,3\r\n"), Some(2));
        assert_eq!(unclosed("a,b\n\"A,1\nB\"\"\"\"\n"), Some(2));
    }

    #[test]
    fn quotes_that_are_closed_or_stand_within_a_text_are_in_order() {
        for text in [
            "",
            "\"\"",
            "a,\"b\"",
            "\"a\nb\",c\r\n",
            "\"a\" ,\"b\"\r\n",
            "a \"b,c\n",
            "\"a \"\"b\"\" c\",d",
            "\"a\"b,c\n\"d\"",
        ] {
            assert_eq!(unclosed(text), None, "{text}");
        }
    }

    #[test]
    fn quotes_keep_separators_line_breaks_and_quotes() {
        assert_eq!(rows("\"a,b\",\"c\"\"d\"\r\n"), [(1, vec!["a,b".to_owned(), "c\"d".to_owned()])]);
    }
}
