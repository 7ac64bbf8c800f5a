//! The tables: rules with their functions, one table for each type of function.
//!
//! Rules about one text are paired with their functions in [`kinds`](crate::contact::kinds).

use super::input::{Lookups, Reporter, RuleInput};
use super::{amounts, intercom, limits, lookups, phones, texts, whole};
use crate::path::At;
use crate::rule::Rule;
use crate::tree::{AmountKind, AmountValue, Leaf, RuleError};

/// A rule about one decimal number.
type AmountCheck = fn(&'static AmountKind, AmountValue<'_>) -> Result<(), RuleError>;
/// A rule about one value of any kind.
type ValueCheck = fn(&At<'_>, Leaf<'_>) -> Result<(), RuleError>;
/// A rule about the whole contact.
type WholeCheck = fn(&RuleInput<'_>, &mut Reporter<'_>);
/// A rule about what the store holds of other contacts.
type LookUpCheck = fn(&RuleInput<'_>, &Lookups<'_>, &mut Reporter<'_>);

/// The rules about decimal numbers.
pub(crate) const AMOUNTS: [(Rule, AmountCheck); 2] =
    [(Rule::Amount, amounts::decimal), (Rule::Range, amounts::range)];

/// The rules about values of any kind.
pub(crate) const VALUES: [(Rule, ValueCheck); 3] = [
    (Rule::Readable, limits::nesting),
    (Rule::Invisible, texts::invisible),
    (Rule::Limits, limits::size),
];

/// The rules about the whole contact.
pub(crate) const WHOLE: [(Rule, WholeCheck); 16] = [
    (Rule::ContactType, whole::contact_type),
    (Rule::Named, whole::named),
    (Rule::KeyReplaced, whole::key_replaced),
    (Rule::DateOrder, whole::date_order),
    (Rule::Birth, whole::birth),
    (Rule::NoStaffBlock, whole::no_staff_block),
    (Rule::RolesAgree, whole::roles_agree),
    (Rule::InUse, whole::in_use),
    (Rule::OwnParts, whole::own_parts),
    (Rule::Scopes, whole::scopes),
    (Rule::IntercomRequired, intercom::required),
    (Rule::IntercomNumber, intercom::number),
    (Rule::IntercomFlags, intercom::flags),
    (Rule::PhoneStays, phones::stay),
    (Rule::PartsNamed, whole::parts_named),
    (Rule::Expiry, whole::expiry),
];

/// The rules about other contacts.
pub(crate) const LOOK_UPS: [(Rule, LookUpCheck); 2] =
    [(Rule::RelationsExist, lookups::relations_exist), (Rule::Duplicate, lookups::duplicate)];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::contact::document::ContactDocument;
    use crate::rule::Stage;
    use crate::tree::{Kind, Shape, Shaped, TextKind};

    fn text_kinds(kind: &'static Kind, seen: &mut Vec<&'static str>) -> Vec<&'static TextKind> {
        match kind {
            Kind::Text(text) => vec![text],
            Kind::List(element) => text_kinds(element, seen),
            Kind::Block(shape) | Kind::OpaqueObject(shape) => texts_of(shape, seen),
            _ => Vec::new(),
        }
    }

    fn texts_of(shape: &'static Shape, seen: &mut Vec<&'static str>) -> Vec<&'static TextKind> {
        if seen.contains(&shape.name) {
            return Vec::new();
        }
        seen.push(shape.name);
        shape.members.iter().flat_map(|member| text_kinds(&member.kind, seen)).collect()
    }

    #[test]
    fn each_rule_stands_in_the_table_of_its_stage() {
        let texts = texts_of(ContactDocument::SHAPE, &mut Vec::new());
        let texts = texts.iter().filter_map(|kind| Some((kind.check?.0, Stage::Text)));
        let tables: Vec<(Rule, Stage)> = texts
            .chain(AMOUNTS.map(|(rule, _)| (rule, Stage::Amount)))
            .chain(VALUES.map(|(rule, _)| (rule, Stage::Value)))
            .chain(WHOLE.map(|(rule, _)| (rule, Stage::Contact)))
            .chain(LOOK_UPS.map(|(rule, _)| (rule, Stage::LookUp)))
            .collect();
        let found: BTreeMap<Rule, Stage> = tables.into_iter().collect();
        for rule in Rule::ALL {
            let elsewhere = [Stage::Reading, Stage::Matching, Stage::Merging];
            let expected = Some(rule.stage()).filter(|stage| !elsewhere.contains(stage));
            assert_eq!(found.get(rule).copied(), expected, "{rule:?}");
        }
    }
}
