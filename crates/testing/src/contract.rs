//! The contract suite: the promises of every store, one claim per test.
//!
//! The claims are sorted by [`Port`], so that a store can implement one port alone. They use the
//! ports and, to prove that nothing else was stored, [`StoreUnderTest::everything`].
//!
//! A store runs the suite in a test target of its own with `harness = false`. Each claim is a test
//! with a name, so that `cargo test NAME` selects it. [`run`] uses libtest-mimic: a list of tests
//! that is known at run time needs no macro per store, and no registry at link time. Each file of
//! claims lists its own; the compiler reports a claim that no list names as dead code.
//!
//! ```
//! use std::process::ExitCode;
//! use std::sync::Arc;
//!
//! use async_trait::async_trait;
//! use contacts_application::ports::ContactStore;
//! use contacts_domain::contact::Record;
//! use contacts_testing::MemoryStore;
//! use contacts_testing::contract::{self, Port, StoreUnderTest};
//!
//! struct Fresh(Arc<MemoryStore>);
//!
//! #[async_trait]
//! impl StoreUnderTest for Fresh {
//!     fn contacts(&self) -> Arc<dyn ContactStore> {
//!         self.0.clone()
//!     }
//!
//!     async fn everything(&self) -> Vec<Record> {
//!         self.0.records()
//!     }
//! }
//!
//! async fn fresh() -> Fresh {
//!     Fresh(Arc::default())
//! }
//!
//! fn main() -> ExitCode {
//!     contract::run(&[Port::Contacts], fresh)
//! }
//! ```

mod claim;
mod claims;
mod fixture;
mod port;
mod store_under_test;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Builder;

pub use claim::Claim;
pub use port::Port;
pub use store_under_test::{StoreUnderTest, add_organizations};

/// Runs the claims about these ports, each on a fresh store, with the command line of `cargo test`.
///
/// Each claim has a tokio runtime with two threads; `fresh` runs on it.
pub fn run<S: StoreUnderTest, F: Future<Output = S>>(
    ports: &[Port],
    fresh: impl Fn() -> F + Copy + Send + 'static,
) -> ExitCode {
    let claims = ports.iter().flat_map(|port| port.claims());
    let trials = claims.map(|claim| {
        Trial::test(claim.name(), move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(async { claim.check(fresh().await).await });
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
