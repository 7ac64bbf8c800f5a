//! Keeps the stored spelling of a value that was sent in another one.

use std::collections::HashMap;

use crate::tree::assign_ids::own_id;
use crate::tree::member::Member;
use crate::tree::visitor::{Flow, PairMut, Scalar, Value, Visitor, go_on_if};
use crate::value::ParseCache;

/// Puts back the stored text or number wherever that of the document has the same normal form. The
/// cache reads phone numbers as those of the document.
///
/// Elements are compared by their ids, those of arrays without ids by their places.
pub(crate) fn keep_spelling<T: Value>(document: &mut T, stored: &T, cache: &mut ParseCache) {
    let _ = T::accept((document, stored), &mut KeepSpelling { cache });
}

struct KeepSpelling<'c> {
    cache: &'c mut ParseCache,
}

impl Visitor<PairMut> for KeepSpelling<'_> {
    fn member<T: Value>(
        &mut self,
        _name: &'static str,
        (now, stored): (&mut Member<T>, &Member<T>),
    ) -> Flow {
        match (now, stored) {
            (Member::Value(now), Member::Value(stored)) => T::accept((now, stored), self),
            _ => go_on_if(true),
        }
    }

    fn scalar<T: Scalar>(&mut self, (now, stored): (&mut T, &T)) -> Flow {
        if now != stored && now.spells(stored, self.cache) {
            now.clone_from(stored);
        }
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, (now, stored): (&mut Vec<T>, &Vec<T>)) -> Flow {
        if T::KIND.has_element_id() {
            let by_id = stored.iter().filter_map(|element| Some((own_id(element)?, element)));
            let by_id: HashMap<i64, &T> = by_id.collect();
            let known = |element: &T| by_id.get(&own_id(element)?).copied();
            return now.iter_mut().try_for_each(|element| match known(element) {
                Some(stored) => T::accept((element, stored), self),
                None => go_on_if(true),
            });
        }
        now.iter_mut().zip(stored).try_for_each(|pair| T::accept(pair, self))
    }
}
