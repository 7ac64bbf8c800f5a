//! Texts, kept as sent.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::At;
use crate::rule::{Rule, Severity};
use crate::value::{ParseCache, fold};
use crate::violation::{Fix, Violation};

/// A text as sent; the type parameter names its kind.
///
/// Reading never fails on content: a `Text<Email>` can hold any text. The rules check later whether
/// it is an e-mail address, and report all violations of a contact together. So a stricter rule
/// makes no stored contact unreadable.
///
/// ```
/// use contacts_domain::{tree::Text, value::Email};
/// let text: Text<Email> = "not an address".into();
/// assert_eq!(text.as_str(), "not an address");
/// assert!(Email::parse(&text).is_err());
/// ```
pub struct Text<T> {
    /// Up to 24 bytes lie in the struct itself: most texts of a contact are shorter.
    text: CompactString,
    kind: PhantomData<fn() -> T>,
}

/// A type that names a kind of [`Text`].
pub trait TextValue: 'static {
    /// The kind.
    const KIND: TextKind;

    /// What is the same for all spellings of a text, and blank for a blank one.
    fn fold(text: &str) -> String {
        fold(text)
    }
}

/// The normal form of a value: what is the same in all of its spellings and in no other value.
pub(crate) type NormalForm = fn(&str, &mut ParseCache) -> Option<String>;

/// The most characters of a free text.
pub(crate) const MAX_FREE_TEXT: usize = 10_000;

/// The name, limit and rule of a kind of text.
#[derive(Debug)]
pub struct TextKind {
    /// The name in messages.
    pub name: &'static str,
    /// The most characters it may have.
    pub max_chars: usize,
    /// The rule that holds for each text of this kind, with its function.
    pub(crate) check: Option<(Rule, TextCheck)>,
    /// Whether it is free text, which may hold line breaks and other invisible characters.
    pub(crate) is_free: bool,
    /// Whether a blank text counts as null, as it does in keys and in every text with a rule.
    pub blank_is_null: bool,
    /// The allowed texts, where the list is closed.
    pub allowed: &'static [&'static str],
    /// The normal form, where a value has several spellings.
    pub(crate) normal_form: Option<NormalForm>,
}

/// A rule about one text.
pub(crate) type TextCheck = fn(&'static TextKind, &str, &mut ParseCache) -> Result<(), RuleError>;

/// What is wrong with a value, in a sentence, and the correction, where it is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleError {
    /// The sentence.
    pub(crate) message: String,
    /// What the value means all the same. A value with one certain meaning refuses nothing.
    pub(crate) meaning: Option<Meaning>,
}

/// What a value certainly means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A text that is stored in its place.
    Stored(String),
    /// Null, which is stored in its place.
    Null,
    /// A text that it is read as. It is stored as sent.
    ReadAs(String),
}

impl TextKind {
    /// The rule that holds for each text of this kind.
    pub fn rule(&self) -> Option<Rule> {
        self.check.map(|(rule, _)| rule)
    }

    /// A kind of at most that many characters with a rule.
    pub(crate) const fn checked(
        name: &'static str,
        max_chars: usize,
        rule: Rule,
        check: TextCheck,
    ) -> Self {
        Self { check: Some((rule, check)), ..Self::unchecked(name, max_chars) }
    }

    /// The same kind with a normal form.
    pub(crate) const fn spelled(self, normal_form: NormalForm) -> Self {
        Self { normal_form: Some(normal_form), ..self }
    }

    /// A kind of at most that many characters without a rule, of which a blank text counts as null.
    pub(crate) const fn unchecked(name: &'static str, max_chars: usize) -> Self {
        Self {
            name,
            max_chars,
            check: None,
            is_free: false,
            blank_is_null: true,
            allowed: &[],
            normal_form: None,
        }
    }
}

impl RuleError {
    /// An error of a value without a certain meaning.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), meaning: None }
    }

    /// The same of a value that may have a certain meaning.
    pub(crate) fn meaning(mut self, meaning: Option<Meaning>) -> Self {
        self.meaning = meaning;
        self
    }

    /// The violation of `rule` by the value at that path.
    pub(crate) fn at(self, rule: Rule, at: &At<'_>, value: &str) -> Violation {
        let mut violation = Violation::new(rule, at.path(), value, self.message);
        if let Some(meaning) = self.meaning {
            let value = match meaning {
                Meaning::Stored(text) | Meaning::ReadAs(text) => Some(text),
                Meaning::Null => None,
            };
            violation.severity = Severity::Warning;
            violation.fix = Some(Fix::Replace { path: violation.path.clone(), value });
        }
        violation
    }
}

impl<E: std::error::Error> From<E> for RuleError {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

/// Free text: kept as sent, blank or not.
#[derive(Debug)]
pub struct Free;

impl TextValue for Free {
    const KIND: TextKind = TextKind {
        is_free: true,
        blank_is_null: false,
        ..TextKind::unchecked("free text", MAX_FREE_TEXT)
    };
}

impl<T> Text<T> {
    /// The text as sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> std::ops::Deref for Text<T> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl<T> From<&str> for Text<T> {
    fn from(text: &str) -> Self {
        Self { text: text.into(), kind: PhantomData }
    }
}

impl<T> From<String> for Text<T> {
    fn from(text: String) -> Self {
        Self { text: text.into(), kind: PhantomData }
    }
}

impl<T> Clone for Text<T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), kind: PhantomData }
    }
}

impl<T> PartialEq for Text<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Text<T> {}

impl<T> Hash for Text<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T> std::fmt::Debug for Text<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

impl<T> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { text: CompactString::deserialize(deserializer)?, kind: PhantomData })
    }
}
