//! Spreadsheets that mean harm. Memory is measured at the real binary, by the peak of its resident pages.

use std::io::{Cursor, Write as _};

use actix_web::http::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use thidua::kit::secrets::secret::{sha256, to_hex};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::imports::HEADERS;
use crate::{
    harness::{Answer, TestApp},
    operations::command::{Measured, Place},
};

const MEBIBYTE: u64 = 1024 * 1024;
/// What inspecting one workbook may take: `MOST_MEMORY` and `MOST_OF_STYLES` in the code.
const MOST: u64 = 384 * MEBIBYTE;
const SHEET: &str = "xl/worksheets/sheet1.xml";
const STYLES: &str = "xl/styles.xml";
const TEXTS: &str = "xl/sharedStrings.xml";

/// A sound workbook, with some of its files replaced by others, and others beside.
fn workbook_with(replaced: &[(&str, &str)]) -> Vec<u8> {
    let mut sound = Workbook::new();
    let sheet = sound.add_worksheet();
    for (column, (header, cell)) in [("Họ và tên", "A Mẫu"), ("Đơn vị", "Chi bộ Một")].into_iter().enumerate()
    {
        let column = u16::try_from(column).unwrap();
        sheet.write_string(0, column, header).unwrap();
        sheet.write_string(1, column, cell).unwrap();
    }
    let mut sound = ZipArchive::new(Cursor::new(sound.save_to_buffer().unwrap())).unwrap();
    let mut book = ZipWriter::new(Cursor::new(Vec::new()));
    for place in 0..sound.len() {
        let entry = sound.by_index_raw(place).unwrap();
        if !replaced.iter().any(|(name, _)| entry.name().unwrap() == *name) {
            book.raw_copy_file(entry).unwrap();
        }
    }
    for (name, content) in replaced {
        book.start_file(*name, SimpleFileOptions::default()).unwrap();
        book.write_all(content.as_bytes()).unwrap();
    }
    book.finish().unwrap().into_inner()
}

fn styles(formats: &str) -> String {
    let head = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";
    format!("{head}{formats}</styleSheet>")
}

fn sheet(rows: &str) -> String {
    let head = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";
    format!("{head}<dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData></worksheet>")
}

fn row(number: u32, cells: &[&str]) -> String {
    let cell = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    format!("<row r=\"{number}\">{}</row>", cells.iter().map(cell).collect::<String>())
}

fn good_rows() -> String {
    row(1, &["Họ và tên", "Đơn vị"]) + &row(2, &["A Mẫu", "Chi bộ Một"])
}

/// Cell formats that are five bytes each, and some hundred once they are read; packed no more tightly than is permitted.
fn many_formats() -> Vec<u8> {
    let noise = |place: u32| format!("<!--{}-->", to_hex(&sha256(&place.to_be_bytes())));
    let formats: String = (0..1_200).map(|place| "<xf/>".repeat(1_100) + &noise(place)).collect();
    workbook_with(&[(STYLES, &styles(&format!("<cellXfs>{formats}</cellXfs>")))])
}

/// A font with a name of a megabyte, which is copied into each of these formats.
fn long_font() -> Vec<u8> {
    let font = format!("<fonts><font><name val=\"{}\"/></font></fonts>", "x".repeat(1_000_000));
    let formats = "<xf fontId=\"0\"/>".repeat(100_000);
    workbook_with(&[(STYLES, &styles(&format!("{font}<cellXfs>{formats}</cellXfs>")))])
}

/// Texts of nothing, which are kept all the same.
fn many_texts() -> Vec<u8> {
    let head = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" uniqueCount=\"4999999\">";
    workbook_with(&[(TEXTS, &format!("{head}{}</sst>", "<si><t/></si>".repeat(300_000)))])
}

fn laughs() -> Vec<u8> {
    let entities: String = (1..20).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};&l{0};&l{0};\">", n - 1)).collect();
    let texts = format!("<!DOCTYPE sst [<!ENTITY l0 \"ha\">{entities}]><sst><si><t>&l19;</t></si></sst>");
    workbook_with(&[(TEXTS, &texts)])
}

fn many_entries() -> Vec<u8> {
    let mut book = ZipWriter::new(Cursor::new(Vec::new()));
    for place in 0..65_600 {
        book.start_file(format!("{place}"), SimpleFileOptions::default()).unwrap();
    }
    book.finish().unwrap().into_inner()
}

