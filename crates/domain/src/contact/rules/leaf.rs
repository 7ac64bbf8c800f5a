//! Every rule about one value.

use super::tables::{AMOUNTS, VALUES};
use crate::path::At;
use crate::rule::Rule;
use crate::tree::{AmountValue, Leaf, RuleError};
use crate::value::ParseCache;

/// Reports the rules that a value breaks, each with the value and what is wrong.
pub(crate) fn check_leaf(
    leaf: Leaf<'_>,
    at: &At<'_>,
    cache: &mut ParseCache,
    report: &mut dyn FnMut(Rule, &str, RuleError),
) {
    let mut reject = |rule, value: &str, result: Result<(), RuleError>| {
        if let Err(error) = result {
            report(rule, value, error);
        }
    };
    let value = match leaf {
        Leaf::Text(_, text) | Leaf::Name(text) | Leaf::Number(text) => text,
        _ => "",
    };
    for (rule, check) in VALUES {
        reject(rule, value, check(at, leaf));
    }
    match leaf {
        Leaf::Text(kind, text) => {
            if let Some((rule, check)) = kind.check {
                reject(rule, text, check(kind, text, cache));
            }
        }
        Leaf::Amount(kind, amount @ (AmountValue::Text(text) | AmountValue::Number(text))) => {
            for (rule, check) in AMOUNTS {
                reject(rule, text, check(kind, amount));
            }
        }
        Leaf::List(_)
        | Leaf::CustomFields(_)
        | Leaf::Members(_)
        | Leaf::Number(_)
        | Leaf::Name(_)
        | Leaf::OpaqueObject(_) => {}
    }
}
