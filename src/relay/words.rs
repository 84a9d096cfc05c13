//! News for people: what is kept of it, and the words it is told in, Vietnamese and English. What is kept does not change
//! with its subject later on: a notification says what was so when it was sent.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    kit::{
        http::Role,
        values::{Language, Quantity},
    },
    organisation::imports::{Import, ImportKind, ImportStatus},
};

/// A piece of news with its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "values")]
pub enum News {
    /// A campaign has begun.
    #[serde(rename = "campaign.launched")]
    CampaignLaunched {
        /// Its name.
        title: String,
        /// Its first day.
        starts_on: NaiveDate,
        /// Its last day.
        ends_on: NaiveDate,
    },
    /// A check-in counts.
    #[serde(rename = "checkin.verified")]
    CheckinVerified(Report),
    /// A check-in needs work.
    #[serde(rename = "checkin.returned")]
    CheckinReturned {
        /// What was reported.
        #[serde(flatten)]
        report: Report,
        /// Why it came back.
        reason: Option<String>,
    },
    /// Somebody has signed a pledge.
    #[serde(rename = "pledge.signed")]
    PledgeSigned {
        /// Who pledges.
        pledger_name: String,
        /// In which campaign.
        campaign_title: String,
    },
    /// The reader has a new role.
    #[serde(rename = "role.granted")]
    RoleGranted {
        /// Which.
        role: String,
        /// Over which unit; none is everywhere.
        unit_name: Option<String>,
    },
    /// A unit that the reader manages, or that is above it or below it, has another place.
    #[serde(rename = "unit.moved")]
    UnitMoved {
        /// Which unit.
        unit_name: String,
        /// Under which one; none: at the top.
        parent_name: Option<String>,
        /// From which day.
        on: NaiveDate,
    },
    /// A unit goes on in one that the reader manages.
    #[serde(rename = "unit.merged")]
    UnitMerged {
        /// The one that ends.
        unit_name: String,
        /// The one that goes on.
        into_name: String,
        /// From which day.
        on: NaiveDate,
    },
    /// New units come out of one that the reader manages.
    #[serde(rename = "unit.split")]
    UnitSplit {
        /// The one that was there.
        unit_name: String,
        /// The new ones.
        new_names: Vec<String>,
        /// From which day.
        on: NaiveDate,
    },
    /// A spreadsheet that the reader has sent was worked on to its end, or given up.
    #[serde(rename = "import.ended")]
    ImportEnded(ImportNews),
    /// An announcement has come out.
    #[serde(rename = "activity.published")]
    ActivityPublished {
        /// Its title.
        title: String,
        /// Whose it is.
        unit_name: String,
    },
}

/// What somebody has reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// In which campaign.
    pub campaign_title: String,
    /// For which commitment.
    pub commitment_title: String,
    /// How much.
    pub quantity: Quantity,
    /// Of what.
    pub unit_of_measure: String,
}

/// What became of an import. Not what its file was called: that may be somebody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportNews {
    /// What was brought in.
    pub import_kind: ImportKind,
    /// Was it only to be said what would happen?
    pub dry_run: bool,
    /// Was it given up?
    pub has_failed: bool,
    /// How many were made.
    pub created: i32,
    /// How many are different now.
    pub changed: i32,
    /// How many are the same.
    pub unchanged: i32,
    /// How many rows were left out.
    pub conflict_count: i32,
}

/// What people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// A few words.
    pub title: String,
    /// A sentence or two.
    pub body: String,
}

