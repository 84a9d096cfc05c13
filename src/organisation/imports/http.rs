//! Imports over HTTP.

use actix_web::{
    HttpRequest, get, post,
    web::{Data, Path, Payload},
};

use super::{
    actions::{self, NewImport},
    file::Unreadable,
    reading, store,
    wire::{ConflictFilter, ConflictView, FILE, ImportFilter, ImportForm, ImportView, ParsedForm},
};
use crate::{
    app::App,
    kit::{
        http::{Answer, Listed, Manager, ManagerOf, Query, Reply, RequestContext, Staff, Upload},
        problems::{Code, Problem},
        values::{ImportId, Language},
    },
};

/// How many reasons a single import shows.
const MOST_CONFLICTS: u64 = 10_000;

/// List imports
///
/// Your own, an admin all, newest first.
#[utoipa::path(tag = "imports", params(ImportFilter),
    responses((status = 200, body = Listed<ImportView>)))]
#[get("/imports")]
pub async fn list_imports(
    app: Data<App>,
    caller: Staff,
    language: Language,
    query: Query<ImportFilter>,
) -> Answer<Listed<ImportView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let imports = store::page_visible(app.db.reads(), &caller, &page).await?;
    let max_rows = app.config.imports.max_rows;
    let slice = app.cursors.slice(&page, imports, |import| import.id);
    Ok(Reply::list(slice.map(|import| ImportView::new(import, Vec::new(), max_rows, language))))
}

/// Import units or members
///
/// A spreadsheet is taken over and worked on in the background: look at `Location` for its progress. Do a dry run first: it
/// says what would be created, changed and left out, each bad row with its number and reason, and writes nothing; the run
/// does exactly that. A manager brings in what lies in their units and below, an admin everything. The same file again
/// changes nothing.
///
/// Whom a row is about: our `ID`, else the code (`Mã thành viên`, `Mã đơn vị`), else the phone number, else the name within
/// the unit (a namesake with another code or number is somebody else; one with none gets the row's, unless several rows may
/// mean them: `ambiguous`). An empty cell says nothing. A quotation mark that opens a cell and is not closed at its end would take rows in: such a
/// file is refused, with the line (`unclosed_quote`). A row with a line break in a cell that counts is left out (`line_break`).
/// Headers may be in any case, with or without diacritics, in Vietnamese or English:
/// members `Họ và tên` (or in parts: `Họ đệm`, or `Họ` and `Tên đệm`, and `Tên`), `Số điện thoại`, `Mã thành viên`, `Email`,
/// `Đơn vị`, `Mã đơn vị`, `Đơn vị cấp trên`, `Ngày vào`; units
/// `Tên đơn vị`, `Mã đơn vị`, `Tên viết tắt`, `Loại đơn vị`, `Đơn vị cấp trên`, `Mã đơn vị cấp trên`, `Ngày thành lập`.
#[utoipa::path(tag = "imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, body = ImportView, headers(("Location" = String, description = "Where its progress is"))),
        (status = 400, description = "malformed_request"), (status = 415, description = "unsupported_file"),
        (status = 429, description = "too_many_uploads")))]
#[post("/imports")]
pub async fn create_import(
    app: Data<App>,
    caller: Manager,
    context: RequestContext,
    language: Language,
    request: HttpRequest,
    payload: Payload,
) -> Answer<ImportView> {
    actions::check_may_import(&caller)?;
    let _place = app.uploads.begin(caller.member_id)?;
    let temporary = app.files.temporary().await.map_err(Problem::of_file)?;
    let upload = Upload::receive(&request, payload, FILE, app.config.imports.max_file_bytes, temporary).await?;
    let new = inspected(&app, ParsedForm::parse(upload)?).await?;
    let max_rows = app.config.imports.max_rows;
    app.change(context, async |tx| {
        let import = actions::create(tx, &app.vault, &caller, new).await?;
        let location = format!("/v1/imports/{}", import.id);
        Ok(Reply::accepted(location, ImportView::new(import, Vec::new(), max_rows, language)))
    })
    .await
}

/// With its headers understood. Unpacking a workbook takes a while and memory: one at a time, and not on the thread that serves
/// others.
async fn inspected(app: &App, form: ParsedForm) -> Result<NewImport, Problem> {
    let ParsedForm { kind, dry_run, file } = form;
    let content = file.content.try_clone().map_err(Problem::of_file)?;
    let headers = app.workbooks.run(move || reading::inspect(content, kind)).await?;
    let headers = headers.map_err(|error| match error {
        Unreadable::OtherFormat => Problem::new(Code::UnsupportedFile),
        Unreadable::Fault(fault) => fault.into(),
    })?;
    Ok(NewImport { kind, dry_run, file, headers })
}

/// Find an import
///
/// How far it is, what became of the rows so far, and why rows were left out.
#[utoipa::path(tag = "imports", params(("import_id" = ImportId, Path, description = "The import")),
    responses((status = 200, body = ImportView)))]
#[get("/imports/{import_id}")]
pub async fn find_import(
    app: Data<App>,
    caller: ManagerOf<ImportId>,
    language: Language,
    path: Path<ImportId>,
) -> Answer<ImportView> {
    let import = store::find_visible(app.db.reads(), &caller, *path).await?.ok_or_else(Problem::not_found)?;
    let conflicts = store::conflicts(app.db.reads(), *path, None, MOST_CONFLICTS).await?;
    Ok(Reply::ok(ImportView::new(import, conflicts, app.config.imports.max_rows, language)))
}

/// List an import's conflicts
///
/// Every reason why a row was left out, by row, in pages.
#[utoipa::path(tag = "imports", params(("import_id" = ImportId, Path, description = "The import"), ConflictFilter),
    responses((status = 200, body = Listed<ConflictView>)))]
#[get("/imports/{import_id}/conflicts")]
pub async fn list_import_conflicts(
    app: Data<App>,
    caller: ManagerOf<ImportId>,
    language: Language,
    path: Path<ImportId>,
    query: Query<ConflictFilter>,
) -> Answer<Listed<ConflictView>> {
    store::find_visible(app.db.reads(), &caller, *path).await?.ok_or_else(Problem::not_found)?;
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let conflicts = store::conflicts(app.db.reads(), *path, page.after, page.fetch()).await?;
    let slice = app.cursors.slice(&page, conflicts, |conflict| (conflict.number, conflict.place));
    Ok(Reply::list(slice.map(|conflict| ConflictView::new(conflict, language))))
}
