//! The store contract, run on the store in memory.

use std::process::ExitCode;
use std::sync::Arc;

use contacts_testing::MemoryStore;
use contacts_testing::contract::{self, Port};

async fn fresh() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    contract::add_organizations(&*store).await;
    store
}

fn main() -> ExitCode {
    contract::run(&Port::ALL, fresh)
}
