//! What a purge leaves in the files.

use std::sync::Arc;

use contacts_adapters_diesel::SqliteStore;
use contacts_application::plans::{KeptPlan, PlanChange};
use contacts_application::ports::{
    AccessStore as _, ContactStore as _, IndexStep, KeptAnswers as _, KeptPlans as _,
    SearchIndex as _,
};
use contacts_application::use_cases::IndexContacts;
use contacts_domain::ContactId;
use contacts_domain::decision::{
    AliasKey, Answer, Idempotent, Keep, Once, RequestDigest, RequestKey,
};
use contacts_domain::purging::{Purge, PurgeTarget};
use contacts_domain::searching::SearchWords;
use contacts_domain::upsert::{Batch, BatchReport};
use contacts_testing::StoppedClock;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::{TestDatabase, batch, context};

/// The marker of a contact. No two begin alike, so that an index of words has the rest of each.
fn marker(number: usize) -> String {
    format!("{:08x}end", number.wrapping_mul(0x9e37_79b1) & 0xffff_ffff)
}

/// Contacts of different sizes, the largest over several pages, that are changed some times. The texts
/// of each begin with its marker.
async fn filled(store: &SqliteStore) {
    for version in 0..4 {
        let items = (0..300).map(|number| {
            let marker = marker(number);
            let text =
                format!("{marker}V{version} ").repeat(10 + (number * 7 + version * 11) % 600);
            let text: String = text.chars().take(9_000).collect();
            format!(
                r#"{{"contactType": "PERSON", "externalId": "{marker}", "lastName": "{marker}",
                    "email": "{marker}-{version}@one.example",
                    "client": {{"paymentTerms": "{text}"}},
                    "intercom": {{"name": "{marker}", "type": "individual",
                                  "number": "sip:{marker}@one.example"}}}}"#
            )
        });
        for items in items.collect::<Vec<_>>().chunks(50) {
            let outcomes = store.upsert(batch(items)).await.unwrap().unwrap();
            assert!(outcomes.iter().all(|outcome| !outcome.verdict.is_refusal()), "{outcomes:?}");
        }
    }
}

/// Keeps an answer that shows a contact.
async fn answered(store: &SqliteStore, marker: &str, shown: ContactId) {
    let body: Arc<[u8]> = Arc::from(marker.repeat(3_000).as_bytes());
    let answer = Answer { head: Arc::from(*b"200"), body: Some(body), contacts: vec![shown] };
    let item = r#"{"contactType": "PERSON", "externalId": "other"}"#.to_owned();
    let decision: Arc<Batch> = batch(&[item]);
    let render = Arc::new(move |_: &BatchReport| Some(answer.clone()));
    let (key, request) = (RequestKey([7; 32]), RequestDigest([7; 32]));
    let keep = Keep { key, request, at: context().now, render };
    store.upsert_once(Arc::new(Idempotent::new(decision, keep))).await.unwrap();
}

/// Keeps a plan that names a contact.
async fn planned(store: &SqliteStore, marker: &str, named: ContactId) {
    let text: Arc<[u8]> = Arc::from(marker.repeat(3_000).as_bytes());
    let [head, request, results] = [(); 3].map(|()| Arc::clone(&text));
    let plan = KeptPlan { at: context().now, contacts: vec![named], head, request, results };
    let add = PlanChange::Add { plan, bytes_at_most: i64::MAX };
    let key = RequestKey([9; 32]);
    let added = store.change_plan(context().organization, key, add, None).await.unwrap();
    assert_eq!(added, Once::Now { report: true, is_kept: false });
}

/// Indexes the words of all contacts, and makes a step with those of a contact that is not written yet.
async fn indexed(store: &Arc<SqliteStore>, marker: &str, contact: ContactId) -> IndexStep {
    let clock = Arc::new(StoppedClock(context().now));
    let index = IndexContacts::new(store.clone(), store.clone(), store.clone(), clock);
    let organization = context().organization;
    let _awaiting = index.hurry(organization);
    while index.execute().await.unwrap() {}
    let indexed = store.indexed(organization).await.unwrap().unwrap();
    let contacts = vec![(contact, Some(SearchWords::of_text(marker)))];
    IndexStep { organization, before: Some(indexed), after: indexed, is_first: false, contacts }
}

/// How many of these markers are in the database file or beside it, but for their beginnings: FTS5 keeps
/// those that words share once.
fn found(database: &TestDatabase, markers: &[String]) -> usize {
    let files = std::fs::read_dir(database.directory()).unwrap();
    let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let texts: Vec<String> =
        files.map(|file| String::from_utf8_lossy(&file).into_owned()).collect();
    let is_in = |marker: &&String| texts.iter().any(|text| text.contains(&marker[3..]));
    markers.iter().filter(is_in).count()
}

#[tokio::test]
async fn purged_contacts_leave_no_bytes_in_the_files() {
    let database = TestDatabase::new();
    let store = Arc::new(database.open());
    store.add_organization(contacts_testing::organization(1)).await.unwrap();
    filled(&store).await;
    let markers: Vec<String> = (0..300).filter(|number| number % 7 == 3).map(marker).collect();
    let named = format!(r#"{{"externalId": "{}"}}"#, markers[0]);
    let found_again = store.upsert(batch(&[named])).await.unwrap().unwrap();
    let shown = found_again[0].contact.as_ref().unwrap().id.unwrap();
    answered(&store, &markers[0], shown).await;
    planned(&store, &markers[0], shown).await;
    let late = indexed(&store, &markers[0], shown).await;
    assert_eq!(found(&database, &markers), markers.len());

    // Somebody reads, so the log stays for now.
    let mut reader = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    reader.batch_execute("BEGIN; SELECT count(*) FROM contact").unwrap();
    let target =
        |marker: &String| PurgeTarget { key: AliasKey::ExternalId(marker.clone()), version: None };
    let purge = Purge::new(context(), markers.iter().map(target).collect());
    let outcomes = store.purge(Arc::new(purge)).await.unwrap().unwrap();
    assert!(outcomes.iter().all(|outcome| !outcome.verdict.is_refusal()), "{outcomes:?}");
    assert!(store.index(late).await.unwrap());
    assert_eq!(found(&database, &markers), markers.len());
    drop(reader);
    drop(store);
    assert_eq!(found(&database, &markers), 0);
    assert_eq!(found(&database, &[marker(0)]), 1);
}

#[tokio::test]
async fn traces_of_a_killed_process_are_removed() {
    let database = TestDatabase::new();
    let store = database.open();
    filled(&store).await;
    drop(store);
    let mut raw = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    for sql in ["secure_delete = OFF", "foreign_keys = OFF", "user_version = 1"] {
        raw.batch_execute(&format!("PRAGMA {sql}")).unwrap();
    }
    for table in ["contact", "contact_intercom", "ledger"] {
        raw.batch_execute(&format!("DELETE FROM {table}")).unwrap();
    }
    drop(raw);
    let markers: Vec<String> = (0..300).map(marker).collect();
    assert!(found(&database, &markers) > 0);
    drop(database.open());
    assert_eq!(found(&database, &markers), 0);
}
