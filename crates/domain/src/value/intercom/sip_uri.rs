//! SIP addresses of intercom endpoints.

use std::net::Ipv4Addr;

use thiserror::Error;

use crate::value::host::is_port;

/// A SIP URI (RFC 3261) in the form that intercom endpoints use: `sip:user@host`, optionally with a port.
///
/// The host is an IPv4 address or a dotted name of at least two labels; there are no parameters.
///
/// ```
/// use contacts_domain::value::SipUri;
///
/// assert_eq!(SipUri::parse("sip:door-1@10.0.0.5:5060")?.as_str(), "sip:door-1@10.0.0.5:5060");
/// # Ok::<(), contacts_domain::value::InvalidSipUri>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SipUri(Box<str>);

/// The text is not a SIP URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidSipUri {
    /// Doesn't begin with `sip:`.
    #[error("a SIP URI must begin with sip: in lower case")]
    Scheme,
    /// Begins with `sips:`.
    #[error("a SIP URI must begin with sip:, not with sips:")]
    Secure,
    /// Has parameters or headers.
    #[error("a SIP URI must have no parameters or headers: leave out what begins with ; or ?")]
    Parameters,
    /// The part before the `@` is wrong.
    #[error("the user of a SIP URI must be letters, digits, +, ., _ or -, followed by an @")]
    User,
    /// The part after the `@` is wrong.
    #[error("the host of a SIP URI must be an IPv4 address or a name of at least two labels")]
    Host,
    /// The part after the last colon is wrong.
    #[error("the port of a SIP URI must be from 1 to 65535")]
    Port,
}

impl SipUri {
    /// Whether the text is meant to be a SIP URI, however its scheme is written.
    pub(super) fn is_meant(text: &str) -> bool {
        text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("sip"))
    }

    /// Reads a SIP URI as written: nothing is trimmed.
    ///
    /// # Errors
    ///
    /// The first part that is wrong, as an [`InvalidSipUri`].
    pub fn parse(text: &str) -> Result<Self, InvalidSipUri> {
        if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:")) {
            return Err(InvalidSipUri::Secure);
        }
        let rest = text.strip_prefix("sip:").ok_or(InvalidSipUri::Scheme)?;
        let (user, authority) = rest.split_once('@').ok_or(InvalidSipUri::User)?;
        if authority.contains([';', '?']) {
            return Err(InvalidSipUri::Parameters);
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if !is_user(user) {
            return Err(InvalidSipUri::User);
        }
        if host.parse::<Ipv4Addr>().is_err() && !is_dotted_name(host) {
            return Err(InvalidSipUri::Host);
        }
        if !port.is_none_or(is_port) {
            return Err(InvalidSipUri::Port);
        }
        Ok(Self(text.into()))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(SipUri: InvalidSipUri, by parse and as_str);

fn is_user(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'_' | b'-'))
}

/// At least two labels, the last one starting with a letter, so that it can't be mistaken for an
/// IPv4 address.
fn is_dotted_name(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(parents, last)| {
        parents.split('.').all(is_label)
            && is_label(last)
            && last.starts_with(|first: char| first.is_ascii_alphabetic())
    })
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_uris_are_read() {
        for text in [
            "sip:anna@example.ch",
            "sip:door-1.left_A+b@sip.example.ch",
            "sip:1@10.0.0.5",
            "sip:1@10.0.0.5:1",
            "sip:1@example.ch:65535",
            "sip:1@3com.example.c0m",
            "sip:1@a-b--c.d",
            "sip:-@A.B",
        ] {
            assert_eq!(SipUri::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidSipUri::{Host, Parameters, Port, Scheme, Secure, User};
        for (text, error) in [
            ("", Scheme),
            ("anna@example.ch", Scheme),
            ("SIP:anna@example.ch", Scheme),
            ("sips:anna@example.ch", Secure),
            (" sip:anna@example.ch", Scheme),
            ("sip:example.ch", User),
            ("sip:@example.ch", User),
            ("sip:an na@example.ch", User),
            ("sip:anna:secret@example.ch", User),
            ("sip:änna@example.ch", User),
            ("sip:１@example.ch", User),
            ("sip:anna@", Host),
            ("sip:anna@localhost", Host),
            ("sip:anna@example.ch.", Host),
            ("sip:anna@.example.ch", Host),
            ("sip:anna@example..ch", Host),
            ("sip:anna@-example.ch", Host),
            ("sip:anna@example-.ch", Host),
            ("sip:anna@example.ch-", Host),
            ("sip:anna@exa_mple.ch", Host),
            ("sip:anna@zürich.ch", Host),
            ("sip:anna@example.1ch", Host),
            ("sip:anna@home@example.ch", Host),
            ("sip:anna@example.ch;transport=tcp", Parameters),
            ("sip:anna@example.ch:5060;transport=tcp", Parameters),
            ("sip:anna@example.ch?subject=door", Parameters),
            ("sip:anna@example.ch ", Host),
            ("sip:anna@10.0.0", Host),
            ("sip:anna@10.0.0.256", Host),
            ("sip:anna@10.0.0.05", Host),
            ("sip:anna@10.0.0.5.1", Host),
            ("sip:anna@[::1]", Host),
            ("sip:anna@example.ch:", Port),
            ("sip:anna@example.ch:0", Port),
            ("sip:anna@example.ch:65536", Port),
            ("sip:anna@example.ch:+80", Port),
            ("sip:anna@example.ch:80:80", Port),
            ("sip:anna@10.0.0.5:٥", Port),
        ] {
            assert_eq!(SipUri::parse(text), Err(error), "{text:?}");
        }
    }
}
