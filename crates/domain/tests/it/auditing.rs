//! Stored columns, relations and entries against the document.

use std::collections::HashMap;

use contacts_domain::auditing::{
    Audited, ContactKey, Difference, Discrepancy, Finding, Remedy, Repair, StoredContact,
};
use contacts_domain::contact::SortKey;
use contacts_domain::decision::{AliasKey, Decision, Loaded};
use contacts_domain::upsert::{Batch, Context, Endpoints, Item, Options};
use contacts_domain::{Change, Parts};
use contacts_domain::{ContactId, IdBlock, OrganizationId};
use serde_json::{Value, json};

use crate::fixture::context;

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// The ids of the first contact and its parts.
const FIRST_ID: i64 = 10;

/// Contacts as a store should hold them, with ids from 10 on. Contacts 1 and 2 exist as well.
fn stored(items: &Value) -> Vec<StoredContact> {
    let context = Context { endpoints: Endpoints::Shown, ..context() };
    let read = |item: &Value| Item::read(&item.to_string(), &context);
    let items = items.as_array().unwrap().iter().map(read).collect();
    let references = [1, 2].into_iter().filter_map(ContactId::new).collect();
    let found = Loaded { references, ..Loaded::default() };
    let batch = Batch::new(context.clone(), Options::default(), items);
    let (writes, report) = batch.decide(found, &mut IdBlock::new(FIRST_ID, 1_000)).unwrap();
    let outcomes = report.unwrap();
    assert!(outcomes.iter().all(|outcome| !outcome.verdict.is_refusal()), "{outcomes:?}");
    writes.changes.iter().map(StoredContact::from).collect()
}

/// A person with every member that a column, a relation or an entry follows from.
fn person() -> StoredContact {
    let person = json!([{
        "contactType": "PERSON", "externalId": "A", "linkId": LINK_ID.to_uppercase(),
        "firstName": "Ada", "lastName": "Rochat", "email": "Ada@Rhone.example",
        "phone": "021 555 12 12", "mobile": "079 111 22 33", "archived": true,
        "isCustomer": true, "isVendor": true, "isStaff": true,
        "client": {"vatNumber": "CHE-123.456.788 MWST"},
        "relatedContactIds": [2, 1],
        "addresses": [{"name": "home"}, {"name": "work"}],
        "intercom": {"name": "Ada", "type": "regular", "number": "0001-01-11-11"},
    }]);
    stored(&person).remove(0)
}

fn audit(contact: &StoredContact) -> Audited {
    contact.audit(Some(context().settings))
}

fn differs(what: &'static str, stored: Option<&str>, computed: Option<&str>) -> Finding {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Finding::Differs(Difference { what, stored: owned(stored), computed: owned(computed) })
}

/// The parts that a repair writes, in words.
fn writes(repair: &Change) -> Vec<&'static str> {
    let parts = repair.parts();
    let columns = Parts { relations: false, entry: false, ..parts } != Parts::default();
    let parts = [(columns, "columns"), (parts.relations, "relations"), (parts.entry, "entry")];
    parts.into_iter().filter(|(writes, _)| *writes).map(|(_, part)| part).collect()
}

#[test]
fn written_contact_is_sound() {
    let mut everything: Value =
        serde_json::from_str(include_str!("data/erp-batch-realistic.json")).unwrap();
    everything.as_array_mut().unwrap().extend([
        json!({"contactType": "PERSON"}),
        json!({"contactType": "ENDPOINT", "intercom": {"name": "Door", "type": "individual",
            "number": "001-01-11-11-1", "ringtone": "ring3.wav", "isP2p": true}}),
        json!({"contactType": "PERSON", "phone": "nonsense", "linkId": LINK_ID, "intercom": {}}),
    ]);
    let contacts = stored(&everything);
    assert!(contacts.len() > 4);
    for contact in contacts.into_iter().chain([person()]) {
        let audited = audit(&contact);
        assert_eq!(audited.findings, [], "{contact:?}");
        assert!(audited.repair.is_none());
    }
}

