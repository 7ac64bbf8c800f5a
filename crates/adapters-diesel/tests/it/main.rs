//! Tests of the SQLite store alone. `contract.rs` runs those of every store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod auditing;
mod backup;
mod files;
mod opening;
mod purging;
mod storing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
use contacts_domain::ledger::Origin;
use contacts_domain::upsert::{Batch, Context, Endpoints, Handling, Item, Options};
use contacts_domain::value::CountryCode;
use contacts_domain::{OrganizationId, Settings, Timestamp};
use tempfile::TempDir;

/// A database file in a directory of its own, deleted when dropped.
struct TestDatabase {
    directory: TempDir,
}

impl TestDatabase {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("test.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), SqliteOptions::default()).unwrap().store
    }
}

fn context() -> Context {
    Context {
        organization: OrganizationId::new(1).unwrap(),
        settings: Settings::new(CountryCode::parse("CH").unwrap()),
        now: Timestamp::from_micros(1_790_000_000_000_000),
        may_read_staff: true,
        may_write_staff: true,
        endpoints: Endpoints::Hidden,
        handling: Handling::Standard,
        origin: Origin::default(),
    }
}

/// A batch of items, each given as JSON.
fn batch(items: &[String]) -> Arc<Batch> {
    let items = items.iter().map(|json| Item::read(json, &context())).collect();
    Arc::new(Batch::new(context(), Options::default(), items))
}

/// A person with an external id and a last name, as JSON.
fn person(external_id: &str, last_name: &str) -> String {
    format!(
        r#"{{"contactType": "PERSON", "externalId": "{external_id}", "lastName": "{last_name}"}}"#
    )
}
