//! The texts that members agree to, in both languages. A text that changes what it asks for gets the next version, and is
//! asked for anew; what was agreed to stays in the history with the version it had.

use crate::{kit::values::Language, personal_data::Consent};

/// One text.
#[derive(Clone, Copy, Debug)]
pub struct ConsentText {
    /// What it is about.
    pub kind: Consent,
    /// Which version of it this is.
    pub version: i32,
    /// What it is called, Vietnamese and English.
    pub title: (&'static str, &'static str),
    /// What it says: which data, what for, how long, how to take it back.
    pub body: (&'static str, &'static str),
}

/// The text that is asked for now, of each kind.
pub const CURRENT: [ConsentText; 3] = [
    ConsentText {
        kind: Consent::Terms,
        version: 2,
        title: ("Điều khoản sử dụng và xử lý dữ liệu cá nhân", "Terms of use and processing of personal data"),
        body: (
            "Ứng dụng lưu tên hiển thị, ảnh đại diện, số điện thoại, thư điện tử, mã Zalo, mã thành viên, đơn vị sinh hoạt, giao ước và báo \
             cáo kết quả của bạn để tổ chức phong trào thi đua. Tên, ảnh và đơn vị của bạn hiện với người cùng đơn vị. Số điện thoại, thư \
             điện tử và mã Zalo được mã hóa; số điện thoại và thư điện tử chỉ bạn, người quản lý đơn vị của bạn và quản trị viên xem được, \
             mỗi lần xem đều được ghi lại; mã Zalo không ai khác xem được. Bạn có thể xem, sửa, tải về và xóa dữ liệu của mình ngay trong \
             ứng dụng; khi xóa, số liệu chung được giữ lại nhưng không còn tên bạn.",
            "The app keeps your display name, picture, phone number, e-mail address, Zalo id, member code, unit, pledges and check-ins to run \
             emulation campaigns. Your name, picture and unit are shown to the people of your unit. Phone number, e-mail address and Zalo id \
             are encrypted; the phone number and the e-mail address are seen by you, the managers of your unit and the admins alone, and \
             each look at them is written down; nobody else sees the Zalo id. You can see, correct, download and erase your data in the \
             app; after an erasure the common figures stay, without your name.",
        ),
    },
    ConsentText {
        kind: Consent::OaMessages,
        version: 1,
        title: ("Nhận tin nhắn của Official Account trên Zalo", "Messages of the Official Account on Zalo"),
        body: (
            "Cho phép gửi tin về phong trào và báo cáo của bạn qua Official Account. Không đồng ý thì bạn vẫn nhận thông báo trong ứng \
             dụng. Rút lại lúc nào cũng được, có hiệu lực ngay.",
            "Lets the Official Account send you news of campaigns and of your check-ins. Without it you are still told in the app. You can \
             take it back at any time, with effect at once.",
        ),
    },
    ConsentText {
        kind: Consent::Location,
        version: 1,
        title: ("Lưu vị trí khi báo cáo kết quả", "Keeping the place of check-ins"),
        body: (
            "Cho phép lưu tọa độ mà điện thoại gửi kèm báo cáo, để người quản lý xác nhận. Không đồng ý thì báo cáo vẫn được nhận, không \
             kèm vị trí. Rút lại thì các vị trí đã lưu bị xóa ngay.",
            "Lets us keep the coordinates that your phone sends with a check-in, for your manager to verify it. Without it the check-in \
             counts all the same, without a place. When you take it back, the places kept are erased at once.",
        ),
    },
];

/// The version of the text that is asked for now.
pub fn current_version(kind: Consent) -> i32 {
    CURRENT.iter().find(|text| text.kind == kind).map_or(0, |text| text.version)
}

impl ConsentText {
    /// What it is called, in that language.
    pub const fn title(&self, language: Language) -> &'static str {
        language.pick(self.title.0, self.title.1)
    }

    /// What it says, in that language.
    pub const fn body(&self, language: Language) -> &'static str {
        language.pick(self.body.0, self.body.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_text_in_both_languages() {
        assert_eq!(CURRENT.map(|text| text.kind), Consent::ALL);
        for text in CURRENT {
            assert!(text.version > 0);
            assert_ne!(text.title(Language::Vietnamese), text.title(Language::English));
            assert!(text.body(Language::Vietnamese).len() > 100 && text.body(Language::English).len() > 100);
        }
    }
}
