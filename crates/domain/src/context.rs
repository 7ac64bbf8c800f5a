//! The context of a request.

mod match_by;
mod respelling;

use crate::ids::OrganizationId;
use crate::ledger::Origin;
use crate::timestamp::Timestamp;
use crate::value::{CalendarDate, CountryCode};

pub use match_by::{InvalidMatchBy, MatchBy, SharedKey};
pub use respelling::Respelling;

/// The organization, the caller with its rights, and the time of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The organization that the request is about.
    pub organization: OrganizationId,
    /// The settings of the organization when the request arrived.
    pub settings: Settings,
    /// When the request arrived.
    pub now: Timestamp,
    /// Whether the caller may read the block `staff`, which is salary data.
    pub may_read_staff: bool,
    /// Whether the caller may write the block `staff`.
    pub may_write_staff: bool,
    /// Whether the API shows contacts of type ENDPOINT.
    pub endpoints: Endpoints,
    /// How items with violations are handled.
    pub handling: Handling,
    /// Who asks, for the ledger.
    pub origin: Origin,
}

impl Context {
    /// A context with all rights, in which warnings refuse nothing and endpoints are hidden. The
    /// settings are those of a new organization.
    pub fn new(organization: OrganizationId, region: CountryCode, now: Timestamp) -> Self {
        Self {
            organization,
            settings: Settings::new(region),
            now,
            may_read_staff: true,
            may_write_staff: true,
            endpoints: Endpoints::default(),
            handling: Handling::default(),
            origin: Origin::default(),
        }
    }

    /// The calendar date of the request, in UTC.
    pub fn today(&self) -> Option<CalendarDate> {
        CalendarDate::from_unix_seconds(self.now.seconds())
    }
}

/// The settings of an organization that decide what its contacts are stored with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The number of the settings that decide about keys: each change of those counts it up. A store
    /// writes nothing that was decided by settings of another version.
    pub version: i64,
    /// The country of phone numbers without a country code, unless the contact's addresses name one.
    pub region: CountryCode,
    /// The shared keys that contacts are stored with.
    pub match_by: MatchBy,
    /// What is stored of a value that is only spelled in another way, unless a request says so.
    pub respelling: Respelling,
    /// The shared keys that some contacts are not stored with as these settings say, because they
    /// were switched on or off, or the region has changed.
    pub filling: MatchBy,
}

impl Settings {
    /// Those of a new organization: it matches by e-mail.
    pub fn new(region: CountryCode) -> Self {
        Self {
            version: 1,
            region,
            match_by: MatchBy::default(),
            respelling: Respelling::default(),
            filling: MatchBy::NONE,
        }
    }

    /// The shared keys that requests can match by: those that every contact is stored with.
    pub fn matchable(&self) -> MatchBy {
        self.match_by.without(self.filling)
    }
}

/// How an item with violations is handled (RFC 7240 `handling`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    /// Errors refuse it, warnings are reported.
    #[default]
    Standard,
    /// Warnings are errors, unless the rule always warns.
    Strict,
    /// An error of one value is a warning: the value is left out, and the rest is stored.
    Lenient,
}

/// Whether an API shows contacts of type ENDPOINT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Endpoints {
    /// They are hidden, but their keys are taken.
    #[default]
    Hidden,
    /// They are contacts like all others.
    Shown,
}
