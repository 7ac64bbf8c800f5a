//! Which stored element of an array an element that was sent is merged into (upsert-rules §4.3).

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use crate::tree::assign_ids::own_id;
use crate::tree::compare::{Equivalence, matches};
use crate::tree::content::{Index, Set};
use crate::tree::visitor::{NaturalKey, Value};

/// For each element sent, the place of the stored element that it is merged into.
///
/// If each stored element has every member of the one sent in its place, all stay in place. Else
/// elements with ids come first. Then each remaining element, in order, takes a stored one that is
/// equal. Then each takes the one with its natural key, if both are the only ones left with it.
/// Then each, those with most members first, takes the first that has every member sent. No stored
/// element is taken twice, and the rest are new. So sending an array again changes nothing, and two
/// equal elements stay two.
pub(super) fn places<T: Value>(stored: &[&T], sent: &[T]) -> Vec<Option<usize>> {
    let stays = |(stored, sent): (&&T, &T)| matches(*stored, sent, Equivalence::Covers);
    if stored.len() == sent.len() && stored.iter().zip(sent).all(stays) {
        return (0..sent.len()).map(Some).collect();
    }
    let mut by_id: HashMap<i64, VecDeque<usize>> = HashMap::new();
    for (position, element) in stored.iter().enumerate() {
        if let Some(id) = own_id(*element) {
            by_id.entry(id).or_default().push_back(position);
        }
    }
    let mut placement = Placement {
        places: vec![None; sent.len()],
        rest: sent.iter().enumerate().collect(),
        free: Set::of_all(stored.len()),
    };
    placement.place(|_, element| by_id.get_mut(&own_id(element)?)?.pop_front());
    placement.rest.retain(|(_, element)| own_id(*element).is_none());
    if placement.rest.is_empty() {
        return placement.places;
    }
    let index = Index::new(stored.to_vec());
    placement.place(|free, element| index.first(free, element, Equivalence::Equal));
    for key in T::NATURAL_KEYS {
        placement.place_by_natural_key(stored, key);
    }
    placement.rest.sort_by_cached_key(|(_, element)| Reverse(index.size(element)));
    placement.place(|free, element| index.first(free, element, Equivalence::Covers));
    placement.places
}

struct Placement<'s, T> {
    places: Vec<Option<usize>>,
    /// The elements without a place, each with its position in the array sent.
    rest: Vec<(usize, &'s T)>,
    /// The stored elements that nothing has taken.
    free: Set,
}

