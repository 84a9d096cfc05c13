//! Files for `/v1/imports`: what of them is understood, and that nothing of a file is lost silently.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::json;
use unicode_normalization::UnicodeNormalization as _;

use super::imports::{HEADERS, counts, many, reason, reasons};
use crate::harness::TestApp;

#[actix_web::test]
async fn a_file_with_an_unclosed_quote_is_refused_whole_with_the_line_where_it_opens() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let rows = "A Mẫu,0912345001,Chi bộ Một,\n\"B Mẫu,0912345002,Chi bộ Một,\nC Mẫu,0912345003,Chi bộ Một,\n";

    let answer = app.send_import(&app.admin, "members", false, format!("{HEADERS}{rows}")).await;

    answer.has_faults(&[("/file", "unclosed_quote")]);
    assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().contains("dòng 3"), "{}", answer.text());
    assert_eq!(app.count("SELECT id FROM import"), 0);
    assert_eq!(app.member_names(&unit).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_quote_that_the_next_quoted_cell_closes_is_unclosed_too() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let file = "Họ tên;Ghi chú;Đơn vị\r\nA Mẫu;\"mới;Chi bộ Một\r\nB Mẫu;\"cũ\";Chi bộ Một\r\n";

    app.send_import(&app.admin, "members", true, file).await.has_faults(&[("/file", "unclosed_quote")]);
    let headers = "Họ tên,\"Đơn vị\nA Mẫu,Chi bộ Một\n";
    app.send_import(&app.admin, "members", true, headers).await.has_faults(&[("/file", "unclosed_quote")]);
}

#[actix_web::test]
async fn a_row_with_a_line_break_in_a_cell_that_counts_is_left_out() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let file = format!(
        "{HEADERS}\"A Mẫu,0912345001,Chi bộ Một,\nB Mẫu\",0912345002,Chi bộ Một,\n\
         C Mẫu,0912345003,\"Chi bộ Một\nChi bộ Hai\",\n\
         D Mẫu,0912345004,Chi bộ Một,\n"
    );

    let import = app.import(&app.admin, "members", false, file).await;

    assert_eq!(counts(&import), [1, 0, 0, 2], "{import}");
    assert_eq!(reasons(&import), [reason(2, "Họ và tên", "line_break"), reason(3, "Đơn vị", "line_break")]);
    assert_eq!(app.member_names(&unit).await, ["D Mẫu"]);
    let units = "Mã đơn vị,Tên đơn vị\n\"C-1\nC-2\",Chi bộ Hai\nC-3,\"Chi bộ Ba\nChi bộ Bốn\"\n";
    let units = app.import(&app.admin, "units", false, units).await;
    assert_eq!(reasons(&units), [reason(2, "Mã đơn vị", "line_break"), reason(3, "Tên đơn vị", "line_break")]);
}

#[actix_web::test]
async fn two_names_in_one_cell_of_a_workbook_are_not_one_member() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, cells) in [(0, ["Họ và tên", "A Mẫu\nB Mẫu"]), (1, ["Đơn vị", "Chi bộ Một"])] {
        for (row, cell) in [0, 1].into_iter().zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }

    let import = app.import(&app.admin, "members", true, book.save_to_buffer().unwrap()).await;

    assert_eq!(reasons(&import), [reason(2, "Họ và tên", "line_break")]);
}

#[actix_web::test]
async fn rows_below_notes_of_many_lines_have_the_numbers_that_a_spreadsheet_shows() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let file = "Họ tên,Ghi chú,Đơn vị\n\
        A Mẫu,\"dòng một\ndòng hai\ndòng ba\",Chi bộ Một\n\
        \n\
        B Mẫu,\"hai\r\ndòng\",Chi bộ Không Có\n\
        C Mẫu,,Chi bộ Lạ\n";

    let import = app.import(&app.admin, "members", true, file).await;

    assert_eq!(counts(&import), [1, 0, 0, 2], "{import}");
    assert_eq!(reasons(&import), [reason(4, "Đơn vị", "no_such_thing"), reason(5, "Đơn vị", "no_such_thing")]);
}

#[actix_web::test]
async fn a_note_that_has_taken_whole_rows_in_is_a_conflict() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let file = "Họ tên,Ghi chú,Đơn vị\nA Mẫu,\"mới,Chi bộ Một\nB Mẫu,cũ\",Chi bộ Một\nC Mẫu,,Chi bộ Một\n";

    let import = app.import(&app.admin, "members", true, file).await;

    assert_eq!(reasons(&import), [reason(2, "Ghi chú", "line_break")]);
    assert_eq!(import["created"], json!(1));
}

