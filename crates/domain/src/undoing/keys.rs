//! Keys that contacts would have back.

use std::collections::HashMap;

use super::plan::{Plan, Step};
use crate::decision::{AliasKey, Loaded};
use crate::ids::ContactId;
use crate::path::Path;
use crate::rule::Rule;
use crate::violation::Violation;

/// The contacts that cannot have a key back, because another contact has it by now. They stay as they
/// are, and so may others that would take a key of theirs.
pub(super) fn taken(plans: &[Plan], loaded: &Loaded) -> HashMap<ContactId, Violation> {
    let owners: HashMap<AliasKey, ContactId> = loaded
        .contacts
        .iter()
        .flat_map(|record| record.identity_keys().into_iter().map(|key| (key, record.id)))
        .collect();
    let aliases: HashMap<&AliasKey, ContactId> =
        loaded.aliases.iter().map(|alias| (&alias.key, alias.contact)).collect();
    let steps = plans.iter().filter_map(|plan| Some((plan.outcome.contact, plan.step.as_ref()?)));
    let by_contact: HashMap<ContactId, &Step> = steps.clone().collect();

    let mut takers: HashMap<AliasKey, ContactId> = HashMap::new();
    let mut refused = Vec::new();
    for (id, step) in steps {
        for key in step.keys.taken.clone() {
            let stays =
                |owner: &&ContactId| by_contact.get(owner).is_none_or(|step| !step.gives_up(&key));
            let owner = owners.get(&key).filter(stays);
            // Where a merge made the alias, it ends with the merge.
            let leads = aliases.get(&key).filter(|_| !step.is_merged);
            match owner.or(leads).or_else(|| takers.get(&key)) {
                Some(owner) => refused.push((id, key, *owner)),
                None => {
                    takers.insert(key, id);
                }
            }
        }
    }
    let mut violations = HashMap::new();
    while let Some((id, key, owner)) = refused.pop() {
        if violations.insert(id, violation(&key, owner)).is_some() {
            continue;
        }
        let given_up = by_contact.get(&id).map(|step| step.keys.given_up.clone());
        for key in given_up.into_iter().flatten() {
            if let Some(taker) = takers.get(&key) {
                refused.push((*taker, key, id));
            }
        }
    }
    violations
}

fn violation(key: &AliasKey, owner: ContactId) -> Violation {
    let name = match key {
        AliasKey::Id(_) => "id",
        AliasKey::ExternalId(_) => "externalId",
        AliasKey::LinkId(_) => "linkId",
    };
    let message = format!("the key belongs to contact {owner} by now");
    Violation::new(Rule::KeysAgree, Path::of(name), key.value(), message)
}
