//! What the reader takes: the header `Accept` (RFC 9110, 12.5.1).

/// Does `accept` take an answer of this media type? The range that fits it most closely says so, unless its weight is 0.
pub fn takes(accept: &str, media_type: &str) -> bool {
    let fitting = accept.split(',').filter_map(|range| fit(range, media_type));
    let closest = fitting.max_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
    closest.is_some_and(|(_, weight)| weight > 0.0)
}

/// How closely a range fits, and what it weighs; none when it does not fit.
fn fit(range: &str, media_type: &str) -> Option<(u8, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let range = parts.next()?.to_ascii_lowercase();
    let closeness = match (range.split_once('/')?, media_type.split_once('/')?) {
        (("*", "*"), _) => 0,
        ((kind, "*"), (own, _)) if kind == own => 1,
        _ if range == media_type => 2,
        _ => return None,
    };
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((closeness, weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_that_fits_most_closely_decides() {
        let json = |accept| takes(accept, "application/json");

        assert!(
            ["*/*", "application/*", "text/html, Application/JSON;q=0.1", "image/*, */*;q=0.2"].into_iter().all(json)
        );
        assert!(json("application/json; charset=utf-8"));
        assert!(!["application/json;q=0", "image/png", "application/jsonx", "json", ""].into_iter().any(json));
        assert!(!json("*/*, application/json; q=0.000") && json("*/*;q=0, application/json"));
        assert!(!json("application/*;q=0, */*"));
    }
}
