//! The list of erasures, in a file apart from the database. A backup that is put back brings back whoever was erased since;
//! from this list they are erased again before anything is served. A line has the member's id and the moment, nothing else.
//!
//! The line comes before the commit, so that no erasure is ever committed that the list lacks. When the commit fails, or the
//! request is dropped before it, a second line, which begins with `-`, takes the member off the list. Between the two a server
//! may die: then the list names somebody who has asked to be erased and got no answer, and the next start erases them.
//!
//! A line that a crash or a full disk has cut off is no line: it is left out when the list is read, and the next one begins on
//! a line of its own.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, SecondsFormat, Utc};

use super::App;
use crate::{
    db::{Actor, Tx},
    kit::{problems::Problem, values::MemberId},
};

/// How many members are erased again in one transaction.
const BATCH: usize = 100;
/// How many characters an id has.
const ID_LENGTH: usize = 36;

/// One erasure.
pub type Erased = (MemberId, DateTime<Utc>);

impl App {
    /// Erases again whom the list names, by `erase`, which does nothing to a member who is erased or gone already. Before
    /// anything is served. Gives how many the list names.
    pub async fn erase_again(
        &self,
        erase: impl AsyncFn(&Tx, MemberId) -> Result<(), Problem>,
    ) -> Result<usize, Problem> {
        let Some(path) = self.erasure_list() else { return Ok(0) };
        let erased = read(&path).map_err(Problem::internal)?;
        for part in erased.chunks(BATCH) {
            self.change_as(Actor::system(), async |tx| {
                for (member, _) in part {
                    erase(tx, *member).await?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(erased.len())
    }

    /// The file of the list; none where no list is kept.
    pub fn erasure_list(&self) -> Option<PathBuf> {
        let path = self.config.erasures.log.as_str();
        (!path.is_empty()).then(|| path.into())
    }
}

/// The erasures of a list, in its order, without those that were taken back; none where there is no list. What is no line of
/// it is left out: the last one may have been cut off by a crash, and was then never committed. Lines that were written into one,
/// because what was appended to did not end with a new line, are each read.
pub fn read(path: &Path) -> io::Result<Vec<Erased>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(listed(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn listed(text: &str) -> Vec<Erased> {
    let mut erased = Vec::new();
    for line in text.lines() {
        let (is_back, line) = line.strip_prefix('-').map_or((false, line), |line| (true, line));
        for (place, piece) in pieces(line) {
            match parse(piece) {
                // Only the server takes back, and begins a line of its own for it: within a line a `-` is no sign.
                Some((member, _)) if is_back && place == 0 => erased.retain(|(listed, _)| *listed != member),
                Some(one) => erased.push(one),
                None => {}
            }
        }
    }
    erased
}

/// The parts of a line that each begin with a member's id and a space, with where they begin: one, but for glued lines.
fn pieces(line: &str) -> Vec<(usize, &str)> {
    let is_start = |place: &usize| {
        let head = line.get(*place..place.saturating_add(ID_LENGTH));
        let is_id = head.is_some_and(|head| uuid::Uuid::try_parse(head).is_ok());
        is_id && line.get(place.saturating_add(ID_LENGTH)..).is_some_and(|rest| rest.starts_with(' '))
    };
    let starts: Vec<usize> = (0..line.len()).filter(is_start).collect();
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| Some((*start, line.get(*start..end)?))).collect()
}

/// Appends erasures to a list, which is made where there is none; on disk when this returns. The last thing that a change does
/// before it is committed: no erasure is ever committed that the list lacks.
pub fn append(path: &Path, erased: &[Erased]) -> io::Result<()> {
    write(path, &erased.iter().map(|(member, at)| line("", *member, *at)).collect::<String>())
}

/// Takes a member off the list who is not erased, if they are on it: the change that was to erase them failed. Nobody may erase
/// them meanwhile.
pub fn take_back(path: &Path, member: MemberId, at: DateTime<Utc>) -> io::Result<()> {
    let is_listed = read(path)?.iter().any(|(listed, _)| *listed == member);
    if is_listed { write(path, &line("-", member, at)) } else { Ok(()) }
}

fn line(sign: &str, member: MemberId, at: DateTime<Utc>) -> String {
    format!("{sign}{member} {}\n", at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

fn write(path: &Path, lines: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let is_new = !path.try_exists()?;
    let mut file = options.open(path)?;
    // What was cut off before stays a line of its own. In one piece: two processes may append at once.
    file.write_all(format!("\n{lines}").as_bytes())?;
    file.sync_all()?;
    if is_new && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // The name of a new file is on disk when its folder is.
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn parse(line: &str) -> Option<Erased> {
    let (member, at) = line.split_once(' ')?;
    // As `append` writes it, or as psql does: a space before the hour, an offset without minutes.
    let at = at.parse().or_else(|_| DateTime::parse_from_str(at, "%F %T%.f%#z").map(|at| at.to_utc())).ok()?;
    Some((MemberId(member.parse().ok()?), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_and_a_line_cut_off_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("erasures.log");
        assert_eq!(read(&path).unwrap(), []);
        let (one, two) = ((MemberId::new(), DateTime::UNIX_EPOCH), (MemberId::new(), DateTime::UNIX_EPOCH));

        append(&path, &[one]).unwrap();
        append(&path, &[two]).unwrap();
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"019a1c5e-7b1f").unwrap();

        assert_eq!(read(&path).unwrap(), [one, two]);
        append(&path, &[one]).unwrap();
        assert_eq!(read(&path).unwrap(), [one, two, one]);
    }

    #[test]
    fn whoever_was_taken_back_is_listed_again_by_a_later_line_alone() {
        let (one, two) = ((MemberId::new(), DateTime::UNIX_EPOCH), (MemberId::new(), DateTime::UNIX_EPOCH));
        let (line_of, back) = (|(member, at): Erased| line("", member, at), line("-", one.0, one.1));

        let text = line_of(one) + &line_of(two) + &back;

        assert_eq!(listed(&text), [two]);
        assert_eq!(listed(&(text + &line_of(one))), [two, one]);
        assert_eq!(listed("-\n-x y\n"), []);
    }

    #[test]
    fn lines_that_were_glued_together_are_each_read() {
        let (one, two) = ((MemberId::new(), DateTime::UNIX_EPOCH), (MemberId::new(), DateTime::UNIX_EPOCH));
        let line_of = |(member, at): Erased| line("", member, at).trim_end().to_owned();
        let of_psql = format!("{} 1970-01-01 00:00:00+00", two.0);

        for cut in ["", "019a1c5e-7b1f", "019a1c5e-7b1f-", "-019a1c5e"] {
            assert_eq!(listed(&format!("{cut}{of_psql}\n")), [two], "{cut}");
        }
        assert_eq!(listed(&format!("{}{of_psql}\n", line_of(one))), [one, two]);
        assert_eq!(listed(&format!("{of_psql}{of_psql}{}", line_of(one))), [two, two, one]);
        // The first was taken back, the second is erased.
        assert_eq!(listed(&format!("{}\n-{}{of_psql}\n", line_of(one), line_of(one))), [two]);
    }

    #[test]
    fn what_psql_writes_of_the_table_is_a_line_of_the_list() {
        let line = "019a1c5e-7b1f-7000-8000-000000000001 2026-03-10 09:00:00.25+07";

        let (_, at) = parse(line).unwrap();

        assert_eq!(at.to_rfc3339(), "2026-03-10T02:00:00.250+00:00");
    }
}
