//! Checks a store of its own against the contract, then upserts a contact into it.
//!
//! `cargo run --manifest-path examples/reuse/Cargo.toml`

mod store;

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::Scope;
use contacts_application::ports::ContactStore;
use contacts_application::use_cases::{Request, UpsertContacts};
use contacts_domain::contact::Record;
use contacts_domain::upsert::Item;
use contacts_testing::contract::{Port, StoreUnderTest};
use contacts_testing::{StoppedClock, caller, now};

use self::store::HashMapStore;

#[async_trait]
impl StoreUnderTest for HashMapStore {
    fn contacts(&self) -> Arc<dyn ContactStore> {
        Arc::new(self.clone())
    }

    async fn everything(&self) -> Vec<Record> {
        self.records()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let claims = Port::Contacts.claims();
    for claim in &claims {
        // Panics with the name of what differs if the store breaks the claim.
        claim.check(HashMapStore::default()).await;
    }
    println!("the store keeps all {} claims about `ContactStore`", claims.len());

    let upsert =
        UpsertContacts::new(Arc::new(HashMapStore::default()), Arc::new(StoppedClock(now())));
    let items = vec![r#"{"contactType": "PERSON", "externalId": "ERP-1", "lastName": "Rochat"}"#];
    let read = |item: &&str, context: &_| Item::read(item, context);
    let outcomes =
        upsert.execute(&caller(1, [Scope::Write]), Request::default(), items, read).await?;
    for outcome in outcomes {
        println!("{}", outcome.verdict.as_str());
    }
    Ok(())
}
