//! Exports over HTTP.

use actix_web::{
    HttpResponse, get,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web::{Bytes, Data},
};
use futures_util::stream;
use uuid::Uuid;

use super::{
    csv::{BYTE_ORDER_MARK, line},
    store,
};
use crate::{
    app::App,
    audit::{self, Subject},
    kit::{
        http::{Admin, RequestContext},
        problems::Problem,
    },
};

/// Export units
///
/// All units of today as CSV in UTF-8, which Excel opens; an import takes it in again.
#[utoipa::path(tag = "exports",
    responses((status = 200, body = String, content_type = "text/csv")))]
#[get("/exports/units.csv")]
pub async fn export_units(app: Data<App>, caller: Admin, context: RequestContext) -> Result<HttpResponse, Problem> {
    write_down(&app, &caller, context, "export_units").await?;
    const HEADERS: [&str; 9] = [
        "ID",
        "Mã đơn vị",
        "Tên đơn vị",
        "Tên viết tắt",
        "Loại đơn vị",
        "ID đơn vị cấp trên",
        "Mã đơn vị cấp trên",
        "Đơn vị cấp trên",
        "Ngày thành lập",
    ];
    Ok(answer("don-vi.csv", app, HEADERS, async |app: &App, after| units_page(app, after).await))
}

/// Export members
///
/// All members with their private part (phone number, code, e-mail address) as CSV in UTF-8, which Excel opens; an import
/// takes it in again. Written down in the audit log.
#[utoipa::path(tag = "exports",
    responses((status = 200, body = String, content_type = "text/csv")))]
#[get("/exports/members.csv")]
pub async fn export_members(app: Data<App>, caller: Admin, context: RequestContext) -> Result<HttpResponse, Problem> {
    write_down(&app, &caller, context, "export_members").await?;
    const HEADERS: [&str; 9] =
        ["ID", "Mã thành viên", "Họ và tên", "Số điện thoại", "Email", "ID đơn vị", "Mã đơn vị", "Đơn vị", "Ngày vào"];
    Ok(answer("thanh-vien.csv", app, HEADERS, async |app: &App, after| members_page(app, after).await))
}

/// Who takes personal data out is known before the first byte leaves.
async fn write_down(app: &App, caller: &Admin, context: RequestContext, action: &'static str) -> Result<(), Problem> {
    let subject = Subject { kind: "member", id: caller.member_id.0 };
    app.change_as(context.actor(), async |tx| audit::record(tx, action, subject, None, None).await).await
}

/// A page of lines, and after whom the next one begins; none after the last.
type PageOfLines = Option<(Vec<u8>, Uuid)>;

fn answer<const N: usize>(
    file_name: &str,
    app: Data<App>,
    headers: [&'static str; N],
    page: impl AsyncFn(&App, Option<Uuid>) -> Result<PageOfLines, Problem> + 'static,
) -> HttpResponse {
    let mut begin = BYTE_ORDER_MARK.as_bytes().to_vec();
    let first = line(headers).map(|line| {
        begin.extend(line);
        Bytes::from(begin)
    });
    let first = stream::iter([first]);
    let rest = stream::try_unfold((app, page, None), async |(app, page, after)| {
        let lines = page(&app, after).await?;
        Ok::<_, Problem>(lines.map(|(lines, last)| (Bytes::from(lines), (app, page, Some(last)))))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\"")))
        .streaming(futures_util::StreamExt::chain(first, rest))
}

async fn units_page(app: &App, after: Option<Uuid>) -> Result<PageOfLines, Problem> {
    let (db, day) = (app.db.reads(), app.clock.today());
    let units = store::units_after(db, after, day).await?;
    let above: Vec<Uuid> = units.iter().filter_map(|unit| unit.parent_id).map(|id| id.0).collect();
    let above = store::unit_names(db, &above, day).await?;
    let mut lines = Vec::new();
    for unit in &units {
        let parent = unit.parent_id.map(|id| id.0);
        let (parent_code, parent_name) = parent.and_then(|id| above.get(&id).cloned()).unwrap_or_default();
        lines.extend(line([
            unit.id.to_string().as_str(),
            unit.code.as_deref().unwrap_or_default(),
            &unit.name,
            unit.short_name.as_deref().unwrap_or_default(),
            unit.kind.name(),
            &parent.map(|id| id.to_string()).unwrap_or_default(),
            &parent_code,
            &parent_name,
            &unit.valid_from.to_string(),
        ])?);
    }
    Ok(units.last().map(|last| (lines, last.id.0)))
}

async fn members_page(app: &App, after: Option<Uuid>) -> Result<PageOfLines, Problem> {
    let (db, day) = (app.db.reads(), app.clock.today());
    let members = store::members_after(db, &app.vault, after, day).await?;
    let homes: Vec<Uuid> = members.iter().filter_map(|member| member.home).map(|(unit, _)| unit).collect();
    let homes = store::unit_names(db, &homes, day).await?;
    let mut lines = Vec::new();
    for member in &members {
        let unit = member.home.map(|(unit, _)| unit);
        let (unit_code, unit_name) = unit.and_then(|id| homes.get(&id).cloned()).unwrap_or_default();
        // As people write it: 84912345678 is 0912345678.
        let phone = member.phone.as_deref().map(|phone| format!("0{}", phone.strip_prefix("84").unwrap_or(phone)));
        lines.extend(line([
            member.id.to_string().as_str(),
            member.code.as_deref().unwrap_or_default(),
            &member.name,
            phone.as_deref().unwrap_or_default(),
            member.email.as_deref().unwrap_or_default(),
            &unit.map(|id| id.to_string()).unwrap_or_default(),
            &unit_code,
            &unit_name,
            &member.home.map(|(_, since)| since.to_string()).unwrap_or_default(),
        ])?);
    }
    Ok(members.last().map(|last| (lines, last.id)))
}
