//! The rule-bearing values of a contact: one strict type each.
//!
//! A value of one of these types has passed its rule: the only way in is its `parse`, which takes
//! text and answers the value or an error that tells a person what is wrong. Where the rule knows
//! a normal form, `as_str` and `Display` give it, and two values are equal when their normal forms
//! are. Error messages name the thing and the limit, never the text that was refused.
//!
//! ```
//! use contacts_domain::value::{CountryCode, Email, Phone};
//!
//! let region = CountryCode::parse("CH")?;
//! assert_eq!(Phone::parse("044 668 18 00", region)?.as_str(), "+41446681800");
//! assert_eq!(Email::parse(" Anna@Example.CH ")?.as_str(), "anna@example.ch");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// Gives a value its `Display`: the same text as its `as_str`.
macro_rules! display_as_str {
    ($value:ty) => {
        impl std::fmt::Display for $value {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

mod avs_number;
mod bank_customer_number;
mod bic;
mod calendar_date;
mod country_code;
mod decimal;
mod digits;
mod email;
mod host;
mod iban;
mod intercom_number;
mod intercom_type;
mod internal_address;
mod isr_customer_number;
mod link_id;
mod parse_cache;
mod phone;
mod qr_iban;
mod ringtone;
mod sip_uri;
mod swiss_uid;
mod tag_name;
mod vat_number;
mod web_site;

pub use avs_number::{AvsNumber, InvalidAvsNumber};
pub use bank_customer_number::{BankCustomerNumber, InvalidBankCustomerNumber};
pub use bic::{Bic, InvalidBic};
pub use calendar_date::{CalendarDate, InvalidCalendarDate};
pub use country_code::{CountryCode, InvalidCountryCode};
pub use decimal::{Decimal, InvalidDecimal};
pub use email::{Email, InvalidEmail};
pub use iban::{Iban, InvalidIban};
pub use intercom_number::{IntercomNumber, InvalidIntercomNumber};
pub use intercom_type::{IntercomType, InvalidIntercomType};
pub use internal_address::{InternalAddress, InvalidInternalAddress};
pub use isr_customer_number::{InvalidIsrCustomerNumber, IsrCustomerNumber};
pub use link_id::{InvalidLinkId, LinkId};
pub(crate) use parse_cache::ParseCache;
pub use phone::{InvalidPhone, Phone};
pub use qr_iban::{InvalidQrIban, QrIban};
pub use ringtone::{InvalidRingtone, Ringtone};
pub use sip_uri::{InvalidSipUri, SipUri};
pub use swiss_uid::{InvalidSwissUid, SwissUid};
pub use tag_name::{InvalidTagName, TagName};
pub use vat_number::{InvalidVatNumber, VatNumber};
pub use web_site::{InvalidWebSite, WebSite};
