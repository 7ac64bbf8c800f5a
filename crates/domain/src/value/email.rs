//! E-mail addresses.

use std::borrow::Cow;

use email_address::EmailAddress;
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use thiserror::Error;

use super::digits::all_digits;
use super::host::ascii_domain;
use super::invisible::visible;

/// The longest address, in octets: a path of 256 has angle brackets around it (RFC 5321, section
/// 4.5.3.1.3, erratum 1690).
const MAX_OCTETS: usize = 254;

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

/// Exactly one e-mail address (RFC 5321, internationalised by RFC 6531), in normal form.
///
/// The local part is a dot-atom or quoted, the domain has at least two LDH or IDN labels; the
/// last one not all digits; there is no display name and no domain literal. The normal form is
/// trimmed, without invisible characters, NFC and lower case, its domain in ASCII (punycode): two
/// spellings of one address are equal.
///
/// ```
/// use contacts_domain::value::Email;
///
/// let email = Email::parse(" Info@Zürich.ch ")?;
/// assert_eq!(email.as_str(), "info@xn--zrich-kva.ch");
/// # Ok::<(), contacts_domain::value::InvalidEmail>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(Box<str>);

/// The text is not one e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidEmail {
    /// Longer than an address can be.
    #[error("an e-mail address must not be longer than {MAX_OCTETS} octets")]
    TooLong,
    /// There is no `@`.
    #[error("an e-mail address must have an @")]
    NoAt,
    /// A name or angle brackets around the address.
    #[error("an e-mail address must stand alone, without a name or angle brackets")]
    DisplayName,
    /// The part before the `@` is wrong.
    #[error(
        "the part of an e-mail address before the @ must be up to 64 letters, digits and signs, \
         with single dots inside, or quoted"
    )]
    LocalPart,
    /// The part after the `@` is wrong.
    #[error(
        "the part of an e-mail address after the @ must be a domain name of at least two labels"
    )]
    Domain,
}

impl Email {
    /// Reads one address; white space around it is ignored.
    ///
    /// # Errors
    ///
    /// The first part that is wrong, as an [`InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = visible(text);
        let text = text.trim();
        if text.len() > 4 * MAX_OCTETS {
            return Err(InvalidEmail::TooLong);
        }
        if text.ends_with('>') {
            return Err(InvalidEmail::DisplayName);
        }
        // The normal form is what is stored, so the checks apply to it.
        let lower = lower_case_nfc(text);
        let (local_part, domain) = lower.rsplit_once('@').ok_or(InvalidEmail::NoAt)?;
        if !EmailAddress::is_valid_local_part(local_part) {
            return Err(InvalidEmail::LocalPart);
        }
        let domain = ascii_domain(domain).ok_or(InvalidEmail::Domain)?;
        if domain.rsplit('.').next().is_some_and(all_digits) {
            return Err(InvalidEmail::Domain);
        }
        let normal = match domain {
            Cow::Borrowed(_) => lower,
            Cow::Owned(domain) => format!("{local_part}@{domain}"),
        };
        if normal.len() > MAX_OCTETS {
            return Err(InvalidEmail::TooLong);
        }
        Ok(Self(normal.into_boxed_str()))
    }

    /// The address in normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(Email: InvalidEmail, by parse and as_str);

fn lower_case_nfc(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = NFC.normalize(text).to_lowercase();
    // The lower case of a composed letter can be a decomposed one.
    NFC.normalize(&lower).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_normalized() {
        for (text, normal) in [
            ("anna@example.ch", "anna@example.ch"),
            ("\t Anna.Muster@Example.CH \n", "anna.muster@example.ch"),
            ("a+b/c=d!#$%&'*?^_`{|}~-@example.ch", "a+b/c=d!#$%&'*?^_`{|}~-@example.ch"),
            ("\"Anna @ Home\"@example.ch", "\"anna @ home\"@example.ch"),
            ("\"a\\\"b\"@example.ch", "\"a\\\"b\"@example.ch"),
            ("info@Zürich.ch", "info@xn--zrich-kva.ch"),
            ("info@zu\u{308}rich.ch", "info@xn--zrich-kva.ch"),
            ("JOSE\u{301}@example.ch", "josé@example.ch"),
            ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d"),
            ("a@b.c", "a@b.c"),
            ("परीक्ष@example.ch", "परीक्ष@example.ch"),
            ("\u{feff}an\u{200b}na@exam\u{ad}ple.ch", "anna@example.ch"),
        ] {
            let email = Email::parse(text);
            assert_eq!(email.as_ref().map(Email::as_str), Ok(normal), "{text:?}");
            assert_eq!(Email::parse(normal), email, "{text:?} is not stable");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidEmail::{DisplayName, Domain, LocalPart, NoAt};
        for (text, error) in [
            ("", NoAt),
            ("anna", NoAt),
            ("anna.example.ch", NoAt),
            ("@example.ch", LocalPart),
            ("anna@", Domain),
            (".anna@example.ch", LocalPart),
            ("anna.@example.ch", LocalPart),
            ("an..na@example.ch", LocalPart),
            ("an na@example.ch", LocalPart),
            ("anna@home@example.ch", LocalPart),
            ("\"anna@example.ch", LocalPart),
            ("\"\"@example.ch", LocalPart),
            ("\"a\"b\"@example.ch", LocalPart),
            ("\u{200b}@example.ch", LocalPart),
            ("anna@192.168.0.1", Domain),
            ("anna@example.123", Domain),
            ("a@example.ch, b@example.ch", LocalPart),
            ("a@example.ch;b@example.ch", LocalPart),
            ("mailto:anna@example.ch", LocalPart),
            ("anna@localhost", Domain),
            ("anna@example.ch.", Domain),
            ("anna@[127.0.0.1]", Domain),
            ("anna@-example.ch", Domain),
            ("anna@exa_mple.ch", Domain),
            ("anna@example .ch", Domain),
            ("anna@example.ch (work)", Domain),
            ("Anna <anna@example.ch>", DisplayName),
            ("<anna@example.ch>", DisplayName),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_octets() {
        let local_part = "a".repeat(64);
        let domain = |labels: usize| format!("{}ch", "abcdefgh.".repeat(labels));
        let longest = format!("{local_part}@{}", domain(20));
        assert_eq!(longest.len(), 247);
        assert!(Email::parse(&longest).is_ok());
        let too_long = format!("{local_part}@{}", domain(21));
        assert_eq!(Email::parse(&too_long), Err(InvalidEmail::TooLong));
        assert_eq!(Email::parse(&format!("a{longest}")), Err(InvalidEmail::LocalPart));

        assert_eq!(Email::parse(&"ä".repeat(508)), Err(InvalidEmail::NoAt));
        assert_eq!(Email::parse(&"ä".repeat(509)), Err(InvalidEmail::TooLong));
    }

    proptest! {
        #[test]
        fn normal_form_is_stable(text in "\\PC{1,6}@\\PC{1,6}\\.\\PC{1,6}|[a-zA-ZÀ-ž\u{300}-\u{310}İẞ.-]{1,6}@[a-zA-ZÀ-žİẞ.-]{3,9}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
