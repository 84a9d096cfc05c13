//! Amounts: integers of thousandths, never binary floats. Each number of at most 3 decimals below 10^12 is held exactly,
//! and so is each sum of 9,000 of the largest.

use std::{borrow::Cow, fmt, iter::Sum, ops};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

const PER_UNIT: i64 = 1_000;
/// How far from a whole thousandth a JSON number may be.
const TOLERANCE: f64 = 1e-6;

/// An amount in some unit of measure, in thousandths of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// A JSON number that is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// More than 3 decimals.
    #[error("more than 3 decimals")]
    TooPrecise,
    /// 10^12 or more, or below -10^12.
    #[error("10^12 or more")]
    TooLarge,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From thousandths, as the database keeps it.
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// In thousandths, as the database keeps it.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// From whole units.
    pub const fn whole(units: i64) -> Self {
        Self(units.saturating_mul(PER_UNIT))
    }

    /// From a JSON number: rounded to a thousandth, refused when it is not within 10^-6 of one.
    pub fn from_json(number: f64) -> Result<Self, QuantityError> {
        let rounded = (number * 1000.0).round();
        if !(-1e15 < rounded && rounded < 1e15) {
            return Err(QuantityError::TooLarge);
        }
        // Where a double is coarser than the tolerance, the thousandth's own nearest double differs by nothing.
        if (number - rounded / 1000.0).abs() > TOLERANCE {
            return Err(QuantityError::TooPrecise);
        }
        // A whole double below 2^53 prints as its integer.
        let text = format!("{rounded:.0}");
        text.parse().map(Self).map_err(|_not_an_integer| QuantityError::TooLarge)
    }

    /// The share of `whole` in percent, rounded half up to 3 decimals; none of nothing.
    pub fn percent_of(self, whole: Self) -> Option<Self> {
        if whole.0 <= 0 {
            return None;
        }
        let scaled = i128::from(self.0) * 100 * i128::from(PER_UNIT) * 2 / i128::from(whole.0);
        i64::try_from((scaled + 1).div_euclid(2)).ok().map(Self)
    }

    /// Is it more than nothing?
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (units, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            return write!(f, "{sign}{units}");
        }
        let decimals = format!("{rest:03}");
        write!(f, "{sign}{units}.{}", decimals.trim_end_matches('0'))
    }
}

impl ops::Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, ops::Add::add)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % PER_UNIT == 0 {
            return serializer.serialize_i64(self.0 / PER_UNIT);
        }
        // The decimal text is parsed to the nearest double, whose shortest form is that text again (below 2^53).
        self.to_string()
            .parse::<f64>()
            .map_err(serde::ser::Error::custom)
            .and_then(|number| serializer.serialize_f64(number))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for Quantity {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("An amount of at most 3 decimals, below 10^12."))
            .minimum(Some(0))
            .exclusive_maximum(Some(1_000_000_000_000_i64))
            .multiple_of(Some(0.001))
            .examples([serde_json::json!(12.5)])
            .into()
    }
}

impl ToSchema for Quantity {
    fn name() -> Cow<'static, str> {
        "Quantity".into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 10^12 units, in thousandths.
    const LIMIT: i64 = 1_000_000_000_000_000;

    #[test]
    fn a_number_of_more_than_three_decimals_is_refused() {
        assert_eq!(Quantity::from_json(0.0005), Err(QuantityError::TooPrecise));
        assert_eq!(Quantity::from_json(0.1 + 0.2), Ok(Quantity(300)));
        assert_eq!(Quantity::from_json(1e12), Err(QuantityError::TooLarge));
        assert_eq!(Quantity::from_json(f64::NAN), Err(QuantityError::TooLarge));
    }

    #[test]
    fn percent_is_rounded_half_up() {
        let third = Quantity::whole(1).percent_of(Quantity::whole(3)).unwrap();
        let two_thirds = Quantity::whole(2).percent_of(Quantity::whole(3)).unwrap();

        assert_eq!((third.to_string(), two_thirds.to_string()), ("33.333".into(), "66.667".into()));
        assert_eq!(Quantity::whole(1).percent_of(Quantity::ZERO), None);
    }

    proptest! {
        #[test]
        fn every_quantity_survives_json(thousandths in 0..LIMIT) {
            let quantity = Quantity(thousandths);
            let json = serde_json::to_string(&quantity).unwrap();

            prop_assert_eq!(&json, &quantity.to_string());
            prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
        }
    }
}
