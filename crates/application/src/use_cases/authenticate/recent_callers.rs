//! The callers of the last second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_domain::{OrganizationId, Timestamp};

use crate::access::{Organization, Scopes, Token, TokenDigest};

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
    organization: Organization,
    token: Token,
    looked_up_at: Timestamp,
}

impl RecentCallers {
    /// The organization and the scopes of the caller, if it was found within the last second and its
    /// token is still valid.
    pub(super) fn get(&self, key: &CallerKey, now: Timestamp) -> Option<(Organization, Scopes)> {
        let callers = self.callers();
        let recent = callers.get(key)?;
        // A clock that was set back makes an age negative.
        let age = now.micros().checked_sub(recent.looked_up_at.micros())?;
        let is_recent = (0..MAX_AGE).contains(&age) && recent.token.is_valid(now);
        is_recent.then(|| (recent.organization.clone(), recent.token.scopes))
    }

    /// Keeps a caller: its organization and its token, looked up at that time or later.
    pub(super) fn keep(
        &self,
        key: CallerKey,
        organization: Organization,
        token: Token,
        looked_up_at: Timestamp,
    ) {
        let mut callers = self.callers();
        if callers.len() >= MAX_CALLERS {
            callers.clear();
        }
        callers.insert(key, RecentCaller { organization, token, looked_up_at });
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<CallerKey, RecentCaller>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::value::CountryCode;

    use super::*;
    use crate::access::{Reach, TokenId};

    #[test]
    fn number_of_callers_is_bounded() {
        let now = Timestamp::from_micros(0);
        let id = OrganizationId::new(1).unwrap();
        let region = CountryCode::parse("CH").unwrap();
        let organization = Organization::new(id, String::new(), region);
        let token = Token {
            id: TokenId(1),
            prefix: String::new(),
            name: String::new(),
            reach: Reach::Everywhere,
            scopes: Scopes::default(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
        };
        let recent = RecentCallers::default();
        let key = |number| (TokenDigest([0; 32]), OrganizationId::new(number));
        for number in 1..=1_025 {
            recent.keep(key(number), organization.clone(), token.clone(), now);
        }
        assert!(recent.callers().len() <= MAX_CALLERS);
        assert_eq!(recent.get(&key(1_025), now), Some((organization, Scopes::default())));
    }
}