#[test]
fn differing_columns_are_found_and_corrected() {
    type Spoil = fn(&mut StoredContact);
    let sort_key = SortKey::of("Ada Rochat");
    let cases: [(Spoil, &str, Option<&str>, Option<&str>); 16] = [
        (
            |contact| contact.columns.contact_type = "DOG".to_owned(),
            "contact_type",
            Some("DOG"),
            Some("PERSON"),
        ),
        (|contact| contact.columns.external_id = None, "external_id", None, Some("A")),
        (
            |contact| contact.columns.link_id = Some("not one".to_owned()),
            "link_id",
            Some("not one"),
            Some(LINK_ID),
        ),
        (
            |contact| contact.columns.display_name = String::new(),
            "display_name",
            Some(""),
            Some("Ada Rochat"),
        ),
        (|contact| contact.columns.email = None, "email", None, Some("ada@rhone.example")),
        (|contact| contact.columns.phone = None, "phone", None, Some("+41215551212")),
        (|contact| contact.columns.mobile = None, "mobile", None, Some("+41791112233")),
        (|contact| contact.columns.vat_number = None, "vat_number", None, Some("CHE123456788")),
        (|contact| contact.columns.archived = false, "archived", Some("false"), Some("true")),
        (|contact| contact.columns.is_customer = false, "is_customer", Some("false"), Some("true")),
        (|contact| contact.columns.is_vendor = false, "is_vendor", Some("false"), Some("true")),
        (|contact| contact.columns.is_staff = false, "is_staff", Some("false"), Some("true")),
        (
            |contact| contact.columns.sort_key = "ada".to_owned(),
            "sort_key",
            Some("ada"),
            Some(sort_key.as_str()),
        ),
        (
            |contact| contact.columns.countries = ",CH,".to_owned(),
            "countries",
            Some(",CH,"),
            Some(""),
        ),
        (|contact| contact.columns.tags = ",1,".to_owned(), "tags", Some(",1,"), Some("")),
        (
            |contact| contact.columns.email = Some("x@x.example".to_owned()),
            "email",
            Some("x@x.example"),
            Some("ada@rhone.example"),
        ),
    ];
    for (spoil, what, found, due) in cases {
        let mut contact = person();
        spoil(&mut contact);
        let Audited { findings, repair, .. } = audit(&contact);
        assert_eq!(findings, [differs(what, found, due)]);
        let repair = repair.unwrap();
        assert_eq!(writes(&repair), ["columns"], "{what}");
        assert_eq!(StoredContact::from(&repair), person(), "{what}");
    }
}

#[test]
fn differing_relations_are_found_and_corrected() {
    for (relations, found) in [(vec![], None), (vec![7, 1, 2], Some("1, 2, 7"))] {
        let contact = StoredContact { relations, ..person() };
        let Audited { findings, repair, .. } = audit(&contact);
        assert_eq!(findings, [differs("relations", found, Some("1, 2"))]);
        let repair = repair.unwrap();
        assert_eq!(writes(&repair), ["relations"]);
        assert_eq!(StoredContact::from(&repair), person());
    }
}

#[test]
fn differing_entries_are_found_and_corrected() {
    let without = stored(&json!([{"contactType": "PERSON", "lastName": "Rochat"}])).remove(0);
    let mut renamed = person();
    let entry = renamed.entry.as_mut().unwrap();
    entry.link_id = String::new();
    entry.name = "Bea".to_owned();
    entry.kind = "multi".to_owned();
    entry.number = "1".to_owned();
    entry.is_favorite = true;
    entry.auto_answer = true;
    entry.in_black_list = true;
    entry.is_p2p = true;
    entry.ringtone = "x.wav".to_owned();
    entry.sort_key = "bea".to_owned();
    let flag = |what| differs(what, Some("true"), Some("false"));

    for (contact, due, found) in [
        (
            StoredContact { entry: None, ..person() },
            person(),
            vec![differs("entry", None, Some("Ada"))],
        ),
        (
            StoredContact { entry: person().entry, ..without.clone() },
            without,
            vec![differs("entry", Some("Ada"), None)],
        ),
        (
            renamed,
            person(),
            vec![
                differs("entry.link_id", Some(""), Some(LINK_ID)),
                differs("entry.name", Some("Bea"), Some("Ada")),
                differs("entry.kind", Some("multi"), Some("regular")),
                differs("entry.number", Some("1"), Some("0001-01-11-11")),
                flag("entry.is_favorite"),
                flag("entry.auto_answer"),
                flag("entry.in_black_list"),
                flag("entry.is_p2p"),
                differs("entry.ringtone", Some("x.wav"), Some("ring1.wav")),
                differs("entry.sort_key", Some("bea"), Some("ada\u{1}ada\u{1}100")),
            ],
        ),
    ] {
        let Audited { findings, repair, .. } = audit(&contact);
        assert_eq!(findings, found);
        let repair = repair.unwrap();
        assert_eq!(writes(&repair), ["entry"]);
        assert_eq!(StoredContact::from(&repair), due);
    }
}