impl News {
    /// Its name, that of the event it tells of.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CampaignLaunched { .. } => "campaign.launched",
            Self::CheckinVerified(_) => "checkin.verified",
            Self::CheckinReturned { .. } => "checkin.returned",
            Self::PledgeSigned { .. } => "pledge.signed",
            Self::RoleGranted { .. } => "role.granted",
            Self::UnitMoved { .. } => "unit.moved",
            Self::UnitMerged { .. } => "unit.merged",
            Self::UnitSplit { .. } => "unit.split",
            Self::ImportEnded(_) => "import.ended",
            Self::ActivityPublished { .. } => "activity.published",
        }
    }

    /// Does it also go out by the Official Account? Only what its reader waits for or is called to; the rest can wait in
    /// the inbox.
    pub const fn goes_outside(&self) -> bool {
        match self {
            Self::CampaignLaunched { .. } | Self::CheckinVerified(_) | Self::CheckinReturned { .. } => true,
            Self::PledgeSigned { .. }
            | Self::RoleGranted { .. }
            | Self::UnitMoved { .. }
            | Self::UnitMerged { .. }
            | Self::UnitSplit { .. }
            | Self::ImportEnded(_)
            | Self::ActivityPublished { .. } => false,
        }
    }

    /// Where in the app it leads.
    pub fn link(&self, subject: Uuid) -> String {
        match self {
            Self::CampaignLaunched { .. } => format!("/campaigns/{subject}"),
            Self::CheckinVerified(_) | Self::CheckinReturned { .. } => format!("/checkins/{subject}"),
            Self::PledgeSigned { .. } => format!("/pledges/{subject}"),
            Self::RoleGranted { .. } => "/me".to_owned(),
            Self::UnitMoved { .. } | Self::UnitMerged { .. } | Self::UnitSplit { .. } => format!("/units/{subject}"),
            Self::ImportEnded(_) => format!("/imports/{subject}"),
            Self::ActivityPublished { .. } => format!("/activities/{subject}"),
        }
    }

    /// Its facts, as they are kept beside the kind.
    pub fn values(&self) -> Result<Value, serde_json::Error> {
        Ok(serde_json::to_value(self)?.get_mut("values").map(Value::take).unwrap_or_default())
    }

    /// What was kept as a kind and its facts.
    pub fn from_parts(kind: &str, values: &Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(json!({"kind": kind, "values": values}))
    }

    /// In the reader's language.
    pub fn words(&self, language: Language) -> Words {
        let (title, body) = match language {
            Language::Vietnamese => self.in_vietnamese(),
            Language::English => self.in_english(),
        };
        Words { title, body }
    }

    fn in_vietnamese(&self) -> (String, String) {
        match self {
            Self::CampaignLaunched { title, starts_on, ends_on } => (
                "Phát động phong trào thi đua".to_owned(),
                format!(
                    "Phong trào “{title}” diễn ra từ ngày {} đến hết ngày {}. Mời bạn xem chỉ tiêu và ký giao ước.",
                    day(*starts_on),
                    day(*ends_on)
                ),
            ),
            Self::CheckinVerified(report) => (
                "Báo cáo đã được xác nhận".to_owned(),
                format!("{} đã được xác nhận.", report.worded(Language::Vietnamese)),
            ),
            Self::CheckinReturned { report, reason } => {
                let reason = reason.as_ref().map(|reason| format!(" Lý do: {reason}")).unwrap_or_default();
                let body = format!("{} được trả lại để bổ sung.{reason}", report.worded(Language::Vietnamese));
                ("Báo cáo cần bổ sung".to_owned(), body)
            }
            Self::PledgeSigned { pledger_name, campaign_title } => (
                "Giao ước mới được ký".to_owned(),
                format!("{pledger_name} đã ký giao ước trong phong trào “{campaign_title}”."),
            ),
            Self::RoleGranted { role, unit_name } => {
                let place = unit_name.as_ref().map(|unit| format!(" của {unit}")).unwrap_or_default();
                let body = format!("Bạn được giao vai trò {}{place}.", role_words(role, Language::Vietnamese));
                ("Vai trò mới".to_owned(), body)
            }
            Self::UnitMoved { unit_name, parent_name, on } => {
                let place = parent_name.as_ref().map(|parent| format!("trực thuộc {parent}"));
                let place = place.unwrap_or_else(|| "là đơn vị cấp cao nhất".to_owned());
                ("Thay đổi đơn vị cấp trên".to_owned(), format!("Từ ngày {}, {unit_name} {place}.", day(*on)))
            }
            Self::UnitMerged { unit_name, into_name, on } => (
                "Sáp nhập đơn vị".to_owned(),
                format!(
                    "Từ ngày {}, {unit_name} sáp nhập vào {into_name}; thành viên và kết quả được chuyển theo.",
                    day(*on)
                ),
            ),
            Self::UnitSplit { unit_name, new_names, on } => {
                let body = format!("Từ ngày {}, {} được tách ra từ {unit_name}.", day(*on), new_names.join(", "));
                ("Chia tách đơn vị".to_owned(), body)
            }
            Self::ImportEnded(import) => import.in_vietnamese(),
            Self::ActivityPublished { title, unit_name } => (title.clone(), format!("Thông báo của {unit_name}.")),
        }
    }

    fn in_english(&self) -> (String, String) {
        match self {
            Self::CampaignLaunched { title, starts_on, ends_on } => (
                "A new campaign".to_owned(),
                format!("“{title}” runs from {starts_on} to {ends_on}. See its targets and sign your pledge."),
            ),
            Self::CheckinVerified(report) => {
                ("Check-in verified".to_owned(), format!("{} has been verified.", report.worded(Language::English)))
            }
            Self::CheckinReturned { report, reason } => {
                let reason = reason.as_ref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
                let body = format!("{} came back to you to be completed.{reason}", report.worded(Language::English));
                ("Check-in returned".to_owned(), body)
            }
            Self::PledgeSigned { pledger_name, campaign_title } => {
                ("A pledge was signed".to_owned(), format!("{pledger_name} has signed a pledge in “{campaign_title}”."))
            }
            Self::RoleGranted { role, unit_name } => {
                let place = unit_name.as_ref().map(|unit| format!(" of {unit}")).unwrap_or_default();
                let body = format!("You have been given the role {}{place}.", role_words(role, Language::English));
                ("A new role".to_owned(), body)
            }
            Self::UnitMoved { unit_name, parent_name, on } => {
                let place = parent_name.as_ref().map(|parent| format!("stands under {parent}"));
                let place = place.unwrap_or_else(|| "stands at the top".to_owned());
                ("A unit has a new place".to_owned(), format!("From {on} on {unit_name} {place}."))
            }
            Self::UnitMerged { unit_name, into_name, on } => (
                "Units are merged".to_owned(),
                format!("From {on} on {unit_name} is part of {into_name}, with its members and its results."),
            ),
            Self::UnitSplit { unit_name, new_names, on } => {
                let body = format!("From {on} on there are {}, which were part of {unit_name}.", new_names.join(", "));
                ("A unit is split".to_owned(), body)
            }
            Self::ImportEnded(import) => import.in_english(),
            Self::ActivityPublished { title, unit_name } => (title.clone(), format!("An announcement by {unit_name}.")),
        }
    }
}

