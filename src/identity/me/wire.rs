//! One's own profile on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kit::{
        http::{Role, SentFile, Upload},
        problems::{Fault, FaultCode, Faults, Problem},
        values::patch::given,
    },
    organisation::members::{Contact, ContactView, Member, MemberChange, MemberPatch, MemberView},
};

/// A member as they see themselves.
#[derive(Serialize, ToSchema)]
pub struct MeView {
    /// The public part.
    #[serde(flatten)]
    pub member: MemberView,
    /// The highest role held today.
    pub role: Role,
    /// How they are reached. Colleagues do not see it; the managers of their units do.
    pub private: ContactView,
}

impl MeView {
    /// This member with that role.
    pub fn new(member: Member, role: Role, contact: Contact) -> Self {
        Self { member: member.into(), role, private: contact.into() }
    }
}

/// The bytes of a picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the description of a body that is read as a stream")]
pub struct AvatarBytes(Vec<u8>);

/// A picture in a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of a form that is read as a stream")]
pub struct AvatarForm {
    /// A JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

impl AvatarForm {
    /// The picture that the form brings.
    pub fn parse(upload: Upload) -> Result<SentFile, Problem> {
        let mut faults = Faults::new();
        for name in upload.texts.keys() {
            faults.add(Fault::at(format!("/{name}"), FaultCode::UnknownField));
        }
        faults.add_if(upload.file.is_none(), "/file", FaultCode::Missing);
        // Without one there is a fault.
        faults.or(upload.file)?.ok_or_else(Problem::not_found)
    }
}

/// A change of one's own profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "Nguyễn Thị Mẫu", "email": "mau@example.vn"}))]
pub struct MePatch {
    /// What you are called in public.
    #[schema(nullable = false, min_length = 1, max_length = 100, examples("Nguyễn Thị Mẫu"))]
    pub display_name: Option<String>,
    /// Your e-mail address; null: none. The phone number comes from Zalo or from your unit, and is changed there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 254, examples("lan@example.vn"))]
    pub email: Option<Option<String>>,
}

impl MePatch {
    /// The change, if everything is as it should be.
    pub fn parse(self) -> Result<MemberChange, Problem> {
        MemberPatch { display_name: self.display_name, phone: None, email: self.email }.parse()
    }
}
