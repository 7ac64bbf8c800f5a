//! Validated values, one type each: IBAN, e-mail address, phone number, VAT number, date, …
//!
//! A value of one of these types has passed its rule. `parse` is the only way to make one. It takes
//! text and returns the value, or an error that names the thing and the limit but never repeats
//! the text. Where the rule has a normal form, `as_str` and `Display` give it, and two values are
//! equal when their normal forms are.
//!
//! Every value also has `FromStr`, `TryFrom<&str>` and serde: it is written as its normal form, a
//! string, and read through its rule.
//!
//! ```
//! use contacts_domain::value::{Email, Iban};
//!
//! let iban: Iban = "CH93 0076 2011 6238 5295 7".parse()?;
//! assert_eq!(iban.as_str(), "CH9300762011623852957");
//! assert_eq!(Email::parse(" Anna@Example.CH ")?.as_str(), "anna@example.ch");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

/// The traits that every value has.
///
/// `by parse` gives `FromStr` through the type's `parse`; `by as_str` gives `Display` and
/// `AsRef<str>`. What is not given must be written by hand.
macro_rules! text_traits {
    ($value:ident: $error:ident, by parse and as_str) => {
        text_traits!($value: $error, by parse);
        text_traits!(as_str $value);
    };
    ($value:ident: $error:ident, by as_str) => {
        text_traits!($value: $error);
        text_traits!(as_str $value);
    };
    ($value:ident: $error:ident, by parse) => {
        text_traits!($value: $error);

        impl std::str::FromStr for $value {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }
    };
    ($value:ident: $error:ident) => {
        impl TryFrom<&str> for $value {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl serde::Serialize for $value {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $value {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                $crate::value::deserialize(reader)
            }
        }
    };
    (as_str $value:ident) => {
        impl std::fmt::Display for $value {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl AsRef<str> for $value {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

mod avs_number;
mod bank;
mod calendar_date;
mod country_code;
mod decimal;
mod digits;
mod email;
#[cfg(feature = "contact")]
mod fold;
mod host;
mod intercom;
mod invisible;
mod link_id;
#[cfg(feature = "contact")]
mod parse_cache;
#[cfg(feature = "phone")]
mod phone;
#[cfg(feature = "contact")]
mod phone_regions;
#[cfg(feature = "contact")]
mod search_letters;
mod shape;
mod sort_key;
mod swiss_uid;
mod tag_name;
mod vat_number;
mod web_site;

pub use avs_number::{AvsNumber, InvalidAvsNumber};
#[cfg(feature = "contact")]
pub(crate) use bank::electronic_form;
pub use bank::{
    BankCustomerNumber, Bic, Iban, InvalidBankCustomerNumber, InvalidBic, InvalidIban,
    InvalidIsrCustomerNumber, InvalidQrIban, IsrCustomerNumber, QrIban,
};
pub use calendar_date::{CalendarDate, InvalidCalendarDate};
pub use country_code::{CountryCode, InvalidCountryCode};
pub use decimal::{Decimal, InvalidDecimal};
pub use email::{Email, InvalidEmail};
#[cfg(feature = "contact")]
pub(crate) use fold::fold;
pub use intercom::{
    IntercomNumber, IntercomType, InternalAddress, InvalidIntercomNumber, InvalidIntercomType,
    InvalidInternalAddress, InvalidRingtone, InvalidSipUri, Ringtone, SipUri,
};
#[cfg(feature = "contact")]
pub(crate) use invisible::{has_at_most, is_blank, trimmed, visible, without_invisible};
pub use link_id::{InvalidLinkId, LinkId};
#[cfg(feature = "contact")]
pub(crate) use parse_cache::ParseCache;
#[cfg(feature = "phone")]
pub use phone::{InvalidPhone, Phone};
#[cfg(feature = "contact")]
pub(crate) use phone_regions::{PhoneReading, PhoneRegions};
#[cfg(feature = "contact")]
pub(crate) use search_letters::{Letter, search_letters};
pub(crate) use sort_key::sort_key;
pub use swiss_uid::{InvalidSwissUid, SwissUid};
pub use tag_name::{InvalidTagName, TagName};
pub use vat_number::{InvalidVatNumber, VatNumber};
pub use web_site::{InvalidWebSite, WebSite};

/// Reads a value from a string of any serde format.
fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    struct Text<T>(PhantomData<T>);

    impl<T: FromStr<Err: Display>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn check<T>(text: &str, normal: &str)
    where
        T: FromStr<Err: Debug> + DeserializeOwned + Serialize + Display + PartialEq + Debug,
    {
        let value: T = text.parse().unwrap();
        assert_eq!(value.to_string(), normal);
        assert_eq!(normal.parse::<T>().unwrap(), value);

        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(json, format!("{normal:?}"));
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value);
    }

    #[test]
    fn values_round_trip_through_text_and_serde() {
        check::<AvsNumber>("756.9217.0769.85", "7569217076985");
        check::<BankCustomerNumber>("120734", "120734");
        check::<Bic>("UBSWCHZH80A", "UBSWCHZH80A");
        check::<CalendarDate>("2026-07-31T23:30:00-05:00", "2026-07-31");
        check::<CountryCode>("CH", "CH");
        check::<Decimal>("+12.50", "12.50");
        check::<Email>(" Info@Zürich.ch ", "info@xn--zrich-kva.ch");
        check::<Iban>("ch93 0076 2011 6238 5295 7", "CH9300762011623852957");
        check::<IntercomNumber>("sip:door@10.0.0.5", "sip:door@10.0.0.5");
        check::<IntercomNumber>("0001-01-07", "0001-01-07");
        check::<IntercomType>("p2p", "p2p");
        check::<InternalAddress>("0001-01-04-12", "0001-01-04-12");
        check::<InternalAddress>("001-01-04-12-3", "001-01-04-12-3");
        check::<IsrCustomerNumber>("01-162-8", "010001628");
        check::<LinkId>(
            "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        );
        #[cfg(feature = "phone")]
        check::<Phone>("+41 44 668 18 00", "+41446681800");
        check::<QrIban>("CH44 3199 9123 0008 8901 2", "CH4431999123000889012");
        check::<Ringtone>("ring1.wav", "ring1.wav");
        check::<SipUri>("sip:anna@example.ch", "sip:anna@example.ch");
        check::<SwissUid>("CHE-109.322.551 MWST", "CHE109322551");
        check::<TagName>(" Genève ", "Genève");
        check::<VatNumber>("ATU 1234 5678", "ATU12345678");
        check::<WebSite>(" www.example.ch/shop ", "www.example.ch/shop");
    }

    #[test]
    fn serde_error_names_the_rule() {
        let error = serde_json::from_str::<Iban>(r#""CH94 0076 2011 6238 5295 7""#).unwrap_err();
        assert!(error.to_string().starts_with("the check digits of the IBAN don't match"));
        assert!(serde_json::from_str::<Decimal>("12.5").is_err(), "numbers are not strings");
    }

    #[test]
    fn text_of_the_wrong_type_is_refused() {
        assert_eq!(
            "".parse(),
            Err::<InternalAddress, _>(InvalidInternalAddress::Shape { form: "BBBB-UU-FF-AA" })
        );
        #[cfg(feature = "phone")]
        assert_eq!("044 668 18 00".parse(), Err::<Phone, _>(InvalidPhone::CountryCode));
    }
}
