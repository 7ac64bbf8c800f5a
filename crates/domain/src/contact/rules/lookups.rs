//! Rules about other contacts.

use std::collections::HashSet;

use super::input::{Lookups, Reporter, RuleInput};
use crate::contact::RELATION_LISTS;
use crate::contact::document::ContactDocument;
use crate::path::At;
use crate::tree::{Member, SafeInteger};

/// Looks up only the ids that the item adds: references to a deleted contact stay.
pub(super) fn relations_exist(
    input: &RuleInput<'_>,
    lookups: &Lookups<'_>,
    violations: &mut Reporter<'_>,
) {
    for (name, relations) in relations(input.document) {
        let stored = input.stored.map(self::relations).into_iter().flatten();
        let stored: HashSet<SafeInteger> = stored
            .filter(|(stored_name, _)| *stored_name == name)
            .flat_map(|(_, ids)| ids.get().into_iter().flatten().copied())
            .collect();
        for (index, id) in relations.get().into_iter().flatten().enumerate() {
            if !stored.contains(id) && !(lookups.exists)(id.get()) {
                let root = At::root();
                let list = root.member(name);
                violations.report(
                    &list.element(index),
                    id.get().to_string(),
                    "no such contact in this organization",
                );
            }
        }
    }
}

pub(super) fn duplicate(
    input: &RuleInput<'_>,
    lookups: &Lookups<'_>,
    violations: &mut Reporter<'_>,
) {
    if let (None, Some(twin)) = (input.stored, lookups.same_email) {
        let email = input.document.email.get().map_or("", |email| email.as_str());
        violations.report(
            &At::root().member("email"),
            email,
            format!("{twin} has the same e-mail address"),
        );
    }
}

fn relations(
    document: &ContactDocument,
) -> impl Iterator<Item = (&'static str, &Member<Vec<SafeInteger>>)> {
    RELATION_LISTS.into_iter().zip(document.relation_lists())
}
