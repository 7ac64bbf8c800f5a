//! The store in memory keeps what every store promises.

use std::sync::Arc;

use contacts_application::testing::MemoryStore;

contacts_application::store_contract!(Arc::new(MemoryStore::default()));
