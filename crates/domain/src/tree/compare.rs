//! Compares a stored document with one that was sent.

use super::member::Member;
use super::values::element_id::{ElementId, Parent};
use super::visitor::{Flow, JsonObject, Pair, Presence, Scalar, Shared, Value, Visitor, go_on_if};
use crate::json::{Json, Members};

/// In which sense a stored document and one that was sent are the same.
///
/// | stored | sent | `Equal` | `Covers` | `Unchanged` | `Content` |
/// | --- | --- | --- | --- | --- | --- |
/// | `{"city": "Bern"}` | `{"city": "Bern"}` | yes | yes | yes | yes |
/// | `{"city": "Bern"}` | `{"city": "Basel"}` | no | no | no | no |
/// | `{"city": "Bern"}` | `{}` | no | yes | yes | no |
/// | `{"city": "Bern"}` | `{"city": null}` | no | yes | no | no |
/// | `{}` | `{"city": null}` | yes | yes | yes | yes |
/// | `{}` | `{"region": {"name": null}}` | yes | yes | yes | yes |
/// | `{"id": 7}` | `{}` | yes | yes | yes | yes |
/// | `{"id": 7}` | `{"id": 8}` | no | no | no | yes |
///
/// Arrays are the same if they have the same length and their elements are the same in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Equivalence {
    /// Every member is equal; null is absent.
    Equal,
    /// The stored document has every member that was sent, and can have more; null is absent.
    Covers,
    /// A merge of what was sent would change nothing.
    Unchanged,
    /// Equal, whatever their ids.
    Content,
}

impl Equivalence {
    /// Whether the stored document can have nothing more than was sent.
    fn is_complete(self) -> bool {
        matches!(self, Self::Equal | Self::Content)
    }
}

/// Whether `stored` is the same as `sent`, apart from what the server fills.
pub(crate) fn matches<T: Value>(stored: &T, sent: &T, equivalence: Equivalence) -> bool {
    T::accept((stored, sent), &mut Compare { equivalence }).is_continue()
}

/// Whether nothing of the value would be stored, as of `{"name": null}`.
pub(super) fn is_nothing<T: Value>(sent: &T) -> bool {
    sent.presence() != Presence::Value || T::accept(sent, &mut IsNothing).is_continue()
}

struct Compare {
    equivalence: Equivalence,
}

impl Visitor<Pair> for Compare {
    fn member<T: Value>(
        &mut self,
        _name: &'static str,
        (stored, sent): (&Member<T>, &Member<T>),
    ) -> Flow {
        match (sent.presence(), self.equivalence, sent) {
            (Presence::Value, _, Member::Value(sent)) => match stored {
                Member::Value(stored) => T::accept((stored, sent), self),
                Member::Absent | Member::Null => go_on_if(is_nothing(sent)),
            },
            (_, Equivalence::Covers, _) | (Presence::Absent, Equivalence::Unchanged, _) => {
                go_on_if(true)
            }
            _ => go_on_if(stored.get().is_none()),
        }
    }

    fn element_id<K: Parent>(
        &mut self,
        _name: &'static str,
        (stored, sent): (&Member<ElementId<K>>, &Member<ElementId<K>>),
    ) -> Flow {
        let does_not_count = self.equivalence == Equivalence::Content || sent.get().is_none();
        go_on_if(does_not_count || stored == sent)
    }

    fn scalar<T: Scalar>(&mut self, (stored, sent): (&T, &T)) -> Flow {
        go_on_if(stored == sent)
    }

    fn object<T: JsonObject>(&mut self, (stored, sent): (&T, &T)) -> Flow {
        go_on_if(members_match(stored.members(), sent.members(), self.equivalence))
    }

    fn list<T: Value>(&mut self, (stored, sent): (&Vec<T>, &Vec<T>)) -> Flow {
        if !T::KIND.has_element_id() {
            return go_on_if(stored == sent);
        }
        go_on_if(stored.len() == sent.len())?;
        stored.iter().zip(sent).try_for_each(|(stored, sent)| T::accept((stored, sent), self))
    }
}

struct IsNothing;

impl Visitor<Shared> for IsNothing {
    fn member<T: Value>(&mut self, _name: &'static str, member: &Member<T>) -> Flow {
        go_on_if(member.get().is_none_or(is_nothing))
    }

    fn element_id<K: Parent>(&mut self, _name: &'static str, id: &Member<ElementId<K>>) -> Flow {
        go_on_if(id.get().is_none())
    }

    fn scalar<T: Scalar>(&mut self, _value: &T) -> Flow {
        go_on_if(false)
    }

    fn object<T: JsonObject>(&mut self, value: &T) -> Flow {
        go_on_if(value.members().values().all(|value| *value == Json::Null))
    }

    fn list<T: Value>(&mut self, _list: &Vec<T>) -> Flow {
        go_on_if(false)
    }
}

fn members_match(stored: &Members, sent: &Members, equivalence: Equivalence) -> bool {
    let has_all_sent = sent.iter().all(|(name, value)| match (stored.get(name), value) {
        (stored, Json::Null) => equivalence != Equivalence::Unchanged || stored.is_none(),
        (Some(Json::Object(stored)), Json::Object(sent)) => {
            members_match(stored, sent, equivalence)
        }
        (stored, sent) => stored == Some(sent),
    });
    let is_sent = |name| sent.get(name).is_some_and(|value| *value != Json::Null);
    let has_no_more = || stored.iter().all(|(name, _)| is_sent(name));
    has_all_sent && (!equivalence.is_complete() || has_no_more())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::document::Address;

    #[test]
    fn equivalences_are_as_their_table_says() {
        use Equivalence::{Content, Covers, Equal, Unchanged};
        for (stored, sent, same) in [
            (
                r#"{"city": "Bern"}"#,
                r#"{"city": "Bern"}"#,
                &[Equal, Covers, Unchanged, Content][..],
            ),
            (r#"{"city": "Bern"}"#, r#"{"city": "Basel"}"#, &[]),
            (r#"{"city": "Bern"}"#, "{}", &[Covers, Unchanged]),
            (r#"{"city": "Bern"}"#, r#"{"city": null}"#, &[Covers]),
            ("{}", r#"{"city": null}"#, &[Equal, Covers, Unchanged, Content]),
            ("{}", r#"{"region": {"name": null}}"#, &[Equal, Covers, Unchanged, Content]),
            (r#"{"id": 7}"#, "{}", &[Equal, Covers, Unchanged, Content]),
            (r#"{"id": 7}"#, r#"{"id": 8}"#, &[Content]),
        ] {
            let read = |text| serde_json::from_str::<Address>(text).unwrap();
            for equivalence in [Equal, Covers, Unchanged, Content] {
                let expected = same.contains(&equivalence);
                let result = matches(&read(stored), &read(sent), equivalence);
                assert_eq!(result, expected, "{stored} {sent} {equivalence:?}");
            }
        }
    }
}
