//! Whether and when a transaction is attempted again, and what the next attempt does differently.

use std::collections::HashSet;
use std::time::Duration;

use contacts_domain::OrganizationId;
use contacts_domain::contact::Record;
use contacts_domain::decision::{AliasKey, MAX_LOADED_BYTES};
use tokio::time::sleep;

use crate::connect::{Failure, Pool};
use crate::statements::attempt_error::AttemptError;
use crate::statements::locks::LockMode;
use crate::statements::lookup::identified;

/// The most attempts at a transaction; without waits for locks, they take less than three seconds.
const MAX_ATTEMPTS: u32 = 10;

/// After this many lost races for keys, the items with these keys are refused.
const MAX_RACES: u32 = 4;

/// The longest pause before the second attempt; it doubles with each attempt up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What an attempt takes over from the earlier ones.
#[derive(Debug, Default)]
pub(crate) struct RetryState {
    /// Whether there was a conflict.
    overtaken: bool,
    /// The keys that other transactions have taken repeatedly.
    pub(crate) contested: HashSet<AliasKey>,
}

impl RetryState {
    pub(crate) fn lock_mode(&self) -> LockMode {
        if self.overtaken { LockMode::Again } else { LockMode::First }
    }
}

/// The attempts at one transaction.
pub(crate) struct Retries<'a> {
    pool: &'a Pool,
    organization: OrganizationId,
    attempts: u32,
    races: u32,
    disconnected: bool,
}

impl<'a> Retries<'a> {
    pub(crate) fn new(pool: &'a Pool, organization: OrganizationId) -> Self {
        Self { pool, organization, attempts: 0, races: 0, disconnected: false }
    }

    /// Prepares the next attempt and pauses before it.
    ///
    /// # Errors
    ///
    /// The failure of the last attempt, if there is no next one.
    pub(crate) async fn next(
        &mut self,
        attempt_error: AttemptError,
        retry_state: &mut RetryState,
    ) -> Result<(), Failure> {
        self.attempts += 1;
        let failure = match attempt_error {
            AttemptError::Final(failure) => return Err(failure),
            AttemptError::Disconnected(failure) => {
                // No pause: the locks ended with the connection.
                if self.disconnected {
                    return Err(failure);
                }
                self.disconnected = true;
                return Ok(());
            }
            AttemptError::Overtaken(failure) => failure,
            AttemptError::Raced { failure, keys, certain } => {
                self.races += 1;
                if self.races >= MAX_RACES {
                    retry_state.contested.extend(self.lost(keys, certain).await?);
                }
                failure
            }
        };
        retry_state.overtaken = true;
        if self.attempts >= MAX_ATTEMPTS {
            return Err(Failure::contention(failure));
        }
        sleep(pause(self.attempts)).await;
        Ok(())
    }

    /// Those of the keys that belong to other contacts now.
    async fn lost(&self, keys: Vec<AliasKey>, certain: bool) -> Result<Vec<AliasKey>, Failure> {
        if certain {
            return Ok(keys);
        }
        let (mut external_ids, mut link_ids) = (Vec::new(), Vec::new());
        for key in &keys {
            match key {
                // No other contact takes an id.
                AliasKey::Id(_) => {}
                AliasKey::ExternalId(external_id) => external_ids.push(external_id.clone()),
                AliasKey::LinkId(link_id) => link_ids.push(*link_id),
            }
        }
        let session = self.pool.session().await?;
        let found = identified(
            &session,
            self.organization,
            &[],
            &external_ids,
            &link_ids,
            MAX_LOADED_BYTES,
        )
        .await?;
        let owned: HashSet<AliasKey> =
            found.contacts.iter().flat_map(Record::identity_keys).collect();
        Ok(keys.into_iter().filter(|key| owned.contains(key)).collect())
    }
}

/// A random pause up to a limit, so that conflicting transactions do not collide again.
fn pause(attempts: u32) -> Duration {
    let limit = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_PAUSE);
    limit.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use contacts_application::ports::ContactStore;
    use contacts_domain::upsert::Options;
    use contacts_testing::{batch, context};
    use serde_json::json;

    use super::*;
    use crate::PostgresOptions;
    use crate::testing::TestDatabase;

    #[tokio::test]
    async fn lost_races_contest_only_taken_keys() {
        let database = TestDatabase::migrated();
        let taken = json!({"contactType": "PERSON", "externalId": "TAKEN"});
        let taken = batch(context(1), Options::default(), &[taken]);
        database.open().await.upsert(taken).await.unwrap().unwrap();
        let pool = Pool::new(&database.url().parse().unwrap(), PostgresOptions::default()).unwrap();

        let keys = ["TAKEN", "FREE"].map(|key| AliasKey::ExternalId(key.to_owned()));
        let mut retries = Retries::new(&pool, context(1).organization);
        let mut retry_state = RetryState::default();
        let mut contested = Vec::new();
        for _ in 0..MAX_RACES {
            let failure = Failure::contention("a key was taken");
            let raced = AttemptError::Raced { failure, keys: keys.to_vec(), certain: false };
            retries.next(raced, &mut retry_state).await.unwrap();
            contested.push(retry_state.contested.clone());
        }
        let nothing = HashSet::new();
        let only_taken = HashSet::from([keys[0].clone()]);
        assert_eq!(contested, [nothing.clone(), nothing.clone(), nothing, only_taken]);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let longest = |attempts| (0..1_000).map(|_| pause(attempts)).max().unwrap();
        assert!(longest(1) <= FIRST_PAUSE && longest(4) > FIRST_PAUSE);
        assert!(longest(MAX_ATTEMPTS) <= LONGEST_PAUSE && longest(u32::MAX) <= LONGEST_PAUSE);
        let all: Duration = (1..MAX_ATTEMPTS).map(longest).sum();
        assert!(all < Duration::from_secs(3), "{all:?}");
    }
}
