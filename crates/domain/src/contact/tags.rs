//! Tags belong to the organization and are known by name (upsert-rules §4.4).

use std::collections::HashMap;

use super::document::{ContactDocument, Tag};
use crate::path::At;
use crate::rule::Rule;
use crate::tree::{Member, Presence, SafeInteger, Text};
use crate::value::TagName;
use crate::violation::Violation;

impl ContactDocument {
    /// Sets the id of every named tag, which follows from the name. Returns whether a tag without a
    /// name is left.
    pub(crate) fn name_tags(&mut self) -> bool {
        let mut nameless = false;
        self.each_tag(&mut |_, tag| {
            let name = match tag.name.presence() {
                Presence::Value => tag.name.get().and_then(|name| TagName::parse(name).ok()),
                _ => None,
            };
            match name {
                Some(name) => tag.id = SafeInteger::new(name.id()).into(),
                None => nameless = true,
            }
        });
        nameless
    }

    /// Fills in the names of tags that have only an id, from the tags that the contact has.
    pub(crate) fn find_tag_names(&mut self, stored: Option<&Self>) -> Vec<Violation> {
        let known = stored.map(Self::tags_known).unwrap_or_default();
        let mut faults = Vec::new();
        self.each_tag(&mut |at, tag| {
            if tag.name.presence() == Presence::Value {
                return;
            }
            match tag.id.get().and_then(|id| known.get(&id.get())) {
                Some(name) => tag.name = Member::Value(Text::from(*name)),
                None => faults.push(unknown_tag(at, tag)),
            }
        });
        faults
    }

    /// The names of the tags by their ids.
    fn tags_known(&self) -> HashMap<i64, &str> {
        let notes = self.additional_information.get().into_iter().flatten();
        let tags = self.tags.get().into_iter().flatten();
        let mut known = HashMap::new();
        for tag in tags.chain(notes.filter_map(|note| note.tag.get())) {
            if let (Some(id), Some(name)) = (tag.id.get(), tag.name.get()) {
                known.entry(id.get()).or_insert(name.as_str());
            }
        }
        known
    }

    fn each_tag(&mut self, visit: &mut dyn FnMut(&At<'_>, &mut Tag)) {
        let root = At::root();
        let list = root.member("tags");
        for (index, tag) in self.tags.get_mut().into_iter().flatten().enumerate() {
            visit(&list.element(index), tag);
        }
        let list = root.member("additionalInformation");
        let notes = self.additional_information.get_mut().into_iter().flatten();
        for (index, note) in notes.enumerate() {
            if note.tag.presence() == Presence::Value
                && let Some(tag) = note.tag.get_mut()
            {
                visit(&list.element(index).member("tag"), tag);
            }
        }
    }
}

fn unknown_tag(at: &At<'_>, tag: &Tag) -> Violation {
    match tag.id.get() {
        Some(id) => Violation::new(
            Rule::TagsKnown,
            at.member("id").path(),
            id.get().to_string(),
            "the contact has no tag with this id, and the tag has no name",
        ),
        None => Violation::new(Rule::TagsKnown, at.member("name").path(), "", "a tag needs a name"),
    }
}