impl Report {
    fn worded(&self, language: Language) -> String {
        let Self { campaign_title, commitment_title, quantity, unit_of_measure } = self;
        let amount = format!("{} {unit_of_measure}", grouped(*quantity, language));
        match language {
            Language::Vietnamese => {
                format!("Báo cáo “{commitment_title}” ({amount}) trong phong trào “{campaign_title}”")
            }
            Language::English => format!("Your check-in “{commitment_title}” ({amount}) in “{campaign_title}”"),
        }
    }
}

impl ImportNews {
    /// Of an import that has ended.
    pub fn of(import: &Import) -> Self {
        Self {
            import_kind: import.kind,
            dry_run: import.dry_run,
            has_failed: import.status == ImportStatus::Failed,
            created: import.counts.created,
            changed: import.counts.changed,
            unchanged: import.counts.unchanged,
            conflict_count: import.counts.refused,
        }
    }

    fn in_vietnamese(&self) -> (String, String) {
        let Self { created, changed, unchanged, conflict_count, .. } = self;
        let what = match self.import_kind {
            ImportKind::Units => "đơn vị",
            ImportKind::Members => "thành viên",
        };
        let figures =
            format!("tạo mới {created}, thay đổi {changed}, giữ nguyên {unchanged}, không nhận {conflict_count} dòng");
        match (self.has_failed, self.dry_run) {
            (true, _) => (
                "Nhập tệp không thành công".to_owned(),
                format!("Tệp {what} bị dừng giữa chừng; mở kết quả để xem lý do. Đến lúc dừng: {figures}."),
            ),
            (false, true) => (
                "Đã chạy thử xong tệp nhập".to_owned(),
                format!("Nếu nhập thật tệp {what}: {figures}. Chưa có gì được ghi."),
            ),
            (false, false) => ("Đã nhập xong tệp".to_owned(), format!("Tệp {what}: {figures}.")),
        }
    }

