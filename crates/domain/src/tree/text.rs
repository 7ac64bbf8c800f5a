//! A text of the document, kept as sent.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Equivalence, Kind, Leaf, Patch, Presence, Tree, Visit};
use crate::contact::rules::{self, Rule};
use crate::path::At;

/// A text as it was sent, and by its type what it should be.
///
/// Reading never fails on content: a `Text<Email>` may hold rubbish. Whether it is an e-mail
/// address is a question to the rule table, which reports all faults of a contact together, and
/// which may be tightened next year without making stored contacts unreadable.
///
/// ```
/// use contacts_domain::{tree::Text, value::Email};
/// let text: Text<Email> = "not an address".into();
/// assert_eq!(text.as_str(), "not an address");
/// assert!(Email::parse(&text).is_err());
/// ```
pub struct Text<T> {
    text: Box<str>,
    kind: PhantomData<fn() -> T>,
}

/// What a [`Text`] should be.
pub trait TextValue: 'static {
    /// Its name, limit and rule.
    const KIND: TextKind;
}

/// The name, limit and rule of a kind of text.
#[derive(Debug)]
pub struct TextKind {
    /// What a person calls it.
    pub name: &'static str,
    /// The most characters it may have.
    pub max_chars: usize,
    /// The row of the rule table that checks it.
    pub rule: Option<&'static Rule>,
    /// Whether a blank text counts as null, as it does in keys and in whatever a rule checks.
    pub blank_is_null: bool,
    /// The whole list, where it is closed.
    pub allowed: &'static [&'static str],
}

impl TextKind {
    /// A kind that a rule checks, of at most that many characters.
    pub const fn ruled(name: &'static str, max_chars: usize, rule: &'static Rule) -> Self {
        Self { name, max_chars, rule: Some(rule), blank_is_null: true, allowed: &[] }
    }

    /// A kind whose texts are a closed list.
    pub const fn closed(name: &'static str, allowed: &'static [&'static str]) -> Self {
        let rule = Some(&rules::CLOSED_LIST);
        Self { name, max_chars: rules::MAX_FREE_TEXT, rule, blank_is_null: true, allowed }
    }
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
        Ok(Self { text: Box::deserialize(deserializer)?, kind: PhantomData })
    }
}

impl<T: TextValue> Tree for Text<T> {
    const KIND: Kind = Kind::Text(&T::KIND);

    fn presence(&self) -> Presence {
        if T::KIND.blank_is_null && self.text.trim().is_empty() {
            Presence::Null
        } else {
            Presence::Value
        }
    }

    fn merge(&mut self, sent: &Self, _merging: &mut Patch, _at: &At<'_>) {
        if self != sent {
            *self = sent.clone();
        }
    }

    fn matches(&self, sent: &Self, _likeness: Equivalence) -> bool {
        self == sent
    }

    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>) {
        visit(at, Leaf::Text(&T::KIND, &self.text));
    }
}
