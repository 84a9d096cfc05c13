//! Files for `/v1/imports` that would hide rows: nothing of a file is lost silently.

use rust_xlsxwriter::Workbook;
use serde_json::json;

use super::imports::{HEADERS, counts, reason, reasons};
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
