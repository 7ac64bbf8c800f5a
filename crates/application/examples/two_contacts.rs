//! Sends two contacts to a store in memory and prints what became of each.
//!
//! `cargo run -p contacts-application --example two_contacts`

#![expect(clippy::print_stdout, reason = "the output of an example")]

use std::error::Error;
use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::testing::{MemoryStore, StoppedClock, caller, now};
use contacts_application::use_cases::{Request, UpsertContacts};
use contacts_domain::upsert::Item;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A service brings its own store and clock, and finds the caller with `Authenticate`.
    let store = Arc::new(MemoryStore::default());
    let clock = Arc::new(StoppedClock(now()));
    let caller = caller(1, [Scope::Write]);

    let items = vec![
        r#"{"contactType": "PERSON", "externalId": "ERP-1", "lastName": "Rochat"}"#,
        r#"{"contactType": "PERSON", "externalId": "ERP-2", "birthday": "2026-02-30"}"#,
    ];
    let outcomes = UpsertContacts::new(store, clock)
        .execute(&caller, Request::default(), items, |item, context| Item::read(item, context))
        .await?;

    for (position, outcome) in outcomes.iter().enumerate() {
        println!("item {position}: {}", outcome.verdict.as_str());
        for violation in &outcome.violations {
            println!("    {violation}");
        }
    }
    Ok(())
}
