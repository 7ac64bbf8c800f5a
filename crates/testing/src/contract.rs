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

mod access;
mod auditing;
mod concurrency;
mod entries;
mod filtering;
mod fixture;
mod keys;
mod lifecycle;
mod listing;
mod matching;
mod merging;
mod references;
mod tenancy;
mod unlinking;
mod writing;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{AccessStore, Audit, ContactStore, IntercomDirectory};
use contacts_domain::ContactId;
use contacts_domain::contact::{IntercomEntry, Record};
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Builder;

use self::fixture::StoreFixture;
use crate::{MemoryStore, organization};

/// A fresh store without contacts. It owns everything that has to live as long as the store.
///
/// Where the store knows organizations, [`organization(1)`](organization) and `organization(2)`
/// exist: see [`add_organizations`]. Implement the methods that the claims about your ports need.
#[async_trait]
pub trait StoreUnderTest: Send + Sync + 'static {
    /// The store of contacts. All claims need it but those about [`Port::Access`].
    fn contacts(&self) -> Arc<dyn ContactStore> {
        unimplemented!("these claims need a `ContactStore`")
    }

    /// Every stored contact, of all organizations, deleted ones included, in any order. All claims
    /// need it but those about [`Port::Access`].
    async fn everything(&self) -> Vec<Record> {
        unimplemented!("these claims need all stored contacts")
    }

    /// The directory of intercoms, for [`Port::Directory`].
    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        unimplemented!("these claims need an `IntercomDirectory`")
    }

    /// The store of organizations and tokens, for [`Port::Access`].
    fn access(&self) -> Arc<dyn AccessStore> {
        unimplemented!("these claims need an `AccessStore`")
    }

    /// The audit of the store, for [`Port::Audit`].
    fn audit(&self) -> Arc<dyn Audit> {
        unimplemented!("these claims need an `Audit`")
    }

    /// Replaces a stored row, its relations and its entry, right or wrong, past every check of the
    /// store. For [`Port::Audit`].
    async fn overwrite(
        &self,
        _record: &Record,
        _relations: &[ContactId],
        _entry: Option<&IntercomEntry>,
    ) {
        unimplemented!("these claims overwrite stored contacts")
    }
}

#[async_trait]
impl StoreUnderTest for Arc<MemoryStore> {
    fn contacts(&self) -> Arc<dyn ContactStore> {
        self.clone()
    }

    async fn everything(&self) -> Vec<Record> {
        self.records()
    }

    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        self.clone()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.clone()
    }

    fn audit(&self) -> Arc<dyn Audit> {
        self.clone()
    }

    async fn overwrite(
        &self,
        record: &Record,
        relations: &[ContactId],
        entry: Option<&IntercomEntry>,
    ) {
        MemoryStore::overwrite(self, record.clone(), relations.to_vec(), entry.cloned());
    }
}

/// Adds the organizations that the claims work with.
pub async fn add_organizations(access: &dyn AccessStore) {
    for id in [1, 2] {
        let added = access.add_organization(organization(id)).await;
        assert!(added.expect("organizations are added"), "organization {id} exists already");
    }
}

/// A port, with the claims about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// [`ContactStore`].
    Contacts,
    /// [`IntercomDirectory`], beside a store of contacts.
    Directory,
    /// [`AccessStore`].
    Access,
    /// [`Audit`], beside a store of contacts.
    Audit,
}

impl Port {
    /// Every port.
    pub const ALL: [Self; 4] = [Self::Contacts, Self::Directory, Self::Access, Self::Audit];

    /// The claims about it.
    pub fn claims(self) -> Vec<Claim> {
        match self {
            Self::Contacts => [
                writing::CLAIMS,
                keys::CLAIMS,
                matching::CLAIMS,
                lifecycle::CLAIMS,
                merging::CLAIMS,
                references::CLAIMS,
                tenancy::CLAIMS,
                concurrency::CLAIMS,
            ]
            .concat(),
            Self::Directory => [
                entries::CLAIMS,
                unlinking::CLAIMS,
                listing::CLAIMS,
                filtering::CLAIMS,
                concurrency::DIRECTORY_CLAIMS,
            ]
            .concat(),
            Self::Access => access::CLAIMS.to_vec(),
            Self::Audit => auditing::CLAIMS.to_vec(),
        }
    }
}

/// One promise of a store.
#[derive(Clone, Copy)]
pub struct Claim {
    name: &'static str,
    check: for<'f> fn(&'f StoreFixture) -> Pin<Box<dyn Future<Output = ()> + 'f>>,
}

impl Claim {
    /// The promise, as the name of a test.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the claim on a fresh store. Panics if the store breaks it.
    pub async fn check(&self, store: impl StoreUnderTest) {
        (self.check)(&StoreFixture::new(store)).await;
    }
}

/// A list of claims out of the functions that check them.
macro_rules! claims {
    ($($claim:ident),+ $(,)?) => {
        &[$(Claim { name: stringify!($claim), check: |fixture| Box::pin($claim(fixture)) }),+]
    };
}
use claims;

/// Runs the claims about these ports, each on a fresh store, with the command line of `cargo test`.
///
/// Each claim has a tokio runtime with two threads; `fresh` runs on it.
pub fn run<S: StoreUnderTest, F: Future<Output = S>>(
    ports: &[Port],
    fresh: impl Fn() -> F + Copy + Send + 'static,
) -> ExitCode {
    let claims = ports.iter().flat_map(|port| port.claims());
    let trials = claims.map(|claim| {
        Trial::test(claim.name, move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(async { claim.check(fresh().await).await });
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
