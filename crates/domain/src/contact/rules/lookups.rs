//! Rules about what the store knows of other contacts.

use super::{DUPLICATE, Lookups, RELATIONS_EXIST, Subject};
use crate::contact::check::Findings;
use crate::contact::document::ContactDocument;
use crate::path::At;
use crate::tree::{Member, Whole};

/// Only what the item adds is looked up: deleting a contact leaves references to it standing.
pub(crate) fn relations_exist(
    subject: &Subject<'_>,
    lookups: &Lookups<'_>,
    findings: &mut Findings,
) {
    for (name, relations) in relations(subject.document) {
        let stored = subject.stored.map(self::relations).into_iter().flatten();
        let stored: Vec<Whole> = stored
            .filter(|(stored_name, _)| *stored_name == name)
            .flat_map(|(_, ids)| ids.get().into_iter().flatten().copied())
            .collect();
        for (index, id) in relations.get().into_iter().flatten().enumerate() {
            if !stored.contains(id) && !(lookups.exists)(id.get()) {
                let root = At::root();
                let list = root.member(name);
                findings.report(
                    &RELATIONS_EXIST,
                    &list.element(index),
                    id.get().to_string(),
                    "no such contact in this organization",
                );
            }
        }
    }
}

pub(crate) fn duplicate(subject: &Subject<'_>, lookups: &Lookups<'_>, findings: &mut Findings) {
    if let (None, Some(twin)) = (subject.stored, lookups.same_email) {
        let email = subject.document.email.get().map_or("", |email| email.as_str());
        findings.report(
            &DUPLICATE,
            &At::root().member("email"),
            email,
            format!("contact {twin} has the same e-mail address"),
        );
    }
}

fn relations(document: &ContactDocument) -> [(&'static str, &Member<Vec<Whole>>); 2] {
    [
        ("relatedContactIds", &document.related_contact_ids),
        ("relatedOrganizationContactIds", &document.related_organization_contact_ids),
    ]
}
