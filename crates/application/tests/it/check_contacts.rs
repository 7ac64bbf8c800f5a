//! Checking and repairing stored contacts.

use std::sync::Arc;

use contacts_application::ports::{AccessStore, Audit, ContactStore, MockAccessStore, MockAudit};
use contacts_application::use_cases::{CheckContacts, CheckReport, Mode, Notice};
use contacts_domain::ContactId;
use contacts_domain::auditing::{
    ContactKey, Difference, Discrepancy, Finding, Remedy, StoredContact,
};
use contacts_domain::contact::Record;
use contacts_domain::upsert::Options;
use contacts_testing::{MemoryStore, batch, context, organization};
use serde_json::json;

/// A store with that many persons in each of these organizations, which are there.
async fn a_store_of(persons: usize, organizations: &[i32]) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    for id in organizations {
        store.add_organization(organization(*id)).await.unwrap();
        let items: Vec<_> = (0..persons)
            .map(|number| {
                let external_id = number.to_string();
                json!({"contactType": "PERSON", "lastName": "Rochat", "externalId": external_id})
            })
            .collect();
        store.upsert(batch(context(*id), Options::default(), &items)).await.unwrap().unwrap();
    }
    store
}

/// The reported lines and the result.
async fn check(store: &Arc<MemoryStore>, mode: Mode) -> (Vec<String>, CheckReport) {
    check_with(store.clone(), store.clone(), mode).await
}

async fn check_with(
    audit: Arc<dyn Audit>,
    access: Arc<dyn AccessStore>,
    mode: Mode,
) -> (Vec<String>, CheckReport) {
    let mut reported = Vec::new();
    let mut notice = |notice: Notice<'_>| {
        reported.push(match notice {
            Notice::Checked { contacts, of } => format!("{contacts} of {of}"),
            Notice::Discrepancy(Discrepancy { key, findings, remedy }) => {
                let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
                let ContactKey { organization, id } = key;
                format!("{organization}/{id}: {}, {remedy:?}", findings.join(", "))
            }
        });
    };
    let report = CheckContacts::new(audit, access).execute(mode, &mut notice).await.unwrap();
    (reported, report)
}

fn spoil(store: &MemoryStore, id: i64, spoil: impl FnOnce(&mut Record)) {
    let mut record = store.records().into_iter().find(|record| record.id.get() == id).unwrap();
    spoil(&mut record);
    store.overwrite(record, Vec::new(), None);
}

fn rename(record: &mut Record) {
    record.projection.display_name = "Berta".to_owned();
}

const NAME: &str = "display_name does not follow from the document";

#[tokio::test]
async fn check_changes_nothing_without_repair() {
    let store = a_store_of(1_100, &[1, 2]).await;
    for id in [1_000, 1_001, 2_200] {
        spoil(&store, id, rename);
    }
    let spoiled = store.records();
    let sound = CheckReport { contacts: 2_200, highest_id: 2_200, ..CheckReport::default() };

    let (reported, report) = check(&store, Mode::Report).await;
    let expected = [
        format!("1/1000: {NAME}, Untouched"),
        "1000 of 2200".to_owned(),
        format!("1/1001: {NAME}, Untouched"),
        "2000 of 2200".to_owned(),
        format!("2/2200: {NAME}, Untouched"),
        "2200 of 2200".to_owned(),
    ];
    assert_eq!(reported, expected);
    assert_eq!(report, CheckReport { left: 3, ..sound });
    assert!(!report.is_sound());
    assert_eq!(store.records(), spoiled);

    let (reported, report) = check(&store, Mode::Repair).await;
    assert_eq!(reported, expected.map(|line| line.replace("Untouched", "Mended")));
    assert_eq!(report, CheckReport { mended: 3, ..sound });
    assert!(report.is_sound());

    let (reported, report) = check(&store, Mode::Repair).await;
    assert_eq!(reported, ["1000 of 2200", "2000 of 2200", "2200 of 2200"]);
    assert_eq!(report, sound);
}

#[tokio::test]
async fn keys_exchanged_between_pages_go_back() {
    let store = a_store_of(1_100, &[1]).await;
    let sound = store.records();
    spoil(&store, 1, |record| record.projection.external_id = Some("1099".to_owned()));
    spoil(&store, 1_100, |record| record.projection.external_id = Some("0".to_owned()));

    let (reported, report) = check(&store, Mode::Repair).await;

    let key = "external_id does not follow from the document";
    assert_eq!(
        reported,
        [
            "1000 of 1100".to_owned(),
            "1100 of 1100".to_owned(),
            format!("1/1: {key}, Mended"),
            format!("1/1100: {key}, Mended"),
        ]
    );
    assert_eq!((report.mended, report.left), (2, 0));
    assert_eq!(store.records(), sound);
}

