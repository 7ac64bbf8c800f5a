//! The preferences of a caller: the `Prefer` header, RFC 7240.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use contacts_domain::upsert::Handling;

pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The known preferences. Unknown ones and unknown values are ignored (RFC 7240 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preferences {
    returns: Option<Return>,
    handling: Option<Handling>,
}

/// How much of a contact an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Return {
    Minimal,
    Representation,
}

impl Preferences {
    /// The preferences of a request; the first of each counts.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let (mut returns, mut handling) = (None, None);
        let texts = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        for preference in texts.flat_map(|text| split_unquoted(text, ',')) {
            let Some((name, value)) = name_and_value(preference) else { continue };
            match name.as_str() {
                "return" => returns.get_or_insert(value),
                "handling" => handling.get_or_insert(value),
                _ => continue,
            };
        }
        Self {
            returns: match returns.as_deref() {
                Some("minimal") => Some(Return::Minimal),
                Some("representation") => Some(Return::Representation),
                _ => None,
            },
            handling: match handling.as_deref() {
                Some("strict") => Some(Handling::Strict),
                Some("lenient") => Some(Handling::Lenient),
                _ => None,
            },
        }
    }

    /// Whether warnings refuse an item.
    pub(crate) fn handling(self) -> Handling {
        self.handling.unwrap_or_default()
    }

    /// Whether the answer leaves the contacts out.
    pub(crate) fn is_minimal(self) -> bool {
        self.returns == Some(Return::Minimal)
    }

    /// The value of `Preference-Applied`, if a preference was applied.
    pub(crate) fn applied(self) -> Option<HeaderValue> {
        let returns = self.returns.map(|returns| match returns {
            Return::Minimal => "return=minimal",
            Return::Representation => "return=representation",
        });
        let handling = self.handling.map(|handling| match handling {
            Handling::Strict => "handling=strict",
            Handling::Lenient => "handling=lenient",
        });
        let applied: Vec<&str> = returns.into_iter().chain(handling).collect();
        HeaderValue::from_str(&applied.join(", ")).ok().filter(|value| !value.is_empty())
    }
}

/// The name, in lower case, and the value of a preference, without its parameters.
fn name_and_value(preference: &str) -> Option<(String, String)> {
    let main = split_unquoted(preference, ';').next()?;
    let (name, value) = main.split_once('=').unwrap_or((main, ""));
    let name = name.trim().to_ascii_lowercase();
    (!name.is_empty()).then(|| (name, unquoted(value.trim())))
}

/// The text of a token or a quoted string (RFC 9110 §5.6.4).
fn unquoted(word: &str) -> String {
    let Some(quoted) = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return word.to_owned();
    };
    let mut escaped = false;
    quoted
        .chars()
        .filter(|&char| {
            escaped = char == '\\' && !escaped;
            !escaped
        })
        .collect()
}

/// Splits at separators outside quoted strings.
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |char| {
        let splits = char == separator && !quoted;
        quoted ^= char == '"' && !escaped;
        escaped = char == '\\' && quoted && !escaped;
        splits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(sent: &[&'static str]) -> String {
        let headers = sent.iter().map(|text| (PREFER, HeaderValue::from_static(text)));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        let applied = Preferences::of(&map).applied();
        applied.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn preferences_are_read_in_every_spelling() {
        for sent in [
            &["return=minimal, handling=strict"][..],
            &["handling=strict", "return=minimal"],
            &["Return = minimal;x=y,HANDLING=\"strict\""],
            &["return=\"min\\imal\"; a=\"b,c;d\", handling=strict"],
            &["respond-async, wait=10, return=minimal", "handling=strict; foo"],
        ] {
            assert_eq!(applied(sent), "return=minimal, handling=strict", "{sent:?}");
        }
    }

    #[test]
    fn first_value_of_a_preference_counts() {
        assert_eq!(applied(&["return=representation, return=minimal"]), "return=representation");
        assert_eq!(applied(&["return=x", "return=minimal"]), "");
    }

    #[test]
    fn unknown_or_malformed_preferences_are_ignored() {
        for sent in [
            "",
            ",",
            "=",
            "return",
            "return=",
            "return=tiny",
            "\"return=minimal",
            "a=b;return=minimal",
        ] {
            assert_eq!(applied(&[sent]), "", "{sent}");
        }
        assert!(!Preferences::default().is_minimal());
        assert_eq!(Preferences::default().handling(), Handling::Lenient);
    }
}
