//! What differs between two documents.
//!
//! One traversal finds the places. They are shown with both values ([`differences`]), or kept as the
//! text that turns the later document into the earlier one ([`reverse`], [`revert`]).

use std::ops::Range;

use serde::Serialize;

use super::assign_ids::own_id;
use super::member::Member;
use super::values::element_id::{ElementId, Parent, ParentId};
use super::visitor::{Flow, JsonObject, Pair, Scalar, Value, Visitor, go_on_if};
use crate::json::{Json, JsonText, Members, Unreadable};
use crate::path::{At, Path};

/// A place where two documents differ.
///
/// Members of blocks and objects are compared one by one. So are the elements of an array that have
/// ids, up to the first that has another one: what comes or goes at the end is a difference of its
/// own. Every other array differs as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The place.
    pub path: Path,
    /// What stood there, if anything did.
    pub before: Option<JsonText>,
    /// What stands there now, if anything does.
    pub after: Option<JsonText>,
}

impl Difference {
    /// About how many bytes an answer shows of it.
    pub(crate) fn bytes(&self) -> usize {
        let text = |text: &Option<JsonText>| text.as_ref().map_or(0, |text| text.as_str().len());
        64 + text(&self.before) + text(&self.after)
    }

    /// The same with null in place of the numbers in that range.
    pub(crate) fn without_numbers(self, range: &Range<i64>) -> Self {
        let without = |text: JsonText| text.without_numbers(range);
        Self { path: self.path, before: self.before.map(without), after: self.after.map(without) }
    }
}

/// A reverse difference does not fit the document.
#[derive(Debug, thiserror::Error)]
pub enum NotReversible {
    /// It is no JSON object.
    #[error("the reverse difference is not a JSON object")]
    Malformed,
    /// It names a place that the document does not have.
    #[error("the document has no place {0}")]
    NoSuchPlace(String),
    /// What comes out is no document.
    #[error("the earlier document does not fit its shape")]
    Misshapen(#[from] serde_json::Error),
}

impl From<Unreadable> for NotReversible {
    fn from(_: Unreadable) -> Self {
        Self::Malformed
    }
}

/// The differences, in document order.
pub(crate) fn differences<T: Value>(before: &T, after: &T) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(before, after, &mut found);
    found
}

/// The reverse difference: a JSON object that names each place where the documents differ, as JSON
/// Pointer, with what stood there before, or null.
pub(crate) fn reverse<T: Value>(before: &T, after: &T) -> String {
    let mut reverse = Reverse("{".to_owned());
    compare(before, after, &mut reverse);
    reverse.end()
}

/// The reverse difference for some of the places where two documents differ.
pub(crate) fn reverse_of<'a>(differences: impl IntoIterator<Item = &'a Difference>) -> String {
    let mut reverse = Reverse("{".to_owned());
    for Difference { path, before, after: _ } in differences {
        reverse.add(path, &before);
    }
    reverse.end()
}

/// Turns a document into the earlier one that `reverse` was made of.
pub(crate) fn revert(document: &mut Json, reverse: &str) -> Result<(), NotReversible> {
    let Json::Object(places) = Json::read(reverse)? else { return Err(NotReversible::Malformed) };
    for (pointer, before) in places.iter() {
        put(document, pointer, before)
            .ok_or_else(|| NotReversible::NoSuchPlace(pointer.to_owned()))?;
    }
    Ok(())
}

/// Takes the places where two documents differ.
trait Report {
    fn differs<V: Serialize>(&mut self, at: &At<'_>, before: Option<&V>, after: Option<&V>);
}

impl Report for Vec<Difference> {
    fn differs<V: Serialize>(&mut self, at: &At<'_>, before: Option<&V>, after: Option<&V>) {
        let text = |value: &V| JsonText::of(value);
        let (before, after) = (before.map(text), after.map(text));
        self.push(Difference { path: at.whole_path(), before, after });
    }
}

struct Reverse(String);

impl Reverse {
    fn add(&mut self, path: &Path, before: &impl Serialize) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(JsonText::of(&path.pointer()).as_str());
        self.0.push(':');
        self.0.push_str(JsonText::of(before).as_str());
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

impl Report for Reverse {
    fn differs<V: Serialize>(&mut self, at: &At<'_>, before: Option<&V>, _after: Option<&V>) {
        self.add(&at.whole_path(), &before);
    }
}

fn compare<T: Value>(before: &T, after: &T, report: &mut impl Report) {
    let _ = T::accept((before, after), &mut Compare { at: At::root(), report });
}

struct Compare<'a, R> {
    at: At<'a>,
    report: &'a mut R,
}

impl<R: Report> Compare<'_, R> {
    fn member<V: Serialize + PartialEq>(
        &mut self,
        name: &str,
        before: Option<&V>,
        after: Option<&V>,
    ) -> Flow {
        if before != after {
            self.report.differs(&self.at.member(name), before, after);
        }
        go_on_if(true)
    }
}

