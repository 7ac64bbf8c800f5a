//! Merges what was sent into what is stored (RFC 7396, but for arrays).

use std::collections::{HashMap, VecDeque};

use super::assign_ids::own_id;
use super::compare::Equivalence;
use super::content::{Index, Set, unite};
use super::member::Member;
use super::settle::{Arrays, Settle, without_nulls};
use super::values::element_id::{ElementId, Parent};
use super::visitor::{Flow, JsonObject, PairMut, Presence, Scalar, Value, Visitor, go_on_if};
use crate::json::{Json, Members};
use crate::path::At;
use crate::rule::Rule;
use crate::violation::Violation;

/// Merges `sent` into `stored`, and returns the ids in `sent` that name no part of this contact.
pub(crate) fn patch<T: Value>(stored: &mut T, sent: &T, arrays: Arrays) -> Vec<Violation> {
    let mut faults = Vec::new();
    let mut patch = Patch { at: At::root(), arrays, faults: &mut faults };
    let _ = T::accept((stored, sent), &mut patch);
    faults
}

struct Patch<'a> {
    at: At<'a>,
    arrays: Arrays,
    faults: &'a mut Vec<Violation>,
}

impl Visitor<PairMut> for Patch<'_> {
    fn member<T: Value>(
        &mut self,
        name: &'static str,
        (stored, sent): (&mut Member<T>, &Member<T>),
    ) -> Flow {
        match (sent.presence(), &mut *stored, sent) {
            (Presence::Absent, ..) => {}
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
        if stored != sent {
            stored.clone_from(sent);
        }
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, (stored, sent): (&mut T, &T)) -> Flow {
        patch_members(stored.members_mut(), sent.members());
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, (stored, sent): (&mut Vec<T>, &Vec<T>)) -> Flow {
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

/// For each element sent, the place of the stored element that it is merged into.
///
/// Elements with ids come first. Then each remaining element, in order, takes a stored one that is
/// equal. Then each remaining element takes the first that has every member sent. No stored element
/// is taken twice, and the rest are new. So sending an array again changes nothing, and two equal
/// elements stay two.
fn places<T: Value>(stored: &[&T], sent: &[T]) -> Vec<Option<usize>> {
    let mut places: Vec<Option<usize>> = vec![None; sent.len()];
    let mut free = Set::of_all(stored.len());

    let mut by_id: HashMap<i64, VecDeque<usize>> = HashMap::new();
    for (position, element) in stored.iter().enumerate() {
        if let Some(id) = own_id(*element) {
            by_id.entry(id).or_default().push_back(position);
        }
    }
    for (element, place) in sent.iter().zip(&mut places) {
        let position = own_id(element).and_then(|id| by_id.get_mut(&id)?.pop_front());
        if let Some(position) = position {
            free.remove(position);
            *place = Some(position);
        }
    }
    if sent.iter().all(|element| own_id(element).is_some()) {
        return places;
    }
    let index = Index::new(stored.to_vec());
    for equivalence in [Equivalence::Equal, Equivalence::Covers] {
        for (element, place) in sent.iter().zip(&mut places) {
            if place.is_none() && own_id(element).is_none() {
                *place = index.first(&free, element, equivalence);
                place.iter().for_each(|position| free.remove(*position));
            }
        }
    }
    places
}

/// RFC 7396: merges objects, removes a member for a null, replaces everything else.
fn patch_members(stored: &mut Members, sent: &Members) {
    let is_null = |value: &Json| *value == Json::Null;
    if sent.values().any(is_null) {
        stored.retain(|name, _| !sent.get(name).is_some_and(is_null));
    }
    for (name, value) in sent.iter().filter(|(_, value)| !is_null(value)) {
        match (stored.get_mut(name), value) {
            (Some(Json::Object(known)), Json::Object(new)) => patch_members(known, new),
            _ => stored.set(name, without_nulls(value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;
    use serde_json::{Value as Any, json};

    use super::super::compare::matches;
    use super::*;
    use crate::contact::document::{Address, Payslip};

    /// What `places` has to return, by comparing each element with each.
    fn places_one_by_one<T: Value>(stored: &[&T], sent: &[T]) -> Vec<Option<usize>> {
        let mut places: Vec<Option<usize>> = vec![None; sent.len()];
        let mut free: Vec<Option<&T>> = stored.iter().copied().map(Some).collect();
        let mut take = |place: &mut Option<usize>, fits: &dyn Fn(&T) -> bool| {
            let found = free.iter().position(|stored| stored.is_some_and(fits));
            if let Some(slot) = found.and_then(|found| free.get_mut(found)) {
                *slot = None;
                *place = found;
            }
        };
        for (element, place) in sent.iter().zip(&mut places) {
            if let Some(id) = own_id(element) {
                take(place, &|stored| own_id(stored) == Some(id));
            }
        }
        for equivalence in [Equivalence::Equal, Equivalence::Covers] {
            for (element, place) in sent.iter().zip(&mut places) {
                if place.is_none() && own_id(element).is_none() {
                    take(place, &|stored| matches(stored, element, equivalence));
                }
            }
        }
        places
    }

    fn object(members: Vec<(&'static str, Option<Any>)>) -> Any {
        let members = members.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
        Any::Object(members.collect())
    }

    fn one_of(values: Vec<Any>) -> impl Strategy<Value = Option<Any>> {
        prop::option::of(prop::sample::select(values))
    }

    fn address() -> impl Strategy<Value = Any> {
        let id = prop::option::weighted(0.2, (1_i64..4).prop_map(Any::from));
        let text = one_of(vec![json!("a"), json!("b"), json!(" "), Any::Null]);
        let country = one_of(vec![json!("CH"), json!(" "), Any::Null]);
        let region = one_of(vec![
            json!({}),
            json!({"name": "x"}),
            json!({"name": null}),
            json!({"a": {}}),
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1, "c": null}}),
            json!({"a": [1, {"b": null}], "name": "x"}),
            json!({"a": [1, {}], "name": "x"}),
            Any::Null,
        ]);
        (id, text, country, region).prop_map(|(id, city, country, region)| {
            object(vec![("id", id), ("city", city), ("countryCode2", country), ("region", region)])
        })
    }

    fn payslip() -> impl Strategy<Value = Any> {
        let id = prop::option::weighted(0.2, (1_i64..4).prop_map(Any::from));
        let year = one_of(vec![json!(2025), json!(2026)]);
        let line = || {
            one_of(vec![
                json!({}),
                json!({"number": 1}),
                json!({"id": 7, "number": 1}),
                json!({"quantity": "1"}),
            ])
        };
        let lines = prop::collection::vec(line().prop_map(Option::unwrap_or_default), 0..3);
        let lines =
            lines.prop_map(|lines| Any::Array(lines.into_iter().filter(Any::is_object).collect()));
        let info =
            one_of(vec![json!({}), json!({"sourceTaxCode": null}), json!({"sourceTaxCode": "A"})]);
        (id, year, prop::option::of(lines), info).prop_map(|(id, year, lines, info)| {
            object(vec![
                ("id", id),
                ("calendarYear", year),
                ("payslipTableLines", lines),
                ("salaryInfo", info),
            ])
        })
    }

    fn read<T: serde::de::DeserializeOwned>(elements: &[Any]) -> Vec<T> {
        elements.iter().map(|element| serde_json::from_value(element.clone()).unwrap()).collect()
    }

    fn assert_places<T: Value + serde::de::DeserializeOwned>(stored: &[Any], sent: &[Any]) {
        let (stored, sent): (Vec<T>, Vec<T>) = (read(stored), read(sent));
        let stored: Vec<&T> = stored.iter().collect();
        assert_eq!(places(&stored, &sent), places_one_by_one(&stored, &sent));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn elements_take_the_places_of_a_comparison_one_by_one(
            addresses in prop::collection::vec(address(), 0..12),
            sent_addresses in prop::collection::vec(address(), 0..8),
            payslips in prop::collection::vec(payslip(), 0..12),
            sent_payslips in prop::collection::vec(payslip(), 0..8),
        ) {
            assert_places::<Address>(&addresses, &sent_addresses);
            assert_places::<Payslip>(&payslips, &sent_payslips);
        }
    }

    #[test]
    fn elements_that_fit_nothing_take_linear_time() {
        let elements = |count: usize, city: &str| -> Vec<Address> {
            let line = |number: usize| json!({"line1": number.to_string(), "city": city});
            read(&(0..count).map(line).collect::<Vec<_>>())
        };
        let time = |count: usize| {
            let (stored, sent) = (elements(count, "Bern"), elements(count, "Basel"));
            let stored: Vec<&Address> = stored.iter().collect();
            let start = Instant::now();
            assert_eq!(places(&stored, &sent), vec![None; count]);
            start.elapsed()
        };
        // Quadratic time is 64 times as long. The shortest times bear a busy machine.
        let mut few = (0..5).map(|_| time(125)).min().unwrap();
        assert!((0..20).any(|_| {
            few = few.min(time(125));
            time(1_000) < few * 32
        }));
    }
}
