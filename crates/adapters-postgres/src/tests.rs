//! Tests on a real server.

mod attempt_errors;
mod auditing;
mod catalogue;
mod contact_list;
mod directory;
mod groups;
mod ids;
mod ledger;
mod log;
mod merging;
pub(super) mod plans;
mod purging;
mod races;
mod relay;
mod replica;
mod response_timeout;
mod search;
mod settings;
mod shares;
mod statements;
mod tls;

use std::sync::Arc;

use contacts_application::ports::{ContactStore, StoreError};
use contacts_domain::upsert::{Options, Outcome};
use contacts_testing::{batch, context};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::PostgresStore;

/// A person with that external id and these members.
fn person(external_id: &str, members: Value) -> Value {
    let mut person = json!({"contactType": "PERSON", "externalId": external_id, "lastName": "Abt"});
    if let (Value::Object(person), Value::Object(members)) = (&mut person, members) {
        person.extend(members);
    }
    person
}

/// Sends items for organization 1.
async fn send(store: &PostgresStore, items: &[Value]) -> Result<Vec<Outcome>, StoreError> {
    let report = store.upsert(batch(context(1), Options::default(), items)).await?;
    Ok(report.expect("a small answer"))
}

/// The same in a task of its own.
fn spawn_send(
    store: &Arc<PostgresStore>,
    items: Vec<Value>,
) -> tokio::task::JoinHandle<Result<Vec<Outcome>, StoreError>> {
    let store = Arc::clone(store);
    tokio::spawn(async move { send(&store, &items).await })
}

/// Each outcome in a line: the verdict, the version, and the codes of the errors.
fn answers(outcomes: &[Outcome]) -> Vec<String> {
    let answer = |outcome: &Outcome| {
        let mut answer = format!("{:?}", outcome.verdict);
        if let Some(contact) = &outcome.contact {
            answer += &format!(" {}", contact.version);
        }
        for violation in outcome.violations.iter().filter(|violation| violation.is_error()) {
            answer += &format!(" {}", violation.code().as_str());
        }
        answer
    };
    outcomes.iter().map(answer).collect()
}

/// The id of the contact of an outcome.
fn id_of(outcome: &Outcome) -> i64 {
    outcome.contact.as_ref().unwrap().id.unwrap().get()
}

/// Waits until that many connections to the database of that client wait for a lock.
async fn until_waiting(client: &Client, count: i64) {
    const WAITING: &str = "
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while client.query_one(WAITING, &[]).await.unwrap().get::<_, i64>(0) < count {
        tokio::task::yield_now().await;
    }
}
