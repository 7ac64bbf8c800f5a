//! Exporting contacts.

use contacts_application::contact_list::{ContactExport, ContactFilter};
use contacts_application::ledger::PageSize;
use contacts_domain::ContactId;
use contacts_domain::contact::{ContactType, Record};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::{StoreFixture, id_of, person};
use crate::organization;

pub(crate) const CLAIMS: &[Claim] = claims![
    export_has_every_selected_contact_by_id,
    export_is_of_one_moment,
    feed_continues_an_export,
    export_without_contacts_is_empty,
    export_without_reader_ends,
];

fn many(count: usize) -> Vec<Value> {
    (0..count).map(|number| person(json!({"externalId": format!("{number}")}))).collect()
}

async fn read(mut export: ContactExport) -> Vec<Record> {
    let mut all = Vec::new();
    loop {
        let page = export.pages.recv().await.expect("a last page");
        let page = page.expect("the store does not fail");
        all.extend(page.contacts);
        if page.next.is_none() {
            assert!(export.pages.recv().await.is_none(), "nothing follows the last page");
            return all;
        }
    }
}

async fn export_has_every_selected_contact_by_id(fixture: &StoreFixture) {
    let stored = fixture.send(&many(2_500)).await;
    fixture.send_elsewhere(&many(1)).await;
    let gone = fixture.delete(id_of(&stored[7])).await;
    let firm = json!({"contactType": "ORGANIZATION", "externalId": "firm", "name": "Firm"});
    let firm = fixture.send(&[firm]).await;

    let all = read(fixture.export(&ContactFilter::default()).await).await;
    let ids: Vec<ContactId> = all.iter().map(|record| record.id).collect();
    let expected = stored.iter().chain(&firm).map(id_of).filter(|id| Some(*id) != gone_id(&gone));
    assert_eq!(ids, expected.collect::<Vec<_>>());
    assert_eq!(all[0], fixture.living(ids[0]).await);

    let firms =
        ContactFilter { contact_type: Some(ContactType::Organization), ..ContactFilter::default() };
    let firms = read(fixture.export(&firms).await).await;
    assert_eq!(firms.iter().map(|record| record.id).collect::<Vec<_>>(), [id_of(&firm[0])]);
}

fn gone_id(outcome: &contacts_domain::upsert::Outcome) -> Option<ContactId> {
    outcome.contact.as_ref().and_then(|contact| contact.id)
}

async fn export_is_of_one_moment(fixture: &StoreFixture) {
    let stored = fixture.send(&many(2_500)).await;
    let mut export = fixture.export(&ContactFilter::default()).await;
    let first = export.pages.recv().await.expect("a page").expect("the store does not fail");
    // Of what comes later, nothing was read ahead.
    let last = id_of(&stored[2_499]);
    fixture.send(&[json!({"id": last.get(), "lastName": "Later"})]).await;
    fixture.delete(id_of(&stored[2_498])).await;
    fixture.create(person(json!({"externalId": "later"}))).await;

    let all = [first.contacts, read(export).await].concat();
    assert_eq!(all.len(), 2_500);
    assert_eq!(all[2_499].projection.display_name, "Rochat");
}

async fn feed_continues_an_export(fixture: &StoreFixture) {
    let stored = fixture.send(&many(3)).await;
    let export = fixture.export(&ContactFilter::default()).await;
    let from = export.position;
    assert_eq!(read(export).await.len(), 3);
    fixture.send(&[json!({"id": id_of(&stored[1]).get(), "lastName": "Later"})]).await;

    let size = PageSize { items: 10, bytes: usize::MAX };
    let page = fixture.ledger().feed(organization(1).id, from, size).await;
    let page = page.expect("the store does not fail").expect("the feed goes on");
    let changed: Vec<_> = page.changes.iter().map(|change| change.contact).collect();
    assert_eq!(changed, [id_of(&stored[1])]);
}

async fn export_without_contacts_is_empty(fixture: &StoreFixture) {
    fixture.send_elsewhere(&many(1)).await;
    assert_eq!(read(fixture.export(&ContactFilter::default()).await).await, []);
}

async fn export_without_reader_ends(fixture: &StoreFixture) {
    fixture.send(&many(2_500)).await;
    for _ in 0..50 {
        let mut export = fixture.export(&ContactFilter::default()).await;
        export.pages.recv().await.expect("a page").expect("the store does not fail");
    }
    fixture.create(person(json!({"externalId": "later"}))).await;
}
