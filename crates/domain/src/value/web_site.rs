//! Web sites.

use thiserror::Error;
use url::Url;

use super::host::{ascii_domain, is_port};

/// A web site as people write it: an absolute `http` or `https` URL (WHATWG URL), or a host name
/// of at least two labels with an optional port and path.
///
/// The normal form is the text as written, trimmed.
///
/// ```
/// use contacts_domain::value::WebSite;
///
/// assert_eq!(WebSite::parse(" www.example.ch/shop ")?.as_str(), "www.example.ch/shop");
/// assert!(WebSite::parse("https://www.example.ch/?q=1").is_ok());
/// assert!(WebSite::parse("ask reception").is_err());
/// # Ok::<(), contacts_domain::value::InvalidWebSite>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebSite(Box<str>);

/// The text is not a web site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a web site must be a URL with http or https, or a host name of at least two labels")]
pub struct InvalidWebSite;

impl WebSite {
    /// Reads a web site; white space around it is ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidWebSite`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidWebSite> {
        let text = text.trim();
        if is_http_url(text) || begins_with_host(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidWebSite)
        }
    }

    /// The web site as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(WebSite: InvalidWebSite, by parse and as_str);

fn is_http_url(text: &str) -> bool {
    // The URL standard drops line breaks and adds missing slashes; this rule allows neither.
    !has_gaps(text)
        && text.split_once("://").is_some_and(|(scheme, rest)| {
            ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
                && !rest.starts_with(['/', '\\'])
        })
        && Url::parse(text).is_ok()
}

fn begins_with_host(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    !has_gaps(text) && ascii_domain(host).is_some() && port.is_none_or(is_port)
}

fn has_gaps(text: &str) -> bool {
    text.chars().any(|character| character.is_whitespace() || character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_host_names_are_read() {
        for text in [
            "http://example.ch",
            "https://www.example.ch/shop?a=b#c",
            "HTTPS://WWW.EXAMPLE.CH",
            "https://zürich.ch/gärten",
            "https://user@example.ch:8443/",
            "http://localhost:8080",
            "http://192.168.1.10/",
            "http://[2001:db8::1]/",
            "example.ch",
            "www.example.ch/shop",
            "www.example.ch?lang=de",
            "www.example.ch:8080/shop",
            "www.example.ch/go?to=https://example.com",
            "zürich.ch",
        ] {
            let site = WebSite::parse(text);
            assert_eq!(site.as_ref().map(WebSite::as_str), Ok(text));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            " ",
            "none",
            "localhost",
            "http://",
            "https:///example.ch",
            "http:example.ch",
            "ftp://example.ch",
            "javascript:alert(1)",
            "mailto:anna@example.ch",
            "anna@example.ch",
            "//example.ch",
            "/shop",
            "example .ch",
            "www.example.ch/my shop",
            "https://exam\nple.ch",
            "https://exa mple.ch",
            "https://example.ch:99999",
            "example.ch:",
            "example.ch:0",
            "example.ch:http",
            "-example.ch",
            "exa_mple.ch",
            "www..ch",
        ] {
            assert_eq!(WebSite::parse(text), Err(InvalidWebSite), "{text:?}");
        }
    }
}
