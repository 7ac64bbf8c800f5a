//! The share of the connections that the writes of one organization may use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contacts_domain::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::failure::Failure;
use super::options::PostgresOptions;

const WRITES: &str = "other writes of the organization";

/// Leaves half of the connections to other organizations. Further writes of one wait in the order of
/// their arrival.
pub(crate) struct Shares {
    each: usize,
    wait: Duration,
    /// One for each organization that has written.
    free: Mutex<HashMap<OrganizationId, Arc<Semaphore>>>,
}

impl Shares {
    pub(crate) fn new(options: &PostgresOptions) -> Self {
        Self { each: options.half(), wait: options.wait, free: Mutex::default() }
    }

    /// The right to one connection, until it is dropped.
    pub(crate) async fn take(
        &self,
        organization: OrganizationId,
    ) -> Result<OwnedSemaphorePermit, Failure> {
        let free = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let own = free.entry(organization);
            Arc::clone(own.or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        take_share(&free, self.wait, WRITES).await
    }
}

/// Waits for one of the connections that such requests may use.
pub(crate) async fn take_share(
    free: &Arc<Semaphore>,
    wait: Duration,
    users: &str,
) -> Result<OwnedSemaphorePermit, Failure> {
    match timeout(wait, Arc::clone(free).acquire_owned()).await {
        Ok(permit) => permit.map_err(Failure::internal),
        Err(_) => Err(is_used(users, wait)),
    }
}

/// A write has waited that long for others of its organization.
pub(crate) fn share_is_used(wait: Duration) -> Failure {
    is_used(WRITES, wait)
}

fn is_used(users: &str, wait: Duration) -> Failure {
    let seconds = wait.as_secs_f64();
    Failure::contention(format_args!(
        "{users} have used their share of the connections for {seconds} s"
    ))
}