#[test]
fn deleted_contact_keeps_all_but_its_entry() {
    let deleted = StoredContact { deleted_at: Some(person().updated_at), ..person() };
    assert_eq!(audit(&deleted).findings, [differs("entry", Some("Ada"), None)]);
    let deleted = StoredContact { entry: None, ..deleted };
    assert_eq!(audit(&deleted).findings, []);
    let mut spoiled = deleted.clone();
    spoiled.columns.external_id = None;
    spoiled.relations.clear();
    let Audited { findings, repair, .. } = audit(&spoiled);
    assert_eq!(
        findings,
        [differs("external_id", None, Some("A")), differs("relations", None, Some("1, 2"))]
    );
    assert_eq!(StoredContact::from(&repair.unwrap()), deleted);
}

#[test]
fn fault_of_the_document_is_never_corrected() {
    let unreadable = |fault: &str| vec![Finding::Unreadable(fault.to_owned())];
    let mut spoiled = person();
    spoiled.columns.email = None;
    for (contact, found) in [
        (
            StoredContact { document: r#"{"id": 1, "dog": "Rex"}"#.to_owned(), ..spoiled.clone() },
            unreadable("the stored document does not fit its shape"),
        ),
        (
            StoredContact { document_version: 99, ..spoiled.clone() },
            unreadable("the document is stored in shape 99, and this release reads up to 1"),
        ),
        (
            StoredContact {
                document: spoiled.document.replace(r#""PERSON""#, r#""DOG""#),
                ..spoiled.clone()
            },
            unreadable("the stored document names no known type of contact"),
        ),
        (
            StoredContact { key: ContactKey { organization: 2, id: 11 }, ..spoiled.clone() },
            vec![
                differs("id", Some("11"), Some("10")),
                differs("organization_id", Some("2"), Some("1")),
            ],
        ),
        (
            StoredContact {
                key: ContactKey { organization: 1, id: 0 },
                document: spoiled.document.replace(r#""id":10,"#, r#""id":0,"#),
                ..spoiled.clone()
            },
            vec![differs("id", Some("0"), None)],
        ),
    ] {
        let Audited { findings, repair, .. } = audit(&contact);
        assert_eq!(findings, found);
        assert!(repair.is_none());
    }
    assert_eq!(spoiled.audit(None).findings, [Finding::NoOrganization]);
    assert!(spoiled.audit(None).repair.is_none());
}

#[test]
fn highest_id_includes_the_parts() {
    // Two addresses and the block `client` come after the contact.
    assert_eq!(audit(&person()).highest_id, FIRST_ID + 3);
    assert_eq!(person().audit(None).highest_id, FIRST_ID + 3);
    let plain = stored(&json!([{"contactType": "PERSON", "lastName": "Rochat"}])).remove(0);
    assert_eq!(audit(&plain).highest_id, FIRST_ID);
    let unreadable = StoredContact { document_version: 99, ..person() };
    assert_eq!(audit(&unreadable).highest_id, FIRST_ID, "as far as it can be read");
}

#[test]
fn printed_finding_shows_no_content() {
    let finding = differs("email", Some("x@x.example"), Some("ada@rhone.example"));
    assert_eq!(finding.to_string(), "email does not follow from the document");
}

/// Persons with these external ids in their documents and those in their columns, with ids from
/// 10 on.
fn mixed_up(persons: &[(&str, Option<&str>)]) -> Vec<StoredContact> {
    let items = persons.iter().map(|(external_id, _)| {
        json!({"contactType": "PERSON", "lastName": "Rochat", "externalId": external_id})
    });
    let mut contacts = stored(&items.collect());
    for (contact, (_, column)) in contacts.iter_mut().zip(persons) {
        contact.columns.external_id = column.map(str::to_owned);
    }
    contacts
}

/// Ids with whether they give up keys, and ids with the owner of the key.
type Settled = (Vec<(i64, bool)>, Vec<(i64, i64)>);

/// The ids of corrected contacts with whether they give up keys, and of blocked contacts with the
/// owner of the key. Contacts outside the repair own the keys in `elsewhere`.
fn settle(contacts: &[StoredContact], elsewhere: &[(&str, i64)]) -> Settled {
    let ids = contacts.iter().filter_map(|contact| ContactId::new(contact.key.id)).collect();
    let repair = Repair::new(OrganizationId::new(1).unwrap(), context().settings, ids);
    let examined = repair.examine(contacts.to_vec());
    let columns = contacts.iter().filter(|contact| contact.deleted_at.is_none());
    let owned =
        columns.filter_map(|stored| Some((stored.columns.external_id.clone()?, stored.key.id)));
    let elsewhere = elsewhere.iter().map(|(key, owner)| ((*key).to_owned(), *owner));
    let all: HashMap<AliasKey, ContactId> = owned
        .chain(elsewhere)
        .map(|(key, owner)| (AliasKey::ExternalId(key), ContactId::new(owner).unwrap()))
        .collect();
    let keys = examined.keys();
    let owners = all.into_iter().filter(|(key, _)| keys.contains(key)).collect();
    let (writes, discrepancies) = examined.settle(&owners);
    let gives_up = |change: &Change| (change.record().id.get(), !change.keys().given_up.is_empty());
    let mended: Vec<_> = writes.changes.iter().map(gives_up).collect();
    let reported = |lookup_keys: &Remedy| {
        let reported = discrepancies.iter().filter(|reported| reported.remedy == *lookup_keys);
        reported.map(|reported| reported.key.id).collect::<Vec<_>>()
    };
    assert_eq!(reported(&Remedy::Mended), mended.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    let left = discrepancies.iter().filter_map(|reported| match &reported.remedy {
        Remedy::KeyTaken { owner, .. } => Some((reported.key.id, owner.get())),
        Remedy::Mended | Remedy::Untouched => None,
    });
    (mended.clone(), left.collect())
}

#[test]
fn exchanged_keys_go_back_together() {
    let contacts = mixed_up(&[("A", Some("C")), ("B", Some("A")), ("C", Some("B"))]);
    assert_eq!(settle(&contacts, &[]), (vec![(10, true), (11, true), (12, true)], vec![]));
}

#[test]
fn blocked_contact_blocks_contacts_that_need_its_key() {
    // 10 should have A, which 99 has; 11 should have Z, which 10 keeps.
    let contacts = mixed_up(&[("A", Some("Z")), ("Z", None), ("Q", None)]);
    assert_eq!(settle(&contacts, &[("A", 99)]), (vec![(12, false)], vec![(10, 99), (11, 10)]));
    assert_eq!(settle(&contacts[..2], &[]), (vec![(10, true), (11, false)], vec![]));
}

#[test]
fn key_of_two_documents_stays_with_its_owner() {
    let [mut one, mut other] = [person(), person()];
    other.key.id = 50;
    other.document =
        other.document.replace(r#""id":10,"contactId":10"#, r#""id":50,"contactId":50"#);
    one.columns.external_id = None;
    other.columns.email = None;
    other.columns.link_id = None;
    assert_eq!(settle(&[one.clone(), other.clone()], &[]), (vec![(50, false)], vec![(10, 50)]));

    // Without an owner, the first gets it.
    other.columns.external_id = None;
    assert_eq!(settle(&[one.clone(), other.clone()], &[]), (vec![(10, false)], vec![(50, 10)]));

    // A deleted contact claims none.
    other.deleted_at = Some(other.updated_at);
    other.entry = None;
    assert_eq!(settle(&[one, other], &[]).0, [(10, false), (50, false)]);
}

#[test]
fn repair_reports_what_it_cannot_correct() {
    let broken = StoredContact { document_version: 99, ..person() };
    let sound = mixed_up(&[("B", Some("B"))]).remove(0);
    let repair = Repair::new(OrganizationId::new(1).unwrap(), context().settings, Vec::new());
    let (writes, reported) = repair.examine(vec![broken.clone(), sound]).settle(&HashMap::new());
    assert!(writes.is_empty());
    let findings = audit(&broken).findings;
    assert_eq!(reported, [Discrepancy { key: broken.key, findings, remedy: Remedy::Untouched }]);
}
