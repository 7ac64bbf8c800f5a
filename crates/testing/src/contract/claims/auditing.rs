//! Columns, relations and entries beside the documents: shown and corrected.

use std::collections::BTreeSet;

use contacts_domain::ContactId;
use contacts_domain::auditing::{Discrepancy, Finding, Remedy, StoredContact};
use contacts_domain::contact::{ContactType, IntercomEntry, Projection, Record, SortKey};
use contacts_domain::decision::AliasKey;
use contacts_domain::upsert::Outcome;
use contacts_domain::value::LinkId;
use serde_json::json;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};

pub(crate) const CLAIMS: &[Claim] = claims![
    contact_is_shown_with_relations_and_entry,
    audit_pages_show_every_contact_once,
    every_written_contact_is_sound,
    repair_keeps_document_version_and_times,
    each_part_is_corrected_alone,
    deleted_contact_is_corrected_without_entry_or_keys,
    repair_takes_no_key_of_another_contact,
    exchanged_keys_go_back,
    repair_touches_only_named_unsound_contacts,
];

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
const OTHER_LINK_ID: &str = "00000000-0000-4000-8000-000000000001";

/// A contact with every column, a relation and an entry, and the contact that it refers to.
async fn related(fixture: &StoreFixture) -> [Outcome; 2] {
    let other = fixture.create(person(json!({"externalId": "B"}))).await;
    let contact = fixture
        .create(person(json!({
            "externalId": "A",
            "linkId": LINK_ID,
            "firstName": "Ada",
            "email": "Ada@One.example",
            "phone": "021 555 12 12",
            "mobile": "079 111 22 33",
            "archived": true,
            "isCustomer": true,
            "isVendor": true,
            "isStaff": true,
            "client": {"vatNumber": "CHE-123.456.788 MWST"},
            "relatedContactIds": [id_of(&other).get()],
            "addresses": [{"name": "Home"}],
            "intercom": {
                "name": "Ada",
                "type": "regular",
                "number": "0001-01-11-11",
                "isFavorite": true,
            },
        })))
        .await;
    [contact, other]
}

/// The entry of the contact of [`related`].
fn entry() -> IntercomEntry {
    IntercomEntry {
        link_id: LinkId::parse(LINK_ID).ok(),
        name: "Ada".to_owned(),
        kind: "regular".to_owned(),
        number: "0001-01-11-11".to_owned(),
        is_favorite: true,
        auto_answer: false,
        in_black_list: false,
        is_p2p: false,
        ringtone: IntercomEntry::DEFAULT_RINGTONE.to_owned(),
        sort_key: IntercomEntry::sort_key("Ada"),
    }
}

/// The contact of [`related`] as it should be stored.
fn as_it_should_stand(contact: &Outcome, other: &Outcome) -> StoredContact {
    StoredContact::new(record_of(contact).clone(), &[id_of(other)], Some(&entry()))
}

/// The same contact with everything wrong except its document.
fn spoiled(record: &Record) -> Record {
    let Projection { archived, is_customer, is_vendor, is_staff, .. } = record.projection;
    Record {
        projection: Projection {
            contact_type: ContactType::Organization,
            external_id: None,
            link_id: LinkId::parse(OTHER_LINK_ID).ok(),
            display_name: "Berta".to_owned(),
            email: Some("berta@one.example".to_owned()),
            phone: None,
            mobile: Some("+41215551212".to_owned()),
            vat_number: None,
            archived: !archived,
            is_customer: !is_customer,
            is_vendor: !is_vendor,
            is_staff: !is_staff,
            sort_key: SortKey::of("Berta"),
            countries: ",DE,".to_owned(),
            tags: ",1,".to_owned(),
        },
        ..record.clone()
    }
}

fn plain(record: &Record) -> StoredContact {
    StoredContact::new(record.clone(), &[], None)
}

/// The findings of each contact in words, and what was done about them.
fn described(discrepancies: &[Discrepancy]) -> Vec<(i64, Vec<&str>, Remedy)> {
    let what = |finding: &Finding| match finding {
        Finding::Differs(difference) => difference.what,
        Finding::Unreadable(_) => "document",
        Finding::NoOrganization => "organization",
    };
    let described = |one: &'_ Discrepancy| {
        (one.key.id, one.findings.iter().map(what).collect(), one.remedy.clone())
    };
    discrepancies.iter().map(described).collect()
}

async fn contact_is_shown_with_relations_and_entry(fixture: &StoreFixture) {
    let [contact, other] = related(fixture).await;

    let stands = fixture.stored_contacts().await;

    let contact = as_it_should_stand(&contact, &other);
    assert_eq!(stands, [plain(record_of(&other)), contact]);
}

