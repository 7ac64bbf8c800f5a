//! The rule table: what may be wrong with an item, in the order in which it is reported.
//!
//! A rule is one row of [`RULES`]: a name, a code, a severity, and one function. The functions
//! stand beside each other by what they look at: one text, one decimal number, the size of
//! something, the whole contact, the intercom block, or what a look-up in the store has shown.

pub(crate) mod amounts;
pub(crate) mod intercom;
pub(crate) mod limits;
pub(crate) mod lookups;
mod render;
mod table;
pub(crate) mod texts;
pub(crate) mod whole;

pub use limits::{
    MAX_CUSTOM_FIELDS, MAX_DOCUMENT_BYTES, MAX_ELEMENTS, MAX_FREE_TEXT, MAX_NAME, MAX_NESTING,
};
pub use render::render;
pub use table::*;

use super::check::{ParseCache, Violations};
use super::document::ContactDocument;
use crate::ids::ContactId;
use crate::path::At;
use crate::tree::{AmountKind, AmountValue, Leaf, TextKind};
use crate::upsert::Context;
use crate::violation::{Code, Severity};

/// One row of the rule table.
#[derive(Debug)]
pub struct Rule {
    /// What it is called in `docs/rules.md`.
    pub name: &'static str,
    /// What front doors report.
    pub code: Code,
    /// Whether it refuses the item.
    pub severity: Severity,
    /// Whether it stays a warning under `handling=strict`.
    pub lenient_always: bool,
    /// One sentence.
    pub about: &'static str,
    /// Where it looks, and its function.
    pub check: Check,
}

/// Where a rule looks, and its function.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// At the item before it is a contact: found while it is read.
    Reading,
    /// At the item and the contacts that its keys name: found while it is matched.
    Matching,
    /// At parts of the item that name parts of the contact: found while they are merged.
    Patch,
    /// At a text of a kind that names this rule.
    Text(fn(&'static TextKind, &str, &mut ParseCache) -> Result<(), RuleError>),
    /// At a decimal number.
    Amount(fn(&'static AmountKind, AmountValue<'_>) -> Result<(), RuleError>),
    /// At the size of something.
    Leaf(fn(&At<'_>, Leaf<'_>) -> Result<(), RuleError>),
    /// At the whole contact.
    Contact(fn(&RuleInput<'_>, &mut Violations)),
    /// At what the store knows of other contacts.
    Lookup(fn(&RuleInput<'_>, &Lookups<'_>, &mut Violations)),
}

/// What is wrong, in a sentence, and the text that would be right, where that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The sentence.
    pub message: String,
    /// The right text.
    pub fix: Option<String>,
}

impl RuleError {
    /// A flaw that only a person can mend.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), fix: None }
    }
}

impl<E: std::error::Error> From<E> for RuleError {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

/// The contact that a rule looks at.
#[derive(Debug, Clone, Copy)]
pub struct RuleInput<'a> {
    /// Who asks, for which tenant, and when.
    pub context: &'a Context,
    /// The item, as sent.
    pub sent: &'a ContactDocument,
    /// The contact as it would be stored.
    pub document: &'a ContactDocument,
    /// The contact as it is stored, if it is.
    pub stored: Option<&'a ContactDocument>,
}

/// What the store knows of other contacts.
#[derive(Clone, Copy)]
pub struct Lookups<'a> {
    /// Whether a living contact has that id.
    pub exists: &'a dyn Fn(i64) -> bool,
    /// Another contact with the same e-mail address.
    pub same_email: Option<ContactId>,
}

impl Rule {
    /// Its place in the table.
    pub fn row(&'static self) -> usize {
        RULES.iter().position(|rule| std::ptr::eq(*rule, self)).unwrap_or(RULES.len())
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
