//! Files that are removed or replaced beside the server.

use std::fs;
use std::path::PathBuf;

use contacts_application::ports::{ContactStore, Lifecycle, StoreErrorKind as Kind};
use contacts_domain::OrganizationId;
use contacts_domain::upsert::Verdict;

use crate::{TestDatabase, batch, person};

fn beside(database: &TestDatabase, suffix: &str) -> PathBuf {
    let mut path = database.path().into_os_string();
    path.push(suffix);
    path.into()
}

/// A copy of the files as they are, which is what a restart after a crash finds.
fn copy(database: &TestDatabase) -> TestDatabase {
    let copy = TestDatabase::new();
    for suffix in ["", "-wal", "-shm"] {
        let from = beside(database, suffix);
        if from.exists() {
            fs::copy(from, beside(&copy, suffix)).unwrap();
        }
    }
    copy
}

#[cfg(unix)]
#[tokio::test]
async fn removed_log_loses_no_acknowledged_write() {
    for removed in [&["-wal"][..], &["-shm"], &["-wal", "-shm"]] {
        let database = TestDatabase::new();
        let store = database.open();
        let created = store.upsert(batch(&[person("A", "Abt")])).await.unwrap().unwrap();
        let id = created[0].contact.as_ref().unwrap().record().unwrap().id;
        let organization = OrganizationId::new(1).unwrap();
        let read = async || store.contact(organization, id, Lifecycle::Living).await.unwrap();
        assert!(read().await.is_some());

        for suffix in removed {
            fs::remove_file(beside(&database, suffix)).unwrap();
        }
        let mut acknowledged = vec!["A"];
        let mut refused = Vec::new();
        for key in ["B", "C", "D"] {
            match store.upsert(batch(&[person(key, "Abt")])).await {
                Ok(_) => acknowledged.push(key),
                Err(error) => refused.push((key, error.kind())),
            }
            let copy = copy(&database);
            let reopened = copy.open();
            for key in &acknowledged {
                let again = reopened.upsert(batch(&[person(key, "Abt")])).await.unwrap().unwrap();
                assert_eq!(again[0].verdict, Verdict::Unchanged, "{key} without {removed:?}");
            }
        }
        assert_eq!(refused, [("B", Kind::Unavailable)], "without {removed:?}");
        assert!(read().await.is_some());
    }
}
