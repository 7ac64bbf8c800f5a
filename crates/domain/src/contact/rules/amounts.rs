//! Rules about one decimal number.

use crate::tree::{AmountKind, AmountValue, RuleError};
use crate::value::{Decimal, InvalidDecimal};

pub(super) fn decimal(_: &'static AmountKind, amount: AmountValue<'_>) -> Result<(), RuleError> {
    parse(amount)?;
    Ok(())
}

/// [`decimal`] reports what is no number.
pub(super) fn range(kind: &'static AmountKind, amount: AmountValue<'_>) -> Result<(), RuleError> {
    let Ok(number) = parse(amount) else { return Ok(()) };
    if kind.percentage && !number.is_percentage() {
        return Err(RuleError::new("a percentage lies within 0 and 100"));
    }
    if kind.not_negative && number.is_negative() {
        return Err(RuleError::new("must not be negative"));
    }
    Ok(())
}

fn parse(amount: AmountValue<'_>) -> Result<Decimal, InvalidDecimal> {
    match amount {
        AmountValue::Text(text) => Decimal::parse(text),
        AmountValue::Number(number) => Decimal::parse_json_number(number),
    }
}
