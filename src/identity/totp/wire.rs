//! Second factors on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whoever changes how they sign in shows that they are the one who does.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpOwner {
    /// Your password.
    #[schema(min_length = 1, max_length = 200, format = Password)]
    pub password: String,
}

/// A code that an authenticator shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpConfirmation {
    /// Six digits.
    #[schema(min_length = 6, max_length = 10, examples("287082"))]
    pub code: String,
}

/// Whether a second factor is asked for.
#[derive(Serialize, ToSchema)]
pub struct TotpView {
    /// Is it?
    pub is_enabled: bool,
    /// How many recovery codes are left.
    #[schema(examples(10))]
    pub recovery_codes_left: u64,
}

/// A secret for an authenticator. It counts once a code has confirmed it.
#[derive(Serialize, ToSchema)]
pub struct NewTotpView {
    /// To be typed in (base32, RFC 4648).
    #[schema(examples("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))]
    pub secret: String,
    /// To be shown as a QR code.
    #[schema(examples(
        "otpauth://totp/Thi%20%C4%90ua:an?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Thi%20%C4%90ua&algorithm=SHA1&digits=6&period=30"
    ))]
    pub uri: String,
}

/// What signs you in once each when the authenticator is lost. Shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesView {
    /// Write them down.
    #[schema(examples(json!(["mfzw-64tb-onqx-2zlt"])))]
    pub recovery_codes: Vec<String>,
}
