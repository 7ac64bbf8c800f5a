//! The context of a request.

use crate::ids::OrganizationId;
use crate::timestamp::Timestamp;
use crate::value::{CalendarDate, CountryCode};

/// The organization, the caller's rights and the time of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The organization that the request is about.
    pub organization: OrganizationId,
    /// The country of phone numbers without a country code.
    pub region: CountryCode,
    /// When the request arrived.
    pub now: Timestamp,
    /// Whether the caller may write the block `staff`, which is salary data.
    pub may_write_staff: bool,
    /// Whether the API shows contacts of type ENDPOINT.
    pub endpoints: Endpoints,
    /// Whether warnings refuse an item.
    pub handling: Handling,
}

impl Context {
    /// A context with all rights, in which warnings refuse nothing and endpoints are hidden.
    pub fn new(organization: OrganizationId, region: CountryCode, now: Timestamp) -> Self {
        Self {
            organization,
            region,
            now,
            may_write_staff: true,
            endpoints: Endpoints::default(),
            handling: Handling::default(),
        }
    }

    /// The calendar date of the request, in UTC.
    pub fn today(&self) -> Option<CalendarDate> {
        CalendarDate::from_unix_seconds(self.now.seconds())
    }
}

/// Whether warnings refuse an item (RFC 7240 `handling`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    /// Warnings are reported.
    #[default]
    Lenient,
    /// Warnings are errors, unless the rule is lenient always.
    Strict,
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
