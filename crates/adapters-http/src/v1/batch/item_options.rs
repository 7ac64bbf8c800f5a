//! The member `$` of an item: what to do with it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contacts_application::access::{Scope, Scopes};
use contacts_domain::path::Path;
use contacts_domain::upsert::{Context, Item, Key, Ladder};
use contacts_domain::{MAX_VALUE_CHARS, Rule, Severity, Violation};
use memchr::memmem;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::request::raw_object;
use crate::v1::word::{Word, did_you_mean};

/// What the digests of this API's items are made with.
pub(super) const WIRE: &str = "v1";

/// The member of an item that holds its options.
const OPTIONS: &str = "$";

/// The longest item whose options are read, in bytes. A longer one is refused for its length.
const MAX_ITEM: usize = 1 << 20;

/// The most characters of a `ref`.
const MAX_REFERENCE: usize = 128;

/// How many wrong members of `$` are reported.
const MAX_FAULTS: usize = 10;

const REFERENCE: &str = "ref";
const IF_VERSION: &str = "ifVersion";
const MATCH_BY: &str = "matchBy";
const DELETE: &str = "delete";
const MEMBERS: [&str; 4] = [REFERENCE, IF_VERSION, MATCH_BY, DELETE];

/// The options of an item, and what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct ItemOptions {
    /// The caller's own name for the item.
    pub(super) reference: Option<String>,
    if_version: Option<i64>,
    ladder: Option<Ladder>,
    delete: bool,
    faults: Vec<Violation>,
}

impl ItemOptions {
    /// Reads the options of an item; `None` if it has none, which costs next to nothing.
    pub(super) fn find(item: &str, scopes: Scopes) -> Option<Box<Self>> {
        let names = |name: &str| memmem::find(item.as_bytes(), name.as_bytes()).is_some();
        if item.len() > MAX_ITEM || !(names("\"$\"") || names("\\u0024")) {
            return None;
        }
        // What is no object is refused as that.
        let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(item).ok()?;
        let mut options = Self::default();
        options.read(members.get(OPTIONS)?.get(), scopes);
        Some(Box::new(options))
    }

    fn read(&mut self, options: &str, scopes: Scopes) {
        if options == "null" {
            return;
        }
        let Ok(members) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(options) else {
            return self.refuse(Rule::JsonTypes, None, "must be an object");
        };
        for (name, value) in members {
            let value = value.get();
            match name.as_ref() {
                _ if self.faults.len() == MAX_FAULTS => return,
                _ if value == "null" && MEMBERS.contains(&name.as_ref()) => {}
                REFERENCE => self.read_reference(value),
                IF_VERSION => {
                    self.if_version = self.typed(IF_VERSION, value, "must be a whole number");
                }
                MATCH_BY => self.read_ladder(value),
                DELETE => {
                    self.delete = self.typed(DELETE, value, "must be true or false") == Some(true);
                    if self.delete && !scopes.include(Scope::Delete) {
                        self.refuse(Rule::Scopes, Some(DELETE), "needs the scope delete");
                    }
                }
                name => {
                    let message = match did_you_mean(name, &MEMBERS) {
                        Some(member) => format!("unknown member; did you mean {member}?"),
                        None => format!("unknown member; there are {}", MEMBERS.join(", ")),
                    };
                    self.refuse(Rule::UnknownMember, Some(name), message);
                }
            }
        }
    }

    fn read_reference(&mut self, value: &str) {
        self.reference = self.typed(REFERENCE, value, "must be a text");
        let length = self.reference.as_ref().map_or(0, |text| text.chars().count());
        if length > MAX_REFERENCE {
            self.reference = None;
            let message = format!("has {length} characters, of at most {MAX_REFERENCE}");
            self.refuse(Rule::Limits, Some(REFERENCE), message);
        }
    }

    fn read_ladder(&mut self, value: &str) {
        let keys: Option<Vec<String>> = self.typed(MATCH_BY, value, "must be an array of keys");
        let Some(keys) = keys else { return };
        let mut ladder = Vec::new();
        for name in &keys {
            let message = match Key::parse(name) {
                Some(key) if !ladder.contains(&key) => {
                    ladder.push(key);
                    continue;
                }
                Some(_) => "a key comes twice".to_owned(),
                None => {
                    let known: Vec<&str> = Key::ALL.iter().map(|key| key.as_str()).collect();
                    match did_you_mean(name, &known) {
                        Some(key) => format!("unknown key; did you mean {key}?"),
                        None => format!("unknown key; there are {}", known.join(", ")),
                    }
                }
            };
            let path = Path::of(OPTIONS).join(MATCH_BY);
            let name: String = name.chars().take(MAX_VALUE_CHARS).collect();
            return self.faults.push(Violation::new(Rule::Matchable, path, name, message));
        }
        if ladder.is_empty() {
            return self.refuse(Rule::Matchable, Some(MATCH_BY), "must name a key");
        }
        self.ladder = Some(Ladder::new(ladder));
    }

    fn typed<T: DeserializeOwned>(
        &mut self,
        member: &str,
        value: &str,
        expected: &str,
    ) -> Option<T> {
        let read = serde_json::from_str(value).ok();
        if read.is_none() {
            self.refuse(Rule::JsonTypes, Some(member), expected);
        }
        read
    }

    fn refuse(&mut self, rule: Rule, member: Option<&str>, message: impl Into<String>) {
        let options = Path::of(OPTIONS);
        let path = member.map_or_else(|| options.clone(), |member| options.clone().join(member));
        let severity = Severity::Error;
        self.faults.push(Violation { severity, ..Violation::new(rule, path, "", message) });
    }

    /// Reads the item of that text without its options, and applies them to it.
    pub(super) fn apply(&self, item: &str, context: &Context) -> Item {
        let without = raw_object::without(item, OPTIONS);
        // A name that cannot be read is reported with the item.
        let mut read = Item::read_linked(without.as_deref().unwrap_or(item), context);
        if let Some(reference) = &self.reference {
            read = read.named(reference.as_str());
        }
        if let Some(version) = self.if_version {
            read = read.if_version(version);
        }
        if let Some(ladder) = &self.ladder {
            read = read.matched_by(ladder.clone());
        }
        if self.delete {
            read = read.to_delete();
        }
        if self.faults.is_empty() { read } else { read.refused(self.faults.clone()) }
    }
}
