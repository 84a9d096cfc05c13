//! The feed on the wire.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::feed::activities::ActivityInclude;

/// Which part of the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedFilter {
    /// `body`: with the whole article.
    #[param(inline)]
    pub include: Option<ActivityInclude>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
