//! Exact sums of columns of 64-bit integers, the same on both databases. SQLite's `SUM` fails past 64 bits, and PostgreSQL's
//! is a `numeric`: so the high and the low 32 bits are summed apart, which comes near no bound for less than 2^31 rows, and are
//! put together again in 128 bits.

use sea_orm::{
    DbErr, ExprTrait as _, QueryResult, QuerySelect,
    sea_query::{Expr, SimpleExpr},
};

use super::dialect::sum;
use crate::kit::values::Total;

const HALF: i32 = 32;
const LOW_HALF: i64 = 0xFFFF_FFFF;

/// An integer as `high * 2^32 + low`, the low half never negative. Pairs of halves compare as the integers do.
pub fn halves(integer: SimpleExpr) -> [SimpleExpr; 2] {
    [integer.clone().right_shift(Expr::val(HALF)), integer.bit_and(Expr::val(LOW_HALF))]
}

/// The sum of a column of integers as its halves; zero of nothing.
pub fn sum_halves(column: SimpleExpr) -> [SimpleExpr; 2] {
    let [high, low] = halves(column).map(sum);
    let [carried, low] = halves(low);
    [high.add(carried), low]
}

/// Selects the sum of a column under this name, to be read by `total`.
pub fn select_sum<Q: QuerySelect>(query: Q, column: SimpleExpr, name: &str) -> Q {
    let [high, low] = sum_halves(column);
    query.column_as(high, format!("{name}_high")).column_as(low, format!("{name}_low"))
}

/// The sum that was selected under this name.
pub fn total(row: &QueryResult, name: &str) -> Result<Total, DbErr> {
    Ok(Total::from_halves(row.try_get("", &format!("{name}_high"))?, row.try_get("", &format!("{name}_low"))?))
}