#[tokio::test]
async fn blocked_contact_is_reported_once() {
    let store = a_store_of(2, &[1]).await;
    spoil(&store, 1, |record| record.projection.external_id = None);
    let again = json!({"contactType": "PERSON", "lastName": "Rochat", "externalId": "0"});
    store.upsert(batch(context(1), Options::default(), &[again])).await.unwrap().unwrap();

    let (reported, report) = check(&store, Mode::Repair).await;

    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(reported[1].contains("KeyTaken"), "{reported:?}");
    assert_eq!(
        report,
        CheckReport { contacts: 3, left: 1, highest_id: 3, ..CheckReport::default() }
    );
}

#[tokio::test]
async fn contacts_without_organization_are_reported() {
    let store = a_store_of(1, &[1]).await;
    let item = json!({"contactType": "PERSON", "lastName": "Rochat"});
    store.upsert(batch(context(7), Options::default(), &[item])).await.unwrap().unwrap();

    let (reported, report) = check(&store, Mode::Repair).await;

    assert_eq!(reported, ["7/2: the organization does not exist, Untouched", "2 of 2"]);
    assert_eq!(
        report,
        CheckReport { contacts: 2, left: 1, highest_id: 2, ..CheckReport::default() }
    );
}

/// An audit of one page, with that id as the next.
fn an_audit_of(page: Vec<StoredContact>, next_id: i64) -> MockAudit {
    let mut audit = MockAudit::new();
    audit.expect_contact_count().returning(|| Ok(1));
    audit.expect_next_id().returning(move || Ok(next_id));
    audit.expect_contacts_after().returning(move |after, _| match after {
        None => Ok(page.clone()),
        Some(_) => Ok(Vec::new()),
    });
    audit
}

fn organizations_are_there() -> Arc<MockAccessStore> {
    let mut access = MockAccessStore::new();
    access.expect_organization().returning(|id| Ok(Some(organization(id.get()))));
    Arc::new(access)
}

#[tokio::test]
async fn contact_corrected_meanwhile_is_not_reported() {
    let store = a_store_of(1, &[1]).await;
    spoil(&store, 1, rename);
    let page = store.contacts_after(None, 1).await.unwrap();
    let mut audit = an_audit_of(page, 2);
    audit
        .expect_repair()
        .withf(|repair| repair.contacts() == [ContactId::new(1).unwrap()])
        .times(1)
        .returning(|_| Ok(Vec::new()));

    let (reported, report) =
        check_with(Arc::new(audit), organizations_are_there(), Mode::Repair).await;

    assert_eq!(reported, ["1 of 1"]);
    assert_eq!(report, CheckReport { contacts: 1, highest_id: 1, ..CheckReport::default() });
}

#[tokio::test]
async fn next_id_in_use_is_found() {
    let store = a_store_of(5, &[1]).await;
    let page = store.contacts_after(None, 10).await.unwrap();
    for (next_id, in_use) in [(5, Some(5)), (1, Some(1)), (6, None)] {
        let audit = Arc::new(an_audit_of(page.clone(), next_id));
        let (reported, report) = check_with(audit, organizations_are_there(), Mode::Repair).await;
        assert_eq!(reported, ["5 of 5"]);
        assert_eq!(report.next_id_in_use, in_use);
        assert_eq!(report.is_sound(), in_use.is_none());
    }
}

#[tokio::test]
async fn unrepairable_contact_never_reaches_the_store() {
    let store = a_store_of(1, &[1]).await;
    let mut page = store.contacts_after(None, 1).await.unwrap();
    page[0].key.id = 2;
    let mut audit = an_audit_of(page, 3);
    audit.expect_repair().never();
    let mut found = Vec::new();
    let mut notice = |notice: Notice<'_>| {
        if let Notice::Discrepancy(discrepancy) = notice {
            found.push(discrepancy.clone());
        }
    };

    let check = CheckContacts::new(Arc::new(audit), organizations_are_there());
    let report = check.execute(Mode::Repair, &mut notice).await.unwrap();

    let difference =
        Difference { what: "id", stored: Some("2".to_owned()), computed: Some("1".to_owned()) };
    let key = ContactKey { organization: 1, id: 2 };
    let findings = vec![Finding::Differs(difference)];
    assert_eq!(found, [Discrepancy { key, findings, remedy: Remedy::Untouched }]);
    assert_eq!(report.left, 1);
}
