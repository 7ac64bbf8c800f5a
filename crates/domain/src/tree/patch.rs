//! Merges what was sent into what is stored (RFC 7396, but for arrays).

mod placement;
mod spelling;

pub(crate) use spelling::keep_spelling;

use self::placement::places;
use super::content::unite;
use super::member::Member;
use super::settle::{Arrays, Settle, without_nulls};
use super::values::element_id::{ElementId, Parent};
use super::visitor::{Flow, JsonObject, PairMut, Presence, Scalar, Value, Visitor, go_on_if};
use crate::json::{Json, Members};
use crate::path::At;
use crate::rule::Rule;
use crate::violation::Violation;

/// What a merge does with a value that is stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It replaces or clears it.
    Replaced,
    /// It keeps it: only what is lacking is written.
    Kept,
    /// It replaces or clears it, and removes it where nothing is sent.
    Removed,
}

/// Merges `sent` into `document`, and returns the ids in `sent` that name no part of this contact.
pub(crate) fn patch<T: Value>(
    document: &mut T,
    sent: &T,
    arrays: Arrays,
    stored: Stored,
) -> Vec<Violation> {
    let mut faults = Vec::new();
    let mut patch = Patch { at: At::root(), arrays, stored, faults: &mut faults };
    let _ = T::accept((document, sent), &mut patch);
    faults
}

struct Patch<'a> {
    at: At<'a>,
    arrays: Arrays,
    /// What becomes of what is stored.
    stored: Stored,
    faults: &'a mut Vec<Violation>,
}

impl Visitor<PairMut> for Patch<'_> {
    fn member<T: Value>(
        &mut self,
        name: &'static str,
        (stored, sent): (&mut Member<T>, &Member<T>),
    ) -> Flow {
        match (sent.presence(), &mut *stored, sent) {
            (Presence::Absent, ..) => {
                if self.stored == Stored::Removed {
                    *stored = Member::Absent;
                }
            }
            (Presence::Null, ..) if self.stored == Stored::Kept => {}
            // A text that is stored and counts as blank by now is no change.
            (Presence::Null, stored, sent) if *stored == *sent => {}
            (Presence::Null, ..) => *stored = Member::Absent,
            (Presence::Value, Member::Value(known), Member::Value(new)) => {
                let at = self.at.member(name);
                T::accept((&mut *known, new), &mut Patch { at, faults: self.faults, ..*self })?;
                if known.presence() != Presence::Value {
                    *stored = Member::Absent;
                }
            }
            (Presence::Value, ..) => {
                stored.clone_from(sent);
                self.settle().member(name, stored)?;
            }
        }
        go_on_if(true)
    }

    fn element_id<K: Parent>(
        &mut self,
        name: &'static str,
        (stored, sent): (&mut Member<ElementId<K>>, &Member<ElementId<K>>),
    ) -> Flow {
        match (stored.get(), sent.get()) {
            (_, None) => {}
            (Some(known), Some(new)) => {
                if known != new {
                    let path = self.at.member(name).path();
                    let message = "this is not the id of this part";
                    let id = new.get().to_string();
                    self.faults.push(Violation::new(Rule::OwnIds, path, id, message));
                }
            }
            (None, Some(new)) => {
                *stored = Member::Value(*new);
                self.settle().element_id(name, stored)?;
            }
        }
        go_on_if(true)
    }

    fn scalar<T: Scalar>(&mut self, (stored, sent): (&mut T, &T)) -> Flow {
        if stored != sent && self.stored != Stored::Kept {
            stored.clone_from(sent);
        }
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, (stored, sent): (&mut T, &T)) -> Flow {
        if self.stored == Stored::Removed {
            let sent = sent.members();
            stored.members_mut().retain(|name, _| sent.get(name).is_some());
        }
        let is_kept = self.stored == Stored::Kept;
        patch_members(stored.members_mut(), sent.members(), is_kept);
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, (stored, sent): (&mut Vec<T>, &Vec<T>)) -> Flow {
        if self.stored == Stored::Kept && self.arrays == Arrays::Replace && !stored.is_empty() {
            return go_on_if(true);
        }
        if T::KIND.has_element_id() {
            return self.patch_elements(stored, sent);
        }
        match self.arrays {
            Arrays::Replace => stored.clone_from(sent),
            Arrays::Append => unite(stored, sent.iter().cloned()),
        }
        go_on_if(true)
    }
}

impl Patch<'_> {
    fn settle(&mut self) -> Settle<'_> {
        Settle { at: self.at, arrays: self.arrays, faults: self.faults }
    }

    /// Merges an array of elements that have ids (upsert-rules §4.3).
    fn patch_elements<T: Value>(&mut self, stored: &mut Vec<T>, sent: &[T]) -> Flow {
        let mut pool: Vec<Option<T>> = std::mem::take(stored).into_iter().map(Some).collect();
        let places = places(&pool.iter().flatten().collect::<Vec<_>>(), sent);

        let mut fresh = Vec::with_capacity(sent.len());
        for (index, (element, place)) in sent.iter().zip(places).enumerate() {
            let at = self.at.element(index);
            let slot = place.and_then(|place| pool.get_mut(place));
            let Some(slot) = slot else {
                let mut element = element.clone();
                let (arrays, faults) = (self.arrays, &mut *self.faults);
                T::accept(&mut element, &mut Settle { at, arrays, faults })?;
                fresh.push(element);
                continue;
            };
            if let Some(known) = slot {
                T::accept((known, element), &mut Patch { at, faults: self.faults, ..*self })?;
            }
            if self.arrays == Arrays::Replace {
                fresh.extend(slot.take());
            }
        }
        if self.arrays == Arrays::Append {
            stored.extend(pool.into_iter().flatten());
        }
        stored.append(&mut fresh);
        go_on_if(true)
    }
}

/// RFC 7396: merges objects, removes a member for a null, replaces everything else, unless what is
/// stored is kept.
fn patch_members(stored: &mut Members, sent: &Members, is_kept: bool) {
    let is_null = |value: &Json| *value == Json::Null;
    if !is_kept && sent.values().any(is_null) {
        stored.retain(|name, _| !sent.get(name).is_some_and(is_null));
    }
    for (name, value) in sent.iter().filter(|(_, value)| !is_null(value)) {
        match (stored.get_mut(name), value) {
            (Some(Json::Object(known)), Json::Object(new)) => patch_members(known, new, is_kept),
            (Some(_), _) if is_kept => {}
            _ => stored.set(name, without_nulls(value.clone())),
        }
    }
}
