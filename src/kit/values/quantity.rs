//! Amounts: integers of thousandths, never binary floats. A `Quantity` is one amount, of at most 3 decimals and below 10^12,
//! in 64 bits. A `Total` is a sum of any number of them, in 128 bits.

use std::{borrow::Cow, fmt, iter::Sum, ops};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

const PER_UNIT: i64 = 1_000;
/// 10^12 units, in thousandths: each amount below it is the shortest decimal form of a double.
const LIMIT: i64 = 1_000_000_000_000_000;
/// How many times the low half of a stored sum the high half counts.
const HIGH_HALF: i128 = 1 << 32;
/// How far from a whole thousandth a JSON number may be.
const TOLERANCE: f64 = 1e-6;

/// An amount in some unit of measure, in thousandths of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
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

    /// Is it more than nothing?
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Total::from(*self), f)
    }
}

/// The difference of two amounts. Each is below 10^12 units, so it is exact.
impl ops::Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % PER_UNIT == 0 {
            return serializer.serialize_i64(self.0 / PER_UNIT);
        }
        // The decimal text is parsed to the nearest double, whose shortest form is that text again (below 2^53).
        self.to_string().parse::<f64>().map_err(S::Error::custom).and_then(|number| serializer.serialize_f64(number))
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

/// A sum of quantities, in thousandths: exact for 10^23 of the largest ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Total(i128);

impl Total {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From thousandths.
    pub const fn from_thousandths(thousandths: i128) -> Self {
        Self(thousandths)
    }

    /// In thousandths.
    pub const fn thousandths(self) -> i128 {
        self.0
    }

    /// From the halves in which a database sums thousandths: `high * 2^32 + low`.
    pub fn from_halves(high: i64, low: i64) -> Self {
        Self(i128::from(high) * HIGH_HALF + i128::from(low))
    }

    /// In thousandths, where a column of 64 bits can hold it.
    pub fn stored(self) -> Option<i64> {
        i64::try_from(self.0).ok()
    }

    /// The share of `whole` in percent, rounded half up to 3 decimals; none of nothing.
    pub fn percent_of(self, whole: Quantity) -> Option<Self> {
        if whole.0 <= 0 {
            return None;
        }
        // Thousandths of a percent. The remainder is below 2^63, so nothing of it overflows.
        let (whole, hundred) = (i128::from(whole.0), 100 * i128::from(PER_UNIT));
        let (times, rest) = (self.0.div_euclid(whole), self.0.rem_euclid(whole));
        let rest = (rest * hundred * 2 / whole + 1) / 2;
        Some(Self(times.saturating_mul(hundred).saturating_add(rest)))
    }
}

impl From<Quantity> for Total {
    fn from(quantity: Quantity) -> Self {
        Self(i128::from(quantity.0))
    }
}

impl fmt::Display for Total {
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

impl ops::Add for Total {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::Sub for Total {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Total {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::ZERO, ops::Add::add)
    }
}

impl Serialize for Total {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.stored().filter(|thousandths| -LIMIT < *thousandths && *thousandths < LIMIT) {
            Some(thousandths) => Quantity(thousandths).serialize(serializer),
            // A double would round it: the number is written digit by digit.
            None => RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer),
        }
    }
}

impl PartialSchema for Total {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some(
                "A sum of quantities, exact, of at most 3 decimals. It may be 10^12 or more, and then have more digits than a \
                 double holds: read it as a decimal number where the last digit counts.",
            ))
            .minimum(Some(0))
            .examples([serde_json::json!(1234.5)])
            .into()
    }
}

impl ToSchema for Total {
    fn name() -> Cow<'static, str> {
        "Total".into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_of_more_than_three_decimals_is_refused() {
        assert_eq!(Quantity::from_json(0.0005), Err(QuantityError::TooPrecise));
        assert_eq!(Quantity::from_json(0.1 + 0.2), Ok(Quantity(300)));
        assert_eq!(Quantity::from_json(1e12), Err(QuantityError::TooLarge));
        assert_eq!(Quantity::from_json(f64::NAN), Err(QuantityError::TooLarge));
    }

    #[test]
    fn percent_is_rounded_half_up() {
        let percent = |units, whole| Total::from(Quantity::whole(units)).percent_of(Quantity::whole(whole));

        assert_eq!(percent(1, 3).unwrap().to_string(), "33.333");
        assert_eq!(percent(2, 3).unwrap().to_string(), "66.667");
        assert_eq!(percent(1, 0), None);
    }

    #[test]
    fn a_total_past_64_bits_is_written_digit_by_digit() {
        let json = |thousandths| serde_json::to_string(&Total(thousandths)).unwrap();

        assert_eq!(json(9_999_999_999_999_990_001), "9999999999999990.001");
        assert_eq!(json(9_223_372_036_854_776_000), "9223372036854776");
        assert_eq!(json(-1_000_000_000_000_000_000_500), "-1000000000000000000.5");
        assert_eq!(json(12_500), "12.5");
    }

    proptest! {
        #[test]
        fn every_quantity_survives_json(thousandths in 0..LIMIT) {
            let quantity = Quantity(thousandths);
            let json = serde_json::to_string(&quantity).unwrap();

            prop_assert_eq!(&json, &quantity.to_string());
            prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
        }

        /// As the database does it: each integer's halves are summed apart.
        #[test]
        fn the_sum_of_halves_is_the_sum(integers in proptest::collection::vec(any::<i64>(), 0..200)) {
            let (mut high, mut low) = (0, 0);
            for integer in &integers {
                high += integer >> 32;
                low += integer & 0xFFFF_FFFF;
            }
            let sum: i128 = integers.iter().map(|integer| i128::from(*integer)).sum();

            prop_assert_eq!(Total::from_halves(high, low), Total(sum));
            prop_assert_eq!(Total::from_halves(high + (low >> 32), low & 0xFFFF_FFFF), Total(sum));
        }

        /// Normal halves, the low one within 32 bits, stand in the order of what they sum to.
        #[test]
        fn halves_compare_as_their_sums(one in any::<i64>(), other in any::<i64>()) {
            let halves = |integer: i64| (integer >> 32, integer & 0xFFFF_FFFF);

            prop_assert_eq!(halves(one).cmp(&halves(other)), one.cmp(&other));
        }

        #[test]
        fn a_percentage_is_exact(sum in -(1_i128 << 100)..1 << 100, whole in 1..LIMIT) {
            let twice = (sum * 200_000).div_euclid(i128::from(whole));

            prop_assert_eq!(Total(sum).percent_of(Quantity(whole)), Some(Total((twice + 1).div_euclid(2))));
        }

        #[test]
        fn a_percentage_never_overflows(sum in any::<i128>(), whole in any::<i64>()) {
            prop_assert_eq!(Total(sum).percent_of(Quantity(whole)).is_some(), whole > 0);
        }

        #[test]
        fn a_total_is_the_json_number_of_its_text(thousandths in any::<i128>()) {
            let json = serde_json::to_string(&Total(thousandths)).unwrap();

            prop_assert_eq!(json, Total(thousandths).to_string());
        }
    }
}