async fn send(app: &TestApp, file: impl AsRef<[u8]>) -> Answer {
    app.send_import(&app.admin, "members", true, file).await
}

#[actix_web::test]
async fn a_workbook_that_would_take_more_memory_than_any_needs_is_refused() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;

    for file in [many_formats(), long_font()] {
        send(&app, file).await.has_faults(&[("/file", "unpacks_too_large")]);
    }

    send(&app, many_entries()).await.has_faults(&[("/file", "broken_file")]);
    send(&app, workbook_with(&[])).await.expect(202);
    app.run_imports().await;
}

#[actix_web::test]
async fn a_sheet_that_says_it_is_as_large_as_any_is_read_by_what_is_in_it() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;

    let import = app.import(&app.admin, "members", true, workbook_with(&[(SHEET, &sheet(&good_rows()))])).await;

    assert_eq!((&import["rows_total"], &import["created"]), (&json!(1), &json!(1)), "{import}");
}

#[actix_web::test]
async fn a_row_that_is_too_long_is_refused_at_once_or_ends_the_import() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let long = "x".repeat(70_000);
    let in_sheet = sheet(&(good_rows() + &row(3, &["B Mẫu", "Chi bộ Một", &long])));
    let far_below = format!("{HEADERS}{}B Mẫu,,Chi bộ Một,{long}\n", "A Mẫu,,Chi bộ Một,\n".repeat(40));

    send(&app, workbook_with(&[(SHEET, &in_sheet)])).await.has_faults(&[("/file", "row_too_long")]);
    send(&app, format!("{HEADERS}B Mẫu,,Chi bộ Một,{long}\n")).await.has_faults(&[("/file", "row_too_long")]);
    send(&app, ",".repeat(4_000_000)).await.has_faults(&[("/file", "row_too_long")]);
    let import = app.import(&app.admin, "members", true, far_below).await;

    assert_eq!((&import["status"], &import["failure"]["code"]), (&json!("failed"), &json!("row_too_long")), "{import}");
}

#[actix_web::test]
async fn entities_of_a_workbook_are_not_expanded() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;

    let answer = send(&app, laughs()).await;

    let problem = answer.is_problem(422, "invalid_input");
    assert!(["broken_file", "missing_column"].contains(&problem["errors"][0]["code"].as_str().unwrap()), "{problem}");
}

#[actix_web::test]
async fn a_workbook_that_is_broken_anywhere_never_fails_the_server() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let sound = workbook_with(&[]);
    for place in 0..200 {
        let mut broken = sound.clone();
        let at = broken.len() * place / 200;
        broken[at] ^= 0x55;
        broken.truncate(broken.len() - place % 3);

        let answer = send(&app, broken).await;

        assert!([202, 415, 422].contains(&answer.status), "{place}: {}", answer.text());
    }
    app.run_imports().await;
    let stuck = "SELECT id FROM import WHERE status NOT IN ('done', 'failed')";
    assert_eq!(app.count(stuck), 0);
}

fn form(file: &[u8]) -> (String, Vec<u8>) {
    let boundary = "--------hostile";
    let field = |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    let head = format!(
        "{}\r\n\r\nmembers\r\n{}\r\n\r\ntrue\r\n{}; filename=\"a.xlsx\"\r\n\r\n",
        field("kind"),
        field("dry_run"),
        field("file")
    );
    let body = [head.as_bytes(), file, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[actix_web::test]
async fn the_memory_of_an_inspection_is_bounded_whatever_the_file_says() {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "root", "--role", "admin"]);
    let server = Measured::start(&place, "root");
    let idle = server.peak();
    let files = [
        ("commas", ",".repeat(20_000_000).into_bytes(), "row_too_long"),
        ("texts", many_texts(), ""),
        ("entries", many_entries(), "broken_file"),
        ("font", long_font(), "unpacks_too_large"),
        ("formats", many_formats(), "unpacks_too_large"),
    ];

    for (name, file, code) in files {
        server.forget_peak();
        let (content_type, body) = form(&file);
        let (status, answer) = server.send(Method::POST, "/v1/imports", &content_type, body).await;

        let taken = server.peak().saturating_sub(idle);
        eprintln!("{name}: {} MiB", taken / MEBIBYTE);
        assert!(taken <= MOST, "{name} took {taken} bytes");
        if !code.is_empty() {
            let problem: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!((status, problem["errors"][0]["code"].as_str()), (422, Some(code)), "{name}: {answer}");
        }
    }
}
