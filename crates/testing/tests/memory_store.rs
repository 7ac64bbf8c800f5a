//! The store in memory keeps what every store promises.

use std::sync::Arc;

use contacts_testing::MemoryStore;

contacts_testing::store_contract!(Arc::new(MemoryStore::default()));