    fn in_english(&self) -> (String, String) {
        let Self { created, changed, unchanged, conflict_count, .. } = self;
        let what = match self.import_kind {
            ImportKind::Units => "units",
            ImportKind::Members => "members",
        };
        let figures =
            format!("{created} created, {changed} changed, {unchanged} unchanged, {conflict_count} rows left out");
        match (self.has_failed, self.dry_run) {
            (true, _) => (
                "The import has failed".to_owned(),
                format!("The file of {what} was given up; open the result for the reason. Up to then: {figures}."),
            ),
            (false, true) => (
                "The dry run is done".to_owned(),
                format!("A run of this file of {what} would come to: {figures}. Nothing was written."),
            ),
            (false, false) => ("The import is done".to_owned(), format!("The file of {what}: {figures}.")),
        }
    }
}

fn role_words(role: &str, language: Language) -> &'static str {
    match Role::named(role) {
        Some(Role::UnitManager) => language.pick("quản lý đơn vị", "unit manager"),
        Some(Role::Editor) => language.pick("biên tập viên", "editor"),
        Some(Role::Admin) => language.pick("quản trị viên", "administrator"),
        Some(Role::Member | Role::Guest) | None => language.pick("thành viên", "member"),
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// An amount as people write it: 1.250,5 in Vietnamese, 1,250.5 in English.
fn grouped(quantity: Quantity, language: Language) -> String {
    let (between, before_decimals) = language.pick(('.', ','), (',', '.'));
    let plain = quantity.to_string();
    let (units, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    for (place, digit) in units.chars().enumerate() {
        let left = units.len().saturating_sub(place);
        if place > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(between);
        }
        text.push(digit);
    }
    if !decimals.is_empty() {
        text.push(before_decimals);
        text.push_str(decimals);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned() -> News {
        let report = Report {
            campaign_title: "Đường quê sạch đẹp".into(),
            commitment_title: "Bê tông hóa đường thôn".into(),
            quantity: Quantity::from_thousandths(1_250_500),
            unit_of_measure: "m".into(),
        };
        News::CheckinReturned { report, reason: Some("Thiếu ảnh hiện trường.".into()) }
    }

    fn imported() -> ImportNews {
        ImportNews {
            import_kind: ImportKind::Members,
            dry_run: false,
            has_failed: false,
            created: 12,
            changed: 3,
            unchanged: 100,
            conflict_count: 2,
        }
    }

    #[test]
    fn the_end_of_an_import_is_told_by_how_it_ended() {
        let told = |import: ImportNews, language| News::ImportEnded(import).words(language);

        let done = told(imported(), Language::Vietnamese);
        assert_eq!(done.title, "Đã nhập xong tệp");
        assert_eq!(done.body, "Tệp thành viên: tạo mới 12, thay đổi 3, giữ nguyên 100, không nhận 2 dòng.");
        let rehearsed = told(ImportNews { dry_run: true, ..imported() }, Language::English);
        assert!(rehearsed.body.ends_with("Nothing was written."), "{}", rehearsed.body);
        let failed = told(ImportNews { has_failed: true, ..imported() }, Language::Vietnamese);
        assert_eq!(failed.title, "Nhập tệp không thành công");
    }

    #[test]
    fn what_is_kept_is_read_back() {
        for news in [
            returned(),
            News::RoleGranted { role: "editor".into(), unit_name: None },
            News::ImportEnded(imported()),
            News::ActivityPublished { title: "Họp chi bộ".into(), unit_name: "Chi bộ 1".into() },
        ] {
            assert_eq!(News::from_parts(news.kind(), &news.values().unwrap()).unwrap(), news);
        }
    }

    #[test]
    fn news_is_told_in_both_languages() {
        assert_eq!(
            returned().words(Language::Vietnamese).body,
            "Báo cáo “Bê tông hóa đường thôn” (1.250,5 m) trong phong trào “Đường quê sạch đẹp” được trả lại để bổ sung. \
             Lý do: Thiếu ảnh hiện trường."
        );
        assert_eq!(returned().words(Language::English).title, "Check-in returned");
    }

    #[test]
    fn amounts_are_grouped_by_thousands() {
        let written = |thousandths| grouped(Quantity::from_thousandths(thousandths), Language::English);

        assert_eq!(written(999_000), "999");
        assert_eq!(written(1_000_000), "1,000");
        assert_eq!(written(-123_456_789), "-123,456.789");
        assert_eq!(grouped(Quantity::whole(1_234_567), Language::Vietnamese), "1.234.567");
    }
}