impl<R: Report> Visitor<Pair> for Compare<'_, R> {
    fn member<T: Value>(
        &mut self,
        name: &'static str,
        (before, after): (&Member<T>, &Member<T>),
    ) -> Flow {
        match (before.get(), after.get()) {
            (Some(before), Some(after)) => {
                let mut within = Compare { at: self.at.member(name), report: self.report };
                T::accept((before, after), &mut within)
            }
            (before, after) => Compare::member(self, name, before, after),
        }
    }

    fn element_id<K: Parent>(
        &mut self,
        name: &'static str,
        (before, after): (&Member<ElementId<K>>, &Member<ElementId<K>>),
    ) -> Flow {
        Compare::member(self, name, before.get(), after.get())
    }

    fn parent_id<K: Parent>(
        &mut self,
        name: &'static str,
        (before, after): (&Member<ParentId<K>>, &Member<ParentId<K>>),
    ) -> Flow {
        Compare::member(self, name, before.get(), after.get())
    }

    fn scalar<T: Scalar>(&mut self, (before, after): (&T, &T)) -> Flow {
        if before != after {
            self.report.differs(&self.at, Some(before), Some(after));
        }
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, (before, after): (&T, &T)) -> Flow {
        compare_members(before.members(), after.members(), &self.at, self.report);
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, (before, after): (&Vec<T>, &Vec<T>)) -> Flow {
        let pairs = before.iter().zip(after);
        let is_same = |(before, after): (&T, &T)| {
            let id = own_id(before);
            id.is_some() && id == own_id(after)
        };
        if !T::KIND.has_element_id() || !pairs.clone().all(is_same) {
            if before != after {
                self.report.differs(&self.at, Some(before), Some(after));
            }
            return go_on_if(true);
        }
        for (index, pair) in pairs.enumerate() {
            let at = self.at.element(index);
            T::accept(pair, &mut Compare { at, report: self.report })?;
        }
        for index in before.len().min(after.len())..before.len().max(after.len()) {
            self.report.differs(&self.at.element(index), before.get(index), after.get(index));
        }
        go_on_if(true)
    }
}

fn compare_members(before: &Members, after: &Members, at: &At<'_>, report: &mut impl Report) {
    for (name, value) in before.iter() {
        match (value, after.get(name)) {
            (Json::Object(before), Some(Json::Object(after))) => {
                compare_members(before, after, &at.member(name), report);
            }
            (before, after) if Some(before) != after => {
                report.differs(&at.member(name), Some(before), after);
            }
            _ => {}
        }
    }
    for (name, value) in after.iter().filter(|(name, _)| before.get(name).is_none()) {
        report.differs(&at.member(name), None, Some(value));
    }
}

/// Puts a value in a place, or takes out what is there for a null. `None` if there is no such place.
fn put(document: &mut Json, pointer: &str, value: &Json) -> Option<()> {
    let (parents, last) = pointer.rsplit_once('/')?;
    let mut place = document;
    for step in parents.split('/').skip(1) {
        place = match place {
            Json::Object(members) => members.get_mut(&unescaped(step))?,
            Json::Array(elements) => elements.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match (place, value) {
        (Json::Object(members), Json::Null) => {
            let last = unescaped(last);
            members.retain(|name, _| *name != *last);
        }
        (Json::Object(members), value) => members.set(&unescaped(last), value.clone()),
        (Json::Array(elements), value) => {
            // Only the last elements go, all of them, or come back, in order.
            let index: usize = last.parse().ok()?;
            match value {
                Json::Null => elements.truncate(index),
                value if index == elements.len() => elements.push(value.clone()),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(())
}

/// A step of a JSON Pointer as the name that it stands for (RFC 6901).
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
