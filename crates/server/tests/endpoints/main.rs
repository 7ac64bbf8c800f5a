//! All stores answer alike: the same requests to every endpoint get the same answers, byte for byte, on
//! a store in memory, on SQLite and on PostgreSQL.
//!
//! What the answers have to be is tested on the store in memory, by the crate of the APIs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod app;
mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;

use contacts_adapters_http::{Ports, openapi};
use contacts_testing::MemoryStore;

use self::app::App;
use self::steps::{Call, STEPS, Step};

/// Sends all requests to an application on a store in memory and to another, and compares the answers.
async fn assert_answers_alike(other: Ports) {
    let mut memory = App::new(Ports::of(Arc::new(MemoryStore::default()))).await;
    let mut other = App::new(other).await;
    for (number, step) in STEPS.iter().enumerate() {
        match step {
            Step::Index => {
                memory.index().await;
                other.index().await;
            }
            Step::Call(call) => {
                let expected = memory.call(call).await;
                let status = call.status.to_string();
                assert!(expected.starts_with(&status), "step {number}, {call:?}: {expected}");
                assert_eq!(other.call(call).await, expected, "step {number}, {call:?}");
            }
        }
    }
}

/// The path of an operation, without what is after its parameters.
fn operation(call: &Call) -> String {
    let (path, _) = call.path.split_once('?').unwrap_or((call.path, ""));
    let is_value = |part: &str| part.parse::<u64>().is_ok() || matches!(part, "PLAN" | "RUN");
    let parts = path.split('/').map(|part| match part {
        "PERSON" => "{type}",
        part if is_value(part) => "{id}",
        part => part,
    });
    format!("{} {}", call.method, parts.collect::<Vec<_>>().join("/"))
}

#[test]
fn no_endpoint_is_left_out() {
    let description = serde_json::to_value(openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_alias = operation.get("x-alias-of").is_some();
            // Pages, the state and the metrics are of the server.
            let is_contacts = path.contains("contact") || path.starts_with("/v1/");
            if operation.get("operationId").is_some() && is_contacts && !is_alias {
                let path = path.replace("{uid}", "{id}");
                described.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let calls = STEPS.iter().filter_map(|step| match step {
        Step::Call(call) => Some(operation(call)),
        Step::Index => None,
    });
    let called: BTreeSet<String> = calls.collect();
    assert_eq!(described.difference(&called).collect::<Vec<_>>(), Vec::<&String>::new());
}

mod sqlite {
    use contacts_adapters_diesel::{SqliteOptions, SqliteStore};

    use super::*;

    #[tokio::test]
    async fn every_endpoint_answers_as_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap().store;
        assert_answers_alike(Ports::of(Arc::new(store))).await;
    }
}

mod postgres {
    use contacts_adapters_postgres::testing::TestDatabase;

    use super::*;

    #[tokio::test]
    async fn every_endpoint_answers_as_in_memory() {
        let database = TestDatabase::migrated();
        let store = database.open().await;
        assert_answers_alike(Ports::of(Arc::new(store))).await;
    }
}
