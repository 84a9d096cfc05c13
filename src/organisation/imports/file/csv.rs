//! Text with separators (RFC 4180), in UTF-8, with or without a byte order mark.

use std::{
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
};

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::{Flow, MOST_COLUMNS, Row, Unreadable};
use crate::kit::codes::FaultCode;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
const BLOCK: usize = 64 * 1024;

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

/// Each row with its number: a line break inside of a cell does not count, an empty line does.
pub fn read(file: &mut File, separator: u8, take: &mut dyn FnMut(&Row) -> Flow) -> Result<(), Unreadable> {
    let mut head = Vec::new();
    file.by_ref().take(3).read_to_end(&mut head)?;
    if head != BYTE_ORDER_MARK {
        file.rewind()?;
    }
    // A line ends with its line feed; the carriage return before it is space at the end of a cell. So the line that the reader
    // has come to tells which one a row began on, once the last one ends like the others.
    let lines = BufReader::with_capacity(BLOCK, file).chain(&b"\n"[..]);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .terminator(Terminator::Any(b'\n'))
        .from_reader(lines);
    let mut record = StringRecord::new();
    let mut row = Row::default();
    let mut breaks_inside = 0_u64;
    while reader.read_record(&mut record).map_err(|error| broken(&error))? {
        let inside = record.as_slice().bytes().filter(|byte| *byte == b'\n').count();
        breaks_inside = breaks_inside.saturating_add(u64::try_from(inside).unwrap_or_default());
        let number = reader.position().line().saturating_sub(1).saturating_sub(breaks_inside);
        row.number = u32::try_from(number).unwrap_or(u32::MAX);
        row.cells.clear();
        row.cells.extend(record.iter().take(MOST_COLUMNS).map(str::to_owned));
        if take(&row) == Flow::Stop {
            break;
        }
    }
    Ok(())
}

fn broken(error: &csv::Error) -> Unreadable {
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

    #[test]
    fn quotes_keep_separators_line_breaks_and_quotes() {
        assert_eq!(rows("\"a,b\",\"c\"\"d\"\r\n"), [(1, vec!["a,b".to_owned(), "c\"d".to_owned()])]);
    }
}
