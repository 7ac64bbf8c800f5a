//! Shows what has changed since a reader looked last.

use std::sync::Arc;
use std::time::Duration;

use contacts_domain::{OrganizationId, Timestamp};

use crate::access::Scope;
use crate::ledger::{FeedPage, FeedPosition, PageSize};
use crate::ports::{Clock, Ledger, StoreError};
use crate::use_cases::{Caller, UseCaseError};

/// Shows what has changed since a reader looked last.
pub struct ReadFeed {
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
}

/// What a reader keeps between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// Where it stands.
    pub position: FeedPosition,
    /// When it stood there.
    pub at: Timestamp,
}

impl ReadFeed {
    /// Reads from that ledger.
    pub fn new(ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self { ledger, clock }
    }

    /// The page after a bookmark, with the next one; without a bookmark the first page of all living
    /// contacts. `None` if changes after the bookmark may be missing, because the database is another
    /// one or the ledger does not reach back that far: then the reader has to begin again.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        since: Option<Bookmark>,
        size: PageSize,
        kept: Duration,
    ) -> Result<Option<(FeedPage, Bookmark)>, UseCaseError> {
        caller.require(Scope::Read)?;
        let organization = caller.organization.id;
        let at = self.clock.now();
        let from = match since {
            None => {
                let end = self.ledger.feed_end(organization).await?;
                FeedPosition { listed_to: Some(0), ..end }
            }
            // Nothing in the database tells that changes after such a position were pruned.
            Some(since) if since.position.last.is_none() && is_too_old(since.at, at, kept) => {
                return Ok(None);
            }
            Some(since) => since.position,
        };
        let page = self.ledger.feed(organization, from, size).await?;
        Ok(page.map(|page| {
            let next = Bookmark { position: page.next, at };
            (page, next)
        }))
    }

    /// The position after all changes: what a reader waits to be exceeded.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn end(&self, organization: OrganizationId) -> Result<FeedPosition, StoreError> {
        self.ledger.feed_end(organization).await
    }
}

fn is_too_old(at: Timestamp, now: Timestamp, kept: Duration) -> bool {
    let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    now.micros().saturating_sub(at.micros()) >= kept
}
