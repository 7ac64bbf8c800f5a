//! The preferences of a caller: the `Prefer` header, RFC 7240.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use contacts_domain::upsert::Handling;

use crate::problem::detail::Details;
use crate::problem::{Kind, Problem};

pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

const DRY_RUN: &str = "dry-run";

/// The known preferences. Unknown ones and unknown values are ignored (RFC 7240 §2), but what may be
/// meant as `dry-run` is refused: ignored, it would be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preferences {
    returns: Option<Return>,
    handling: Handling,
    details: Details,
    /// Whether nothing is stored.
    pub(crate) dry_run: bool,
}

/// How much of a contact an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Return {
    Minimal,
    Representation,
}

impl Return {
    fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Representation => "representation",
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Preferences {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl Preferences {
    /// The preferences of a request; the first of each counts.
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let (mut returns, mut handling, mut detail, mut dry_run) = (None, None, None, false);
        for header in headers.get_all(PREFER) {
            let text = String::from_utf8_lossy(header.as_bytes());
            for preference in split_unquoted(&text, ',') {
                let mut parts = split_unquoted(preference, ';');
                let (name, value) = name_and_value(parts.next().unwrap_or_default());
                if name == DRY_RUN && matches!(value.as_str(), "" | "true") {
                    dry_run = true;
                } else if resembles_dry_run(&name) {
                    return Err(unclear_dry_run());
                }
                if parts.any(|parameter| resembles_dry_run(&name_and_value(parameter).0)) {
                    return Err(unclear_dry_run());
                }
                match name.to_ascii_lowercase().as_str() {
                    "return" => returns.get_or_insert(value),
                    "handling" => handling.get_or_insert(value),
                    "detail" => detail.get_or_insert(value),
                    _ => continue,
                };
            }
        }
        Ok(Self {
            returns: match returns.as_deref() {
                Some("minimal") => Some(Return::Minimal),
                Some("representation") => Some(Return::Representation),
                _ => None,
            },
            handling: match handling.as_deref() {
                Some("strict") => Handling::Strict,
                Some("lenient") => Handling::Lenient,
                _ => Handling::Standard,
            },
            details: match detail.as_deref() {
                Some("full") => Details::Full,
                _ => Details::OfContract,
            },
            dry_run,
        })
    }

    /// These without those that only an ERP batch takes.
    pub(crate) fn dry_run_alone(self) -> Self {
        Self { dry_run: self.dry_run, ..Self::default() }
    }

    /// Gives each preference that an option of the native batch repeats, by the option's name.
    pub(crate) fn as_options(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let returns = self.returns.map(|returns| ("return", returns.as_str()));
        let handling = match self.handling {
            Handling::Standard => None,
            Handling::Strict => Some(("handling", "strict")),
            Handling::Lenient => Some(("handling", "lenient")),
        };
        let dry_run = self.dry_run.then_some(("dryRun", "true"));
        [returns, handling, dry_run].into_iter().flatten()
    }

    /// These without those that only a batch takes.
    pub(crate) fn of_one_contact(self) -> Self {
        Self { returns: None, ..self }
    }

    /// These without what is told of violations: the native API always tells all.
    pub(crate) fn without_details(self) -> Self {
        Self { details: Details::default(), ..self }
    }

    /// How items with violations are handled.
    pub(crate) fn handling(self) -> Handling {
        self.handling
    }

    /// Whether the answer leaves the contacts out.
    pub(crate) fn is_minimal(self) -> bool {
        self.returns == Some(Return::Minimal)
    }

    /// What the answer tells of a violation.
    pub(crate) fn details(self) -> Details {
        self.details
    }

    /// Whether the answer about one contact shows what changes: a dry run in full.
    pub(crate) fn shows_changes(self) -> bool {
        self.dry_run && self.details == Details::Full
    }

    /// Adds `Preference-Applied` to an answer, if a preference was applied.
    pub(crate) fn note<B>(self, mut response: Response<B>) -> Response<B> {
        let options = self.as_options().filter(|(name, _)| *name != "dryRun");
        let options = options.map(|(name, value)| format!("{name}={value}"));
        let detail = (self.details == Details::Full).then(|| "detail=full".to_owned());
        let dry_run = self.dry_run.then(|| DRY_RUN.to_owned());
        let applied: Vec<String> = options.chain(detail).chain(dry_run).collect();
        if !applied.is_empty()
            && let Ok(value) = HeaderValue::from_str(&applied.join(", "))
        {
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
        response
    }
}

fn resembles_dry_run(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).eq("dryrun".chars())
}

fn unclear_dry_run() -> Problem {
    let detail = "the header Prefer seems to ask for a dry run; write it as the preference `dry-run`, \
                  between commas, without a value";
    Problem::new(Kind::BadHeader, detail)
}

/// The name and the value of a preference or a parameter.
fn name_and_value(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.trim().to_owned(), unquoted(value.trim()))
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

    fn preferences(sent: &[&'static str]) -> Result<Preferences, Problem> {
        let mut headers = HeaderMap::new();
        for text in sent {
            headers.append(PREFER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        }
        Preferences::of(&headers)
    }

    fn applied(sent: &[&'static str]) -> String {
        let response = preferences(sent).unwrap().note(Response::new(()));
        let applied = response.headers().get(PREFERENCE_APPLIED);
        applied.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn preferences_are_read_in_every_spelling() {
        for sent in [
            &["return=minimal, handling=strict, detail=full, dry-run"][..],
            &["dry-run", "detail=full", "handling=strict", "return=minimal"],
            &["Return = minimal;x=y,HANDLING=\"strict\", Detail=full, dry-run=true"],
            &["return=\"min\\imal\"; a=\"b,c;d\", handling=strict, dry-run=\"\", detail=full"],
            &[
                "respond-async, wait=10, return=minimal, dry-run; \u{e9}",
                "handling=strict; foo, detail=full",
            ],
        ] {
            let all = "return=minimal, handling=strict, detail=full, dry-run";
            assert_eq!(applied(sent), all, "{sent:?}");
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
            "detail=none",
            "dry",
        ] {
            assert_eq!(applied(&[sent]), "", "{sent}");
        }
        assert!(!Preferences::default().is_minimal());
        assert_eq!(Preferences::default().handling(), Handling::Standard);
    }

    #[test]
    fn what_resembles_dry_run_is_refused() {
        for sent in [
            "dryrun",
            "Dry-Run",
            "DRY_RUN",
            "dry_run=true",
            "dry--run",
            "dry run",
            "\"dry-run\"",
            "dry-run=false",
            "dry-run=1",
            "dry-run, dryrun",
            "return=minimal; dry-run",
            "dry-run; dry_run",
        ] {
            assert!(preferences(&[sent]).is_err(), "{sent}");
        }
    }
}