async fn audit_pages_show_every_contact_once(fixture: &StoreFixture) {
    let items: Vec<_> =
        (0..5).map(|number| person(json!({"externalId": number.to_string()}))).collect();
    let created = fixture.send(&items).await;
    fixture.send_elsewhere(&items).await;
    fixture.delete(id_of(&created[3])).await;
    fixture.send(&[person(json!({"externalId": "later"}))]).await;
    let audit = fixture.audit();

    let mut shown = Vec::new();
    let mut after = None;
    loop {
        let page = audit.contacts_after(after, 2).await.expect("the store does not fail");
        assert!(page.len() <= 2, "{} contacts", page.len());
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        shown.extend(page.into_iter().map(|contact| contact.key));
    }

    let stored = fixture.everything().await;
    let expected: BTreeSet<_> = stored.into_iter().map(|record| plain(&record).key).collect();
    assert_eq!((shown.len(), expected.len()), (11, 11));
    assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(audit.contact_count().await.expect("the store does not fail"), 11);
}

async fn every_written_contact_is_sound(fixture: &StoreFixture) {
    let [contact, other] = related(fixture).await;
    let (contact, other) = (id_of(&contact), id_of(&other));
    let third = fixture.create(person(json!({"externalId": "C", "linkId": OTHER_LINK_ID}))).await;
    let third = id_of(&third);
    let entry = json!({"name": "Berta", "type": "regular", "number": "0001-01-11-12"});
    let outcomes = fixture
        .send(&[
            json!({"id": other.get(), "intercom": entry, "relatedContactIds": [third.get()]}),
            json!({"id": contact.get(), "intercom": null, "email": null, "externalId": null}),
            json!({"id": third.get(), "externalId": "A", "relatedContactIds": [contact.get()]}),
            json!({"id": third.get(), "intercom": entry, "phone": "044 123 45 67"}),
        ])
        .await;
    let updated = answers(&outcomes);
    assert!(updated.iter().all(|answer| answer.starts_with("updated by id")), "{updated:?}");
    assert_eq!(fixture.merge(contact, third).await, Ok(()));
    let deleted = fixture.create(person(json!({"linkId": null, "intercom": entry}))).await;
    fixture.delete(id_of(&deleted)).await;

    let settings = fixture.request().settings;
    let stands = fixture.stored_contacts().await;
    assert_eq!(stands.len(), 4);
    for contact in &stands {
        assert_eq!(contact.audit(Some(settings)).findings, [], "{contact:?}");
    }
    let highest = stands.iter().map(|contact| contact.audit(Some(settings)).highest_id).max();
    let next_id = fixture.audit().next_id().await.expect("the store does not fail");
    assert!(highest < Some(next_id), "{highest:?} is handed out, {next_id} is next");
}

async fn repair_keeps_document_version_and_times(fixture: &StoreFixture) {
    let [contact, other] = related(fixture).await;
    let record = record_of(&contact);
    fixture.overwrite(&spoiled(record), &[record.id], None).await;

    let mended = fixture.repair(&[record.id, id_of(&other)]).await;

    let columns = [
        "contact_type",
        "external_id",
        "link_id",
        "display_name",
        "email",
        "phone",
        "mobile",
        "vat_number",
        "archived",
        "is_customer",
        "is_vendor",
        "is_staff",
        "sort_key",
        "countries",
        "tags",
        "relations",
        "entry",
    ];
    assert_eq!(described(&mended), [(record.id.get(), columns.to_vec(), Remedy::Mended)]);
    let stands = fixture.stored_contacts().await;
    assert_eq!(stands, [plain(record_of(&other)), as_it_should_stand(&contact, &other)]);
    assert_eq!(fixture.repair(&[record.id, id_of(&other)]).await, []);

    // And it is found by the corrected keys.
    let again = fixture.send(&[json!({"externalId": "A"}), json!({"linkId": LINK_ID})]).await;
    let unchanged = ["unchanged by externalId, version 1"];
    assert_eq!(answers(&again)[..1], unchanged);
    assert_eq!([id_of(&again[0]), id_of(&again[1])], [record.id; 2]);
}

async fn each_part_is_corrected_alone(fixture: &StoreFixture) {
    let [contact, other] = related(fixture).await;
    let record = record_of(&contact);
    let sound = as_it_should_stand(&contact, &other);
    let renamed = IntercomEntry { name: "Berta".to_owned(), ..entry() };
    let mut unmailed = record.clone();
    unmailed.projection.email = None;

    let relations = &[id_of(&other)][..];
    for (record, relations, entry, what) in [
        (&unmailed, relations, Some(&entry()), "email"),
        (record, &[], Some(&entry()), "relations"),
        (record, relations, Some(&renamed), "entry.name"),
        (record, relations, None, "entry"),
    ] {
        fixture.overwrite(record, relations, entry).await;
        let mended = fixture.repair(&[record.id]).await;
        assert_eq!(described(&mended), [(record.id.get(), vec![what], Remedy::Mended)]);
        let stands = fixture.stored_contacts().await;
        assert_eq!(stands, [plain(record_of(&other)), sound.clone()], "{what}");
    }
}

