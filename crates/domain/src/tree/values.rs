//! Which types are values of the tree, and which method of a visitor each of them calls.

pub(super) mod amount;
pub(super) mod element_id;
pub(super) mod json_object;
pub(super) mod safe_integer;
pub(super) mod text;

use self::amount::{Amount, AmountOf, AmountValue};
use self::element_id::{ElementId, Parent, ParentId, ReadOnly};
use self::json_object::{CustomFields, OpaqueObject};
use self::safe_integer::SafeInteger;
use self::text::{Text, TextValue};
use super::leaf::Leaf;
use super::member::Member;
use super::shape::{Kind, Shape, Shaped};
use super::visitor::{Flow, Form, JsonObject, NaturalKey, Presence, Scalar, Value, Visitor};
use crate::json::{Json, Members};
use crate::value::{ParseCache, fold, is_blank};

impl<T: TextValue> Value for Text<T> {
    const KIND: Kind = Kind::Text(&T::KIND);
    const NATURAL_KEYS: &'static [NaturalKey<Self>] = &[|text| Some(T::fold(text))];

    fn presence(&self) -> Presence {
        let is_null = T::KIND.blank_is_null && is_blank(self);
        if is_null { Presence::Null } else { Presence::Value }
    }

    fn accept<F: Form>(text: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.scalar(text)
    }
}

impl<T: TextValue> Scalar for Text<T> {
    fn leaf(&self) -> Option<Leaf<'_>> {
        Some(Leaf::Text(&T::KIND, self))
    }

    fn set(&mut self, text: String) {
        *self = Self::from(text);
    }

    fn spells(&self, other: &Self, cache: &mut ParseCache) -> bool {
        let Some(normal_form) = T::KIND.normal_form else { return false };
        normal_form(self, cache).is_some_and(|own| normal_form(other, cache) == Some(own))
    }
}

impl<K: AmountOf> Value for Amount<K> {
    const KIND: Kind = Kind::Amount(&K::KIND);

    fn presence(&self) -> Presence {
        match self.value() {
            AmountValue::Text(text) if is_blank(text) => Presence::Null,
            _ => Presence::Value,
        }
    }

    fn accept<F: Form>(amount: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.scalar(amount)
    }
}

impl<K: AmountOf> Scalar for Amount<K> {
    fn leaf(&self) -> Option<Leaf<'_>> {
        Some(Leaf::Amount(&K::KIND, self.value()))
    }

    fn spells(&self, other: &Self, _cache: &mut ParseCache) -> bool {
        self.decimal().is_some_and(|own| other.decimal() == Some(own))
    }
}

impl Value for SafeInteger {
    const KIND: Kind = Kind::SafeInteger;
    const NATURAL_KEYS: &'static [NaturalKey<Self>] = &[|number| Some(number.get().to_string())];

    fn accept<F: Form>(number: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.scalar(number)
    }
}

impl Scalar for SafeInteger {}

impl Value for bool {
    const KIND: Kind = Kind::Flag;

    fn accept<F: Form>(flag: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.scalar(flag)
    }
}

impl Scalar for bool {}

impl Value for CustomFields {
    const KIND: Kind = Kind::CustomFields;

    fn presence(&self) -> Presence {
        if self.members().is_empty() { Presence::Absent } else { Presence::Value }
    }

    fn accept<F: Form>(object: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.object(object)
    }
}

impl JsonObject for CustomFields {
    const SHAPE: Option<&'static Shape> = None;

    fn members(&self) -> &Members {
        self.members()
    }

    fn members_mut(&mut self) -> &mut Members {
        &mut self.0
    }

    fn leaf(&self) -> Leaf<'_> {
        Leaf::CustomFields(self.members().len())
    }
}

impl<S: Shaped + 'static> Value for OpaqueObject<S> {
    const KIND: Kind = Kind::OpaqueObject(S::SHAPE);
    const NATURAL_KEYS: &'static [NaturalKey<Self>] = &[
        |object| match object.members().get("id")? {
            Json::Number(id) => Some(id.as_str().to_owned()),
            _ => None,
        },
        |object| match object.members().get("name")? {
            Json::Text(name) => Some(fold(name)),
            _ => None,
        },
    ];

    fn presence(&self) -> Presence {
        if self.members().is_empty() { Presence::Absent } else { Presence::Value }
    }

    fn accept<F: Form>(object: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.object(object)
    }
}

impl<S: Shaped + 'static> JsonObject for OpaqueObject<S> {
    const SHAPE: Option<&'static Shape> = Some(S::SHAPE);

    fn members(&self) -> &Members {
        self.members()
    }

    fn members_mut(&mut self) -> &mut Members {
        &mut self.members
    }

    fn leaf(&self) -> Leaf<'_> {
        let below = self.members().values().map(Json::nesting).max();
        Leaf::OpaqueObject(1 + below.unwrap_or(0))
    }
}

impl<K: Parent> Value for ElementId<K> {
    const KIND: Kind = Kind::ElementId;

    fn accept_member<F: Form>(
        name: &'static str,
        member: F::Held<'_, Member<Self>>,
        visitor: &mut impl Visitor<F>,
    ) -> Flow {
        visitor.element_id(name, member)
    }
}

impl<K: Parent> Value for ParentId<K> {
    const KIND: Kind = Kind::ParentId;

    fn accept_member<F: Form>(
        name: &'static str,
        member: F::Held<'_, Member<Self>>,
        visitor: &mut impl Visitor<F>,
    ) -> Flow {
        visitor.parent_id(name, member)
    }
}

impl Value for ReadOnly {
    const KIND: Kind = Kind::ReadOnly;

    fn accept_member<F: Form>(
        _name: &'static str,
        member: F::Held<'_, Member<Self>>,
        visitor: &mut impl Visitor<F>,
    ) -> Flow {
        visitor.read_only(member)
    }
}

impl<T: Value> Value for Box<T> {
    const KIND: Kind = T::KIND;

    fn presence(&self) -> Presence {
        T::presence(self)
    }

    fn accept<F: Form>(value: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        F::accept_boxed(value, visitor)
    }
}

impl<T: Value> Value for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn accept<F: Form>(list: F::Held<'_, Self>, visitor: &mut impl Visitor<F>) -> Flow {
        visitor.list(list)
    }
}