impl<T: Value> Placement<'_, T> {
    /// Gives each of the rest the place that `find` names.
    fn place(&mut self, mut find: impl FnMut(&Set, &T) -> Option<usize>) {
        self.rest.retain(|(index, element)| {
            let found = find(&self.free, element);
            if let (Some(position), Some(place)) = (found, self.places.get_mut(*index)) {
                self.free.remove(position);
                *place = Some(position);
            }
            found.is_none()
        });
    }

    fn place_by_natural_key(&mut self, stored: &[&T], key: &NaturalKey<T>) {
        let mut sent: HashMap<String, usize> = HashMap::new();
        for key in self.rest.iter().filter_map(|(_, element)| key(element)) {
            *sent.entry(key).or_default() += 1;
        }
        sent.retain(|_, count| *count == 1);
        let mut holders: HashMap<String, Vec<usize>> = HashMap::new();
        for position in self.free.iter().filter(|_| !sent.is_empty()) {
            let key = stored.get(position).and_then(|element| key(element));
            if let Some(key) = key.filter(|key| sent.contains_key(key)) {
                holders.entry(key).or_default().push(position);
            }
        }
        self.place(|_, element| match holders.get(&key(element)?)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;
    use serde_json::{Value as Any, json};

    use super::*;
    use crate::contact::document::{Address, Bank, ContactDocument, Payslip};
    use crate::tree::patch::{Stored, patch};
    use crate::tree::settle::{Arrays, settle};

    /// What `places` has to return, by comparing each element with each.
    fn places_one_by_one<T: Value>(stored: &[&T], sent: &[T]) -> Vec<Option<usize>> {
        let covers = |place: usize| matches(stored[place], &sent[place], Equivalence::Covers);
        if stored.len() == sent.len() && (0..sent.len()).all(covers) {
            return (0..sent.len()).map(Some).collect();
        }
        let mut places: Vec<Option<usize>> = vec![None; sent.len()];
        let mut free: Vec<Option<&T>> = stored.iter().copied().map(Some).collect();
        let take = |free: &mut Vec<Option<&T>>, fits: &dyn Fn(&T) -> bool| {
            let found = free.iter().position(|stored| stored.is_some_and(fits))?;
            free[found] = None;
            Some(found)
        };
        for (element, place) in sent.iter().zip(&mut places) {
            if let Some(id) = own_id(element) {
                *place = take(&mut free, &|stored| own_id(stored) == Some(id));
            }
        }
        let mut rest: Vec<usize> =
            (0..sent.len()).filter(|e| own_id(&sent[*e]).is_none()).collect();
        rest.retain(|e| {
            places[*e] = take(&mut free, &|stored| matches(stored, &sent[*e], Equivalence::Equal));
            places[*e].is_none()
        });
        for key in T::NATURAL_KEYS {
            let left = free.clone();
            let others = rest.clone();
            rest.retain(|e| {
                let own = key(&sent[*e]);
                let is_same = |stored: &T| own.is_some() && key(stored) == own;
                let senders = others.iter().filter(|e| is_same(&sent[**e])).count();
                let holders = left.iter().flatten().filter(|stored| is_same(stored)).count();
                if (senders, holders) == (1, 1) {
                    places[*e] = take(&mut free, &is_same);
                }
                places[*e].is_none()
            });
        }
        let index = Index::new(Vec::new());
        rest.sort_by_key(|e| Reverse(index.size(&sent[*e])));
        for e in rest {
            places[e] = take(&mut free, &|stored| matches(stored, &sent[e], Equivalence::Covers));
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
        let name = one_of(vec![json!("x"), json!("X "), json!("y"), json!("")]);
        (id, name, text, country, region).prop_map(|(id, name, city, country, region)| {
            object(vec![
                ("id", id),
                ("name", name),
                ("city", city),
                ("countryCode2", country),
                ("region", region),
            ])
        })
    }

    fn bank() -> impl Strategy<Value = Any> {
        let id = prop::option::weighted(0.1, (1_i64..4).prop_map(Any::from));
        let iban = || one_of(vec![json!("CH1"), json!("ch 1"), json!("CH2"), json!("-")]);
        let name = one_of(vec![json!("x"), json!("X"), json!("y")]);
        let remark = one_of(vec![json!("a"), json!("b")]);
        (id, iban(), iban(), name, remark).prop_map(|(id, qr_iban, account, name, remark)| {
            object(vec![
                ("id", id),
                ("qrIban", qr_iban),
                ("accountNumber", account),
                ("name", name),
                ("remark", remark),
            ])
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
        let (mut stored, sent): (Vec<T>, Vec<T>) = (read(stored), read(sent));
        settle(&mut stored, Arrays::Replace);
        let stored: Vec<&T> = stored.iter().collect();
        assert_eq!(places(&stored, &sent), places_one_by_one(&stored, &sent));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn elements_take_the_places_of_a_comparison_one_by_one(
            addresses in prop::collection::vec(address(), 0..12),
            sent_addresses in prop::collection::vec(address(), 0..8),
            payslips in prop::collection::vec(payslip(), 0..12),
            sent_payslips in prop::collection::vec(payslip(), 0..8),
            banks in prop::collection::vec(bank(), 0..12),
            sent_banks in prop::collection::vec(bank(), 0..8),
        ) {
            assert_places::<Bank>(&banks, &sent_banks);
            assert_places::<Address>(&addresses, &sent_addresses);
            assert_places::<Payslip>(&payslips, &sent_payslips);
        }

        #[test]
        fn arrays_sent_again_change_nothing(
            addresses in prop::collection::vec(address(), 0..5),
            sent_addresses in prop::collection::vec(address(), 0..5),
            banks in prop::collection::vec(bank(), 0..5),
            sent_banks in prop::collection::vec(bank(), 0..5),
            append in any::<bool>(),
        ) {
            let read = |addresses: &[Any], banks: &[Any]| -> ContactDocument {
                serde_json::from_value(json!({"addresses": addresses, "banks": banks})).unwrap()
            };
            let arrays = if append { Arrays::Append } else { Arrays::Replace };
            let mut stored = read(&addresses, &banks);
            settle(&mut stored, arrays);
            let mut sent = read(&sent_addresses, &sent_banks);
            if append {
                // Elements that differ in nulls alone can exchange their places.
                settle(&mut sent, arrays);
            }
            patch(&mut stored, &sent, arrays, Stored::Replaced);
            let once = stored.clone();
            patch(&mut stored, &sent, arrays, Stored::Replaced);
            prop_assert_eq!(stored, once);
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