async fn deleted_contact_is_corrected_without_entry_or_keys(fixture: &StoreFixture) {
    let [contact, other] = related(fixture).await;
    let deleted = fixture.delete(id_of(&contact)).await;
    let deleted = record_of(&deleted);
    let living = fixture.create(person(json!({"externalId": "A"}))).await;
    fixture.overwrite(&spoiled(deleted), &[], Some(&entry())).await;

    let mended = fixture.repair(&[deleted.id]).await;

    assert_eq!(mended.len(), 1);
    assert_eq!(mended[0].remedy, Remedy::Mended, "{mended:?}");
    let stands = fixture.stored_contacts().await;
    let deleted = StoredContact::new(deleted.clone(), &[id_of(&other)], None);
    assert_eq!(stands, [plain(record_of(&other)), deleted, plain(record_of(&living))]);
}

async fn repair_takes_no_key_of_another_contact(fixture: &StoreFixture) {
    let contact = fixture.create(person(json!({"externalId": "A"}))).await;
    let record = record_of(&contact);
    let mut keyless = record.clone();
    keyless.projection.external_id = None;
    keyless.projection.display_name = "Berta".to_owned();
    fixture.overwrite(&keyless, &[], None).await;
    let taker = fixture.create(person(json!({"externalId": "A"}))).await;
    let broken = fixture.create(person(json!({"externalId": "C"}))).await;
    let mut renamed = record_of(&broken).clone();
    renamed.projection.display_name = "Berta".to_owned();
    fixture.overwrite(&renamed, &[], None).await;

    let discrepancies_found = fixture.repair(&[record.id, id_of(&taker), id_of(&broken)]).await;

    let taken =
        Remedy::KeyTaken { key: AliasKey::ExternalId("A".to_owned()), owner: id_of(&taker) };
    assert_eq!(
        described(&discrepancies_found),
        [
            (record.id.get(), vec!["external_id", "display_name"], taken),
            (id_of(&broken).get(), vec!["display_name"], Remedy::Mended),
        ]
    );
    let stands = fixture.stored_contacts().await;
    let sound = [&taker, &broken].map(|outcome| plain(record_of(outcome)));
    let [taker, broken] = sound;
    assert_eq!(stands, [plain(&keyless), taker, broken]);
}

async fn exchanged_keys_go_back(fixture: &StoreFixture) {
    let one = fixture.create(person(json!({"externalId": "A", "linkId": LINK_ID}))).await;
    let other = fixture.create(person(json!({"externalId": "B", "linkId": OTHER_LINK_ID}))).await;
    let (one, other) = (record_of(&one), record_of(&other));
    let with_keys_of = |record: &Record, keys: Option<&Record>| {
        let mut record = record.clone();
        record.projection.external_id = keys.and_then(|keys| keys.projection.external_id.clone());
        record.projection.link_id = keys.and_then(|keys| keys.projection.link_id);
        record
    };
    fixture.overwrite(&with_keys_of(one, None), &[], None).await;
    fixture.overwrite(&with_keys_of(other, Some(one)), &[], None).await;
    fixture.overwrite(&with_keys_of(one, Some(other)), &[], None).await;

    // Alone, neither can have its keys.
    for (contact, owner) in [(one, other), (other, one)] {
        let discrepancies_found = fixture.repair(&[contact.id]).await;
        let remedies: Vec<_> = discrepancies_found.iter().map(|one| &one.remedy).collect();
        assert!(
            matches!(remedies[..], [Remedy::KeyTaken { owner: by, .. }] if *by == owner.id),
            "{discrepancies_found:?}"
        );
    }
    let mended = fixture.repair(&[one.id, other.id]).await;
    assert!(mended.iter().all(|one| one.remedy == Remedy::Mended), "{mended:?}");
    assert_eq!(fixture.everything().await, [one.clone(), other.clone()]);
}

async fn repair_touches_only_named_unsound_contacts(fixture: &StoreFixture) {
    let sound = fixture.create(person(json!({"externalId": "A"}))).await;
    let elsewhere = fixture.send_elsewhere(&[person(json!({"externalId": "A"}))]).await.remove(0);
    let mut broken = record_of(&elsewhere).clone();
    broken.projection.display_name = "Berta".to_owned();
    fixture.overwrite(&broken, &[], None).await;
    let unknown = ContactId::new(1_000_000_000).expect("an id");

    assert_eq!(fixture.repair(&[broken.id, unknown, id_of(&sound)]).await, []);

    let stands = fixture.stored_contacts().await;
    assert_eq!(stands, [plain(record_of(&sound)), plain(&broken)]);
}
