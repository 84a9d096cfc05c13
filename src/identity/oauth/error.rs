//! Errors of OAuth 2.0, in its own words (RFC 6749, 5.2).

use serde::Serialize;
use utoipa::ToSchema;

use crate::kit::problems::Problem;

/// Why a token was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthError {
    /// Something is missing or there twice.
    InvalidRequest,
    /// The client is unknown or its secret is wrong.
    InvalidClient,
    /// The code or refresh token is not good, or not of this client.
    InvalidGrant,
    /// There is no such grant here.
    UnsupportedGrantType,
    /// The client does not hold this scope.
    InvalidScope,
    /// Tokens of this kind are not revoked: an app's, which ends by itself (RFC 7009, 2.2.1).
    UnsupportedTokenType,
    /// The body is too long to be any of these requests.
    TooLong,
}

/// What an OAuth endpoint refuses with.
#[derive(Debug)]
pub enum Refusal {
    /// In OAuth's words.
    OAuth(OAuthError),
    /// In ours: the server's own trouble.
    Problem(Problem),
}

/// An error of OAuth 2.0 on the wire (RFC 6749, 5.2).
#[derive(Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub struct OAuthErrorView {
    /// The registered name of the error.
    #[schema(examples("invalid_grant"))]
    pub error: &'static str,
    /// What it means, for developers.
    #[schema(examples("The code or refresh token has expired, was used before, or is not of this client."))]
    pub error_description: &'static str,
}

impl OAuthError {
    /// On the wire.
    pub const fn view(self) -> OAuthErrorView {
        let (error, error_description) = match self {
            Self::InvalidRequest => (
                "invalid_request",
                "A parameter is missing, malformed or there twice, or the body is not application/x-www-form-urlencoded.",
            ),
            Self::TooLong => ("invalid_request", "The body is too long."),
            Self::UnsupportedTokenType => {
                ("unsupported_token_type", "An app's access token is not revoked; it ends within 15 minutes.")
            }
            Self::InvalidClient => ("invalid_client", "The client is unknown or its secret is wrong."),
            Self::InvalidGrant => {
                ("invalid_grant", "The code or refresh token has expired, was used before, or is not of this client.")
            }
            Self::UnsupportedGrantType => {
                ("unsupported_grant_type", "Use authorization_code, client_credentials or refresh_token.")
            }
            Self::InvalidScope => ("invalid_scope", "The client does not hold one of these scopes."),
        };
        OAuthErrorView { error, error_description }
    }

    /// The status it is answered with.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TooLong => 413,
            _ => 400,
        }
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
