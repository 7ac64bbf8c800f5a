//! Whether and when a transaction is attempted again, and what it has learnt.

use std::collections::HashSet;
use std::time::Duration;

use contacts_domain::OrganizationId;
use contacts_domain::contact::Record;
use contacts_domain::decision::AliasKey;
use tokio::time::sleep;

use crate::attempt_error::AttemptError;
use crate::failure::Failure;
use crate::locks::LockMode;
use crate::lookup::identified;
use crate::pool::Pool;

/// How often a transaction is attempted at most: within three seconds, if nobody holds locks.
const ATTEMPTS: u32 = 10;

/// After so many lost races for keys, the items that want such a key are refused.
const RACES: u32 = 4;

/// The longest pause before the second attempt; it doubles with each, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What earlier attempts have taught.
#[derive(Debug, Default)]
pub(super) struct RetryState {
    /// Whether others were in the way.
    overtaken: bool,
    /// The keys that others took, time and again.
    pub(super) contested: HashSet<AliasKey>,
}

impl RetryState {
    /// How eager the next attempt is.
    pub(super) fn lock_mode(&self) -> LockMode {
        if self.overtaken { LockMode::Again } else { LockMode::First }
    }
}

/// The attempts at one transaction.
pub(super) struct Retries<'a> {
    pool: &'a Pool,
    organization: OrganizationId,
    attempts: u32,
    races: u32,
    disconnected: bool,
}

impl<'a> Retries<'a> {
    /// Before the first attempt.
    pub(super) fn new(pool: &'a Pool, organization: OrganizationId) -> Self {
        Self { pool, organization, attempts: 0, races: 0, disconnected: false }
    }

    /// Learns from an attempt that came to nothing, and waits until the next may begin.
    ///
    /// # Errors
    ///
    /// When there shall be none: the reason why that one came to nothing.
    pub(super) async fn learn(
        &mut self,
        attempt_error: AttemptError,
        retry_state: &mut RetryState,
    ) -> Result<(), Failure> {
        self.attempts += 1;
        let failure = match attempt_error {
            AttemptError::Final(failure) => return Err(failure),
            AttemptError::Disconnected(failure) => {
                // Its locks went with the connection, and so may have those of others.
                if self.disconnected {
                    return Err(failure);
                }
                self.disconnected = true;
                return Ok(());
            }
            AttemptError::Overtaken(failure) => failure,
            AttemptError::Raced { failure, keys, certain } => {
                self.races += 1;
                if self.races >= RACES {
                    retry_state.contested.extend(self.lost(keys, certain).await?);
                }
                failure
            }
        };
        retry_state.overtaken = true;
        if self.attempts >= ATTEMPTS {
            return Err(Failure::contention(failure));
        }
        sleep(pause(self.attempts)).await;
        Ok(())
    }

    /// Those of the keys that others have taken.
    async fn lost(&self, keys: Vec<AliasKey>, certain: bool) -> Result<Vec<AliasKey>, Failure> {
        if certain {
            return Ok(keys);
        }
        let (mut external_ids, mut link_ids) = (Vec::new(), Vec::new());
        for key in &keys {
            match key {
                AliasKey::ExternalId(external_id) => external_ids.push(external_id.clone()),
                AliasKey::LinkId(link_id) => link_ids.push(*link_id),
            }
        }
        let session = self.pool.session().await?;
        let found = identified(&session, self.organization, &[], &external_ids, &link_ids).await?;
        let owned: HashSet<AliasKey> = found.contacts.iter().flat_map(owned).collect();
        Ok(keys.into_iter().filter(|key| owned.contains(key)).collect())
    }
}

fn owned(record: &Record) -> impl Iterator<Item = AliasKey> {
    let external_id = record.projection.external_id.clone().map(AliasKey::ExternalId);
    external_id.into_iter().chain(record.projection.link_id.map(AliasKey::LinkId))
}

/// How long to wait after so many attempts: some time up to a limit, so that those who were in each
/// other's way do not meet again.
fn pause(attempts: u32) -> Duration {
    let limit = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_PAUSE);
    limit.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use contacts_application::ports::ContactStore;
    use contacts_application::testing::{batch, context};
    use contacts_domain::upsert::Options;
    use serde_json::json;

    use super::*;
    use crate::PostgresOptions;
    use crate::testing::TestDatabase;

    #[tokio::test]
    async fn an_update_that_loses_races_gives_up_only_the_keys_that_others_have() {
        let database = TestDatabase::migrated();
        let taken = json!({"contactType": "PERSON", "externalId": "TAKEN"});
        let taken = batch(context(1), Options::default(), &[taken]);
        database.open().await.upsert(taken).await.unwrap();
        let pool = Pool::new(&database.url().parse().unwrap(), PostgresOptions::default()).unwrap();

        let keys = ["TAKEN", "FREE"].map(|key| AliasKey::ExternalId(key.to_owned()));
        let mut retries = Retries::new(&pool, context(1).organization);
        let mut retry_state = RetryState::default();
        let mut contested = Vec::new();
        for _ in 0..RACES {
            let failure = Failure::contention("a key was taken");
            let raced = AttemptError::Raced { failure, keys: keys.to_vec(), certain: false };
            retries.learn(raced, &mut retry_state).await.unwrap();
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
        assert!(longest(ATTEMPTS) <= LONGEST_PAUSE && longest(u32::MAX) <= LONGEST_PAUSE);
        let all: Duration = (1..ATTEMPTS).map(longest).sum();
        assert!(all < Duration::from_secs(3), "{all:?}");
    }
}
