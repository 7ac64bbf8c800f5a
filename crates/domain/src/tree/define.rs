//! The macro that declares the structs of the document tree.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, Visitor};

use super::member::MemberName;
use super::visitor::Block;

/// Declares structs of the document tree, one line a member: its Rust name, its type, its name on
/// the wire. The description of each stands above it, also for the API description.
///
/// - `block`: an object that is merged member by member. The elements of an array have ids if the
///   first member of their block is an [`ElementId`](super::ElementId). `by [a, b] or [c]` names
///   their natural keys, the strongest first: one that is sent without its id is the stored one
///   that has the same `a` and `b`, else the same `c`.
/// - `opaque`: only a description, for objects that are stored as received.
macro_rules! tree {
    () => {};

    (
        $(#[doc = $about:literal])+
        opaque $name:ident { $($(#[doc = $what:literal])+ $wire:literal: $ty:ty,)* }
        $($rest:tt)*
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub struct $name;

        $crate::tree::tree! { @shape [$($about)+] $name { $([$($what)+] $wire: $ty,)* } }
        $crate::tree::tree! { $($rest)* }
    };

    (
        $(#[doc = $about:literal])+
        block $name:ident $(by $([$($key:ident),+])or+)? {
            $($(#[doc = $what:literal])+ $field:ident: $ty:ty = $wire:literal,)*
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Default, ::serde::Serialize)]
        pub struct $name {
            $(
                $(#[doc = $what])+
                #[doc = concat!("\n\nOn the wire: `", $wire, "`.")]
                #[serde(rename = $wire, skip_serializing_if = "crate::tree::Member::is_absent")]
                pub $field: $crate::tree::Member<$ty>,
            )*
        }

        $crate::tree::tree! { @shape [$($about)+] $name { $([$($what)+] $wire: $ty,)* } }

        const _: () = {
            use $crate::tree;

            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: ::serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                    tree::read_block(json)
                }
            }

            impl tree::Value for $name {
                const KIND: tree::Kind = tree::Kind::Block(<Self as tree::Shaped>::SHAPE);
                $(const NATURAL_KEYS: &'static [tree::NaturalKey<Self>] = &[$(
                    |block| Some([$(tree::natural_key(&block.$key)?),+].join("\0")),
                )+];)?

                fn presence(&self) -> tree::Presence {
                    let is_empty = true $(&& self.$field.is_absent())*;
                    if is_empty { tree::Presence::Absent } else { tree::Presence::Value }
                }

                fn accept<F: tree::Form>(
                    block: F::Held<'_, Self>,
                    visitor: &mut impl tree::Visitor<F>,
                ) -> tree::Flow {
                    F::members(block, visitor)
                }
            }

            impl tree::Block for $name {
                fn read_member<'de, A: ::serde::de::MapAccess<'de>>(
                    &mut self,
                    name: &str,
                    map: &mut A,
                ) -> Result<(), A::Error> {
                    match name {
                        $($wire => self.$field.read(map),)*
                        _ => Err(::serde::de::Error::custom("unknown member")),
                    }
                }

                fn visit(&self, visitor: &mut impl tree::Visitor<tree::Shared>) -> tree::Flow {
                    $(<$ty as tree::Value>::accept_member($wire, &self.$field, visitor)?;)*
                    tree::go_on_if(true)
                }

                fn visit_mut(
                    &mut self,
                    visitor: &mut impl tree::Visitor<tree::Mutable>,
                ) -> tree::Flow {
                    $(<$ty as tree::Value>::accept_member($wire, &mut self.$field, visitor)?;)*
                    tree::go_on_if(true)
                }

                fn zip(
                    &self,
                    other: &Self,
                    visitor: &mut impl tree::Visitor<tree::Pair>,
                ) -> tree::Flow {
                    $(
                        let pair = (&self.$field, &other.$field);
                        <$ty as tree::Value>::accept_member($wire, pair, visitor)?;
                    )*
                    tree::go_on_if(true)
                }

                fn zip_mut(
                    &mut self,
                    other: &Self,
                    visitor: &mut impl tree::Visitor<tree::PairMut>,
                ) -> tree::Flow {
                    $(
                        let pair = (&mut self.$field, &other.$field);
                        <$ty as tree::Value>::accept_member($wire, pair, visitor)?;
                    )*
                    tree::go_on_if(true)
                }
            }
        };

        $crate::tree::tree! { $($rest)* }
    };

    (@shape [$($about:literal)+] $name:ident {
        $([$($what:literal)+] $wire:literal: $ty:ty,)*
    }) => {
        impl $crate::tree::Shaped for $name {
            const SHAPE: &'static $crate::tree::Shape = &$crate::tree::Shape {
                name: stringify!($name),
                about: concat!($($about),+),
                members: &[$($crate::tree::MemberShape {
                    name: $wire,
                    about: concat!($($what),+),
                    kind: <$ty as $crate::tree::Value>::KIND,
                },)*],
            };
        }
    };
}

pub(crate) use tree;

/// Reads a block from an object and from nothing else.
///
/// The code that serde derives for a struct also takes an array, position by position, and would
/// read `"client": []` as an empty client.
pub(crate) fn read_block<'de, B: Block, D: Deserializer<'de>>(json: D) -> Result<B, D::Error> {
    struct Members<B>(PhantomData<B>);

    impl<'de, B: Block> Visitor<'de> for Members<B> {
        type Value = B;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<B, A::Error> {
            let mut block = B::default();
            while let Some(name) = map.next_key_seed(MemberName)? {
                block.read_member(&name, &mut map)?;
            }
            Ok(block)
        }
    }

    json.deserialize_map(Members(PhantomData))
}