#[actix_web::test]
async fn headers_are_understood_in_every_form() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let decomposed: String = "Họ và tên,Số điện thoại,Đơn vị\n".nfd().collect();
    let forms = [
        "\u{FEFF}Họ và tên,Số điện thoại,Đơn vị\n".to_owned(),
        "HỌ VÀ TÊN;SĐT;ĐƠN VỊ\n".to_owned(),
        "ho ten\tdien thoai\tdon vi\n".to_owned(),
        "Full name,Phone,Unit\n".to_owned(),
        "STT,Họ tên (*),\"Số điện thoại\",Tên đơn vị\r\n".to_owned(),
        "DANH SÁCH ĐẢNG VIÊN,,\n,,\nHọ và tên,Số điện thoại,Đơn vị\n".to_owned(),
        "sep=;\nHọ và tên;Số điện thoại;Đơn vị\n".to_owned(),
        decomposed,
    ];
    for (place, headers) in forms.into_iter().enumerate() {
        let separator = [",", ";", "\t", ",", ",", ",", ";", ","][place];
        let mut cells = vec!["Phạm Mẫu".to_owned(), format!("091234500{place}"), "\"Chi bộ Một\"".to_owned()];
        if place == 4 {
            cells.insert(0, "1".to_owned());
        }
        let file = format!("{headers}{}\n", cells.join(separator));

        let import = app.import(&app.admin, "members", false, &file).await;

        assert_eq!(counts(&import), [1, 0, 0, 0], "{file}: {import}");
        assert_eq!(import["ignored_columns"], json!([]));
    }
}

#[actix_web::test]
async fn a_missing_column_is_said_at_once_and_an_unknown_one_is_reported() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;

    app.send_import(&app.admin, "members", true, "Số điện thoại,Đơn vị\n1,2\n")
        .await
        .has_faults(&[("/file", "missing_column")]);
    app.send_import(&app.admin, "members", true, "Họ tên,SĐT,Điện thoại,Đơn vị\n")
        .await
        .has_faults(&[("/file", "same_column_twice")]);
    let import = app.import(&app.admin, "members", true, "Họ tên,Sở thích,Đơn vị\nA Mẫu,x,Chi bộ Một\n").await;

    assert_eq!(import["ignored_columns"], json!(["Sở thích"]));
    assert_eq!(counts(&import), [1, 0, 0, 0]);
}

#[actix_web::test]
async fn a_file_of_another_kind_is_refused_with_a_reason() {
    let app = TestApp::start().await;
    let send = async |file: &[u8]| app.send_import(&app.admin, "units", true, file).await;

    send(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]).await.is_problem(415, "unsupported_file");
    send(b"%PDF-1.7").await.is_problem(415, "unsupported_file");
    send(b"").await.has_faults(&[("/file", "empty_file")]);
    send(b"PK\x03\x04 but no archive").await.has_faults(&[("/file", "broken_file")]);
    send(b"T\xEAn \xF0\xF0n v\xFF\n").await.has_faults(&[("/file", "not_utf8")]);
    app.post("/v1/imports")
        .caller(&app.admin)
        .multipart(&[("kind", "cats"), ("dry_run", "maybe"), ("colour", "red")], "x.csv", b"x")
        .await
        .has_faults(&[("/kind", "not_one_of"), ("/dry_run", "not_one_of"), ("/colour", "unknown_field")]);
    app.post("/v1/imports").caller(&app.admin).json(json!({})).await.is_problem(415, "unsupported_media_type");
}

#[actix_web::test]
async fn a_workbook_is_read_with_its_dates_and_the_zeros_that_excel_took() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in ["Họ và tên", "Số điện thoại", "Đơn vị", "Ngày vào"].into_iter().enumerate()
    {
        sheet.write_string(1, u16::try_from(column).unwrap(), header).unwrap();
    }
    sheet.write_string(0, 0, "Danh sách").unwrap();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write_string(2, 0, "Nguyễn Mẫu").unwrap();
    sheet.write_number(2, 1, 912_345_678.0).unwrap();
    sheet.write_string(2, 2, "Chi bộ Một").unwrap();
    sheet.write_datetime_with_format(2, 3, ExcelDateTime::from_ymd(2025, 7, 1).unwrap(), &day).unwrap();
    sheet.write_string(4, 0, "Hỏng Mẫu").unwrap();
    sheet.write_number(4, 1, 12.5).unwrap();
    sheet.write_string(4, 2, "Chi bộ Một").unwrap();
    let file = book.save_to_buffer().unwrap();

    let import = app.import(&app.admin, "members", false, &file).await;

    assert_eq!(counts(&import), [1, 0, 0, 1], "{import}");
    assert_eq!(reasons(&import), [reason(5, "Số điện thoại", "wrong_format")]);
    assert_eq!(app.member_names(&unit).await, ["Nguyễn Mẫu"]);
    let again =
        app.import(&app.admin, "members", false, format!("{HEADERS}Nguyễn Mẫu,0912345678,Chi bộ Một,1/7/2025\n"));
    assert_eq!(counts(&again.await), [0, 0, 1, 0]);
}

