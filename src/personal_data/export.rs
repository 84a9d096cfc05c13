//! All that is held on a member, as a ZIP of JSON files with a guide to their fields. Made from the inventory.

use std::io::{self, Cursor, Write as _};

use chrono::NaiveDate;
use serde_json::{Map, Value};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    inventory, store,
    tag::{Table, Tag},
};
use crate::{
    app::App,
    kit::{problems::Problem, values::MemberId},
    outside::files,
};

const GUIDE: &str = "HUONG-DAN.md";

/// A member's data as the bytes of a ZIP file.
pub async fn export(app: &App, member: MemberId) -> Result<Vec<u8>, Problem> {
    let db = app.db.reads();
    let schema = store::schema(db).await?;
    let mut contents = vec![(GUIDE.to_owned(), guide(app.clock.today()).into_bytes())];
    for table in inventory::PERSONAL.iter().filter(|table| table.exported().next().is_some()) {
        let mut rows = store::rows_to_export(db, &schema, table, member).await?;
        rows.iter_mut().for_each(|row| open_sealed(app, table, row));
        let text = serde_json::to_vec_pretty(&rows).map_err(Problem::internal)?;
        contents.push((file_name(table), text));
    }
    if let Some(hash) = store::avatar_of(db, member).await? {
        for key in files::avatar_keys(&hash) {
            if let Some(bytes) = app.files.get(&key).await.map_err(Problem::internal)? {
                contents.push((key, bytes));
            }
        }
    }
    tokio::task::spawn_blocking(move || pack(contents)).await.map_err(Problem::internal)?.map_err(Problem::internal)
}

fn file_name(table: &Table) -> String {
    format!("{}.json", table.name)
}

/// What is encrypted at rest is readable to whom it belongs.
fn open_sealed(app: &App, table: &Table, row: &mut Map<String, Value>) {
    for column in table.exported() {
        let Tag::Sealed(purpose, _) = column.tag else { continue };
        if let Some(sealed) = row.remove(column.name) {
            let opened = sealed.as_str().and_then(|text| app.vault.open(purpose, text).ok());
            row.insert(column.shown_name().to_owned(), opened.map_or(Value::Null, Value::from));
        }
    }
}

fn guide(day: NaiveDate) -> String {
    let day = day.format("%d/%m/%Y");
    let mut text = format!(
        "# Dữ liệu cá nhân của bạn\n\nTạo ngày {day}. Mỗi tệp JSON là một loại dữ liệu mà hệ thống đang giữ về bạn; tệp rỗng (`[]`) là \
         không có gì. Thời điểm ghi theo giờ UTC, ngày theo lịch Việt Nam. Mật khẩu, mã đăng nhập và các mã băm để tra cứu không có \
         ở đây; mã của người khác cũng không.\n"
    );
    for table in inventory::PERSONAL.iter().filter(|table| table.exported().next().is_some()) {
        text.push_str(&format!("\n## {}: `{}`\n\n", table.about, file_name(table)));
        for column in table.exported() {
            text.push_str(&format!("- `{}`: {}\n", column.shown_name(), column.about));
        }
    }
    text
}

fn pack(contents: Vec<(String, Vec<u8>)>) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in contents {
        zip.start_file(name, options)?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
