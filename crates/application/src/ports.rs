//! The ports: what the use cases need of the world.

mod access_store;
mod audit;
mod clock;
mod contact_store;
mod error;
mod intercom_directory;
mod open_error;

pub use access_store::AccessStore;
pub use audit::Audit;
pub use clock::Clock;
pub use contact_store::{ContactStore, Lifecycle};
pub use error::StoreError;
pub use intercom_directory::IntercomDirectory;
pub use open_error::{OpenError, OpenErrorKind};

#[cfg(any(test, feature = "mocks"))]
pub use access_store::MockAccessStore;
#[cfg(any(test, feature = "mocks"))]
pub use audit::MockAudit;
#[cfg(any(test, feature = "mocks"))]
pub use clock::MockClock;
#[cfg(any(test, feature = "mocks"))]
pub use contact_store::MockContactStore;
#[cfg(any(test, feature = "mocks"))]
pub use intercom_directory::MockIntercomDirectory;
