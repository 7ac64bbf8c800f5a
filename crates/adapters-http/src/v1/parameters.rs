//! The parameters of a request: of its query, and of other places that say the same.

pub(crate) mod cursor;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::word::{Word, did_you_mean};
use crate::problem::{Kind, Problem, cut};
use crate::request::authorized::organization;

/// How much of a value is quoted, in characters.
const MAX_VALUE: usize = 100;

/// The parameters of a request. A handler takes each that it knows by its name, and then ends the
/// reading, which refuses the others.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    given: Vec<(String, String)>,
    /// The names that were asked for.
    known: Vec<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(parts.uri.query().unwrap_or_default())
    }
}

/// A request that has no parameters, but the organization.
pub(crate) struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Parameters::from_request_parts(parts, state).await?.end()?;
        Ok(Self)
    }
}

impl Parameters {
    /// Those of a query.
    pub(crate) fn of(query: &str) -> Result<Self, Problem> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // What is not UTF-8 was replaced by this character.
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                let detail = format!("the parameter {} is not UTF-8", cut(&name, MAX_VALUE));
                return Err(Problem::new(Kind::BadParameter, detail));
            }
            parameters.add(name, value);
        }
        Ok(parameters)
    }

    /// Adds a parameter that was given elsewhere. Where it was given before, it has to be the same.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.given.push((name.into(), value.into()));
    }

    /// The value of a parameter, as `read` reads it. Refuses one that is given twice with different
    /// values, or that cannot be read: the error says what it has to be.
    pub(crate) fn take<T: PartialEq>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        self.known.push(name);
        let mut taken = None;
        for (_, text) in self.given.extract_if(.., |(given, _)| given == name) {
            let value = read(&text).map_err(|expected| {
                Problem::new(Kind::BadParameter, format!("{name} has to be {expected}"))
            })?;
            if taken.as_ref().is_some_and(|taken| *taken != value) {
                let detail = format!("{name} is given twice, with different values");
                return Err(Problem::new(Kind::BadParameter, detail));
            }
            taken = Some(value);
        }
        Ok(taken)
    }

    /// A text of that many characters.
    pub(crate) fn text(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<String>, Problem> {
        let expected = format!("a text of {} to {} characters", length.start(), length.end());
        self.take(name, |text| {
            let fits = length.contains(&text.chars().count());
            if fits { Ok(text.to_owned()) } else { Err(expected.clone()) }
        })
    }

    /// A whole number in that range.
    pub(crate) fn whole(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Problem> {
        self.take(name, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number
                .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
        })
    }

    /// One word of a closed list.
    pub(crate) fn word<W: Word>(&mut self, name: &'static str) -> Result<Option<W>, Problem> {
        self.take(name, word)
    }

    /// Words of a closed list, between commas, each at most once.
    pub(crate) fn words<W: Word>(&mut self, name: &'static str) -> Result<Option<Vec<W>>, Problem> {
        self.take(name, |text| {
            let mut words = Vec::new();
            for text in text.split(',') {
                let word: W = word(text.trim())?;
                if words.contains(&word) {
                    return Err(format!(
                        "a list without repetition; {} comes twice",
                        word.as_str()
                    ));
                }
                words.push(word);
            }
            Ok(words)
        })
    }

    /// Refuses what was not taken.
    pub(crate) fn end(mut self) -> Result<(), Problem> {
        self.known.push(organization::ORGANIZATION);
        let is_unknown = |name: &String| !self.known.contains(&name.as_str());
        let Some(name) = self.given.iter().map(|(name, _)| name).find(|name| is_unknown(name))
        else {
            return Ok(());
        };
        self.known.sort_unstable();
        let proposal = proposal(name, &self.known);
        let (name, known) = (cut(name, MAX_VALUE), self.known.join(", "));
        let detail = format!("there is no parameter {name}{proposal}; there are {known}");
        Err(Problem::new(Kind::BadParameter, detail))
    }
}

fn word<W: Word>(text: &str) -> Result<W, String> {
    W::parse(text).ok_or_else(|| {
        let words: Vec<_> = W::ALL.iter().map(|word| word.as_str()).collect();
        let (sent, proposal) = (cut(text, MAX_VALUE), proposal(text, &words));
        format!("one of {}, not {sent:?}{proposal}", words.join(", "))
    })
}

fn proposal(sent: &str, known: &[&'static str]) -> Cow<'static, str> {
    match did_you_mean(sent, known) {
        Some(word) => format!("; did you mean {word}?").into(),
        None => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::upsert::Key;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Example {
        keys: Option<Vec<Key>>,
        limit: Option<i64>,
        dry_run: Option<bool>,
    }

    fn read(query: &str) -> Result<Example, Problem> {
        let mut parameters = Parameters::of(query)?;
        let read = Example {
            keys: parameters.words("matchBy")?,
            limit: parameters.whole("limit", 1..=1_000)?,
            dry_run: parameters.word("dryRun")?,
        };
        parameters.end()?;
        Ok(read)
    }

    #[test]
    fn parameters_are_read_by_name() {
        let query = "matchBy=externalId,%20email&limit=50&organization=1&dryRun=true";
        let keys = Some(vec![Key::ExternalId, Key::Email]);
        let all = Example { keys, limit: Some(50), dry_run: Some(true) };
        assert_eq!(read(query).unwrap(), all);
        let once = Example { limit: Some(7), ..Example::default() };
        assert_eq!(read("limit=7&limit=7").unwrap(), once);
        assert_eq!(read("").unwrap(), Example::default());
    }

    #[test]
    fn refusal_names_what_is_allowed() {
        for (query, detail) in [
            (
                "matchBy=externalID",
                "matchBy has to be one of id, linkId, externalId, email, phone, vatNumber, not \
                 \"externalID\"; did you mean externalId?",
            ),
            ("matchBy=id,id", "matchBy has to be a list without repetition; id comes twice"),
            ("dryRun=", "dryRun has to be one of true, false, not \"\""),
            ("limit=0", "limit has to be a whole number from 1 to 1000"),
            ("limit=1.0", "limit has to be a whole number from 1 to 1000"),
            ("limit=1&limit=2", "limit is given twice, with different values"),
            (
                "limt=1",
                "there is no parameter limt; did you mean limit?; there are dryRun, limit, \
                 matchBy, organization",
            ),
            ("limit=%ff", "the parameter limit is not UTF-8"),
        ] {
            let refusal = format!("{:?}", read(query).unwrap_err());
            assert!(refusal.contains(&format!("{detail:?}")), "{refusal}");
        }
    }
}