#[actix_web::test]
async fn a_workbook_that_unpacks_without_end_is_refused() {
    use std::io::Write as _;
    let app = TestApp::start().await;
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    bomb.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..32 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 100_000);

    app.send_import(&app.admin, "units", true, bomb).await.has_faults(&[("/file", "unpacks_too_large")]);
}

#[actix_web::test]
async fn a_file_may_be_larger_than_other_bodies_but_not_without_end() {
    let app = TestApp::start_with(|config| {
        config.imports.max_file_bytes = 3 * 1024 * 1024;
        config.imports.max_rows = 1_000;
    })
    .await;
    app.unit("Chi bộ Một").await;
    let padded = |bytes: usize| format!("{HEADERS}A Mẫu,,Chi bộ Một,\n{}", "\n".repeat(bytes));

    let import = app.import(&app.admin, "members", true, padded(2 * 1024 * 1024)).await;
    assert_eq!(counts(&import), [1, 0, 0, 0]);
    let answer = app.send_import(&app.admin, "members", true, padded(4 * 1024 * 1024)).await;
    answer.is_problem(413, "body_too_large");
    let huge = json!({"name": "x".repeat(2 * 1024 * 1024), "kind": "other"});
    app.post("/v1/units").caller(&app.admin).json(huge).await.is_problem(413, "body_too_large");
    let import = app.import(&app.admin, "members", true, many(1_001)).await;
    assert_eq!((&import["status"], &import["failure"]["code"]), (&json!("failed"), &json!("too_many_rows")));
}

#[actix_web::test]
async fn names_in_parts_are_put_together() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let files = [
        "Họ,Tên,SĐT,Đơn vị\nNguyễn,An,0912345001,Chi bộ Một\n",
        "Họ và tên đệm,Tên,SĐT,Đơn vị\nTrần Thị,Bình,0912345002,Chi bộ Một\n",
        "Họ,Tên đệm,Tên,SĐT,Đơn vị\nLê,Văn,Cường,0912345003,Chi bộ Một\nVõ,,Dũng,0912345004,Chi bộ Một\n",
        "First name,Last name,Phone,Unit\nGiang,Phạm,0912345005,Chi bộ Một\n",
    ];

    for file in files {
        let import = app.import(&app.admin, "members", false, file).await;
        assert_eq!(import["conflict_count"], 0, "{import}");
        assert_eq!(import["ignored_columns"], json!([]));
    }

    let names = ["Nguyễn An", "Trần Thị Bình", "Lê Văn Cường", "Võ Dũng", "Phạm Giang"];
    assert_eq!(app.member_names(&unit).await, names);
    let again = app.import(&app.admin, "members", false, "Họ tên,SĐT,Đơn vị\nNguyễn An,0912345001,Chi bộ Một\n").await;
    assert_eq!(counts(&again), [0, 0, 1, 0]);
}

#[actix_web::test]
async fn half_a_name_is_no_name() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let send = async |file: &'static str| app.send_import(&app.admin, "members", true, file).await;
    let missing = async |file: &'static str, column: &str| {
        let answer = send(file).await;
        answer.has_faults(&[("/file", "missing_column")]);
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with(&format!(": {column}.")), "{detail}");
    };
    let file = "Họ đệm,Tên,SĐT,Đơn vị\nNguyễn Văn,An,0912345001,Chi bộ Một\n";
    app.import(&app.admin, "members", false, file).await;

    missing("Họ,SĐT,Đơn vị\nNguyễn,0912345001,Chi bộ Một\n", "Tên").await;
    missing("Tên đệm,Tên,SĐT,Đơn vị\nVăn,An,0912345001,Chi bộ Một\n", "Họ").await;
    let halves = "Họ đệm,Tên,SĐT,Đơn vị\n,An,0912345001,Chi bộ Một\nNguyễn Văn,,0912345001,Chi bộ Một\n";
    let import = app.import(&app.admin, "members", false, halves).await;

    assert_eq!(reasons(&import), [reason(2, "Họ đệm", "missing"), reason(3, "Tên", "missing")]);
    assert_eq!(app.member_names(&unit).await, ["Nguyễn Văn An"]);
}
