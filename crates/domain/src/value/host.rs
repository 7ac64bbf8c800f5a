//! Host names (RFC 5890, UTS #46) and ports.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::digits::all_digits;

static UTS46: Uts46 = Uts46::new();

/// The ASCII (punycode), lower-case form of a domain name of at least two labels.
///
/// Labels are LDH or IDN, without hyphens at their ends, up to 63 octets each and 253 together
/// (RFC 1035). No trailing dot. Borrows if the text is already in that form.
pub(super) fn ascii_domain(text: &str) -> Option<Cow<'_, str>> {
    UTS46
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()
        .filter(|domain| domain.contains('.'))
}

/// Whether the text is a port number, 1 to 65535, written without leading zeros.
pub(super) fn is_port(text: &str) -> bool {
    all_digits(text) && !text.starts_with('0') && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_names_become_lower_case_ascii() {
        for (text, ascii) in [
            ("example.ch", "example.ch"),
            ("Mail.EXAMPLE.ch", "mail.example.ch"),
            ("zürich.ch", "xn--zrich-kva.ch"),
            ("zu\u{308}rich.ch", "xn--zrich-kva.ch"),
            ("XN--ZRICH-KVA.ch", "xn--zrich-kva.ch"),
            ("r3---sn-4g5.example.ch", "r3---sn-4g5.example.ch"),
            ("3m.com", "3m.com"),
        ] {
            assert_eq!(ascii_domain(text).as_deref(), Some(ascii), "{text:?}");
        }
    }

    #[test]
    fn normal_domain_name_is_borrowed() {
        assert!(matches!(ascii_domain("mail.example.ch"), Some(Cow::Borrowed(_))));
    }

    #[test]
    fn other_texts_are_refused() {
        let long_label = format!("{}.ch", "a".repeat(64));
        let long_name = format!("{}ch", "abcdefgh.".repeat(28));
        for text in [
            "",
            ".",
            "localhost",
            "example.ch.",
            ".example.ch",
            "example..ch",
            "-example.ch",
            "example-.ch",
            "exa_mple.ch",
            "exa mple.ch",
            "example.ch\0",
            "[127.0.0.1]",
            "xn--a-ä.ch",
            "xn--999999999.ch",
            &long_label,
            &long_name,
        ] {
            assert_eq!(ascii_domain(text), None, "{text:?}");
        }
    }

    #[test]
    fn ports_lie_between_1_and_65535() {
        for port in ["1", "80", "5060", "65535"] {
            assert!(is_port(port), "{port:?}");
        }
        for other in ["", "0", "080", "65536", "+80", "-1", "8o", "٨٠"] {
            assert!(!is_port(other), "{other:?}");
        }
    }
}
