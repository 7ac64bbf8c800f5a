//! The callers of the last second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_domain::{OrganizationId, Timestamp};

use super::caller::Caller;
use crate::access::TokenDigest;

/// For how long the store is not asked again, in microseconds.
const MAX_AGE: i64 = 1_000_000;

/// How many callers are kept: about 300 KiB.
const MAX_CALLERS: usize = 1_024;

/// What a caller is found by: the token, and the organization that the request names.
pub(super) type CallerKey = (TokenDigest, Option<OrganizationId>);

/// The callers that were found within the last second.
#[derive(Default)]
pub(super) struct RecentCallers(Mutex<HashMap<CallerKey, RecentCaller>>);

struct RecentCaller {
    caller: Caller,
    expires_at: Option<Timestamp>,
    looked_up_at: Timestamp,
}

impl RecentCallers {
    /// The caller, if it was found within the last second and its token has not expired.
    pub(super) fn get(&self, key: &CallerKey, now: Timestamp) -> Option<Caller> {
        let callers = self.callers();
        let recent = callers.get(key)?;
        // A clock that was set back makes an age negative.
        let age = now.micros().checked_sub(recent.looked_up_at.micros())?;
        let is_valid = recent.expires_at.is_none_or(|end| now < end);
        (is_valid && (0..MAX_AGE).contains(&age)).then(|| recent.caller.clone())
    }

    /// Keeps a caller whose token is valid until `expires_at`, looked up at that time or later.
    pub(super) fn keep(
        &self,
        key: CallerKey,
        caller: Caller,
        expires_at: Option<Timestamp>,
        looked_up_at: Timestamp,
    ) {
        let mut callers = self.callers();
        if callers.len() >= MAX_CALLERS {
            callers.clear();
        }
        callers.insert(key, RecentCaller { caller, expires_at, looked_up_at });
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.callers().clear();
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<CallerKey, RecentCaller>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::ledger::Api;
    use contacts_domain::value::CountryCode;

    use super::*;
    use crate::access::{Organization, Scopes};

    #[test]
    fn number_of_callers_is_bounded() {
        let now = Timestamp::from_micros(0);
        let id = OrganizationId::new(1).unwrap();
        let region = CountryCode::parse("CH").unwrap();
        let caller = Caller {
            organization: Organization::new(id, String::new(), region),
            scopes: Scopes::default(),
            token_name: String::new(),
            api: Api::default(),
        };
        let recent = RecentCallers::default();
        let key = |number| (TokenDigest([0; 32]), OrganizationId::new(number));
        for number in 1..=1_025 {
            recent.keep(key(number), caller.clone(), None, now);
        }
        assert!(recent.callers().len() <= MAX_CALLERS);
        assert_eq!(recent.get(&key(1_025), now), Some(caller));
    }
}
