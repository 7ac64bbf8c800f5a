//! The macro that spreads [`Tree`](super::Tree) over the members of a struct.

/// Declares the structs of the document tree, one line a member: its Rust name, its type, its name
/// on the wire.
///
/// - `block`: an object that is merged member by member;
/// - `element`: the same, presence in an array and known by its `id`;
/// - `received`: only a description, for objects that are stored as received.
#[macro_export]
macro_rules! tree {
    () => {};

    (
        $(#[doc = $about:literal])+
        received $name:ident { $($wire:literal: $ty:ty,)* }
        $($rest:tt)*
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub struct $name;

        impl $crate::tree::Shaped for $name {
            const SHAPE: &'static $crate::tree::Shape = &$crate::tree::Shape {
                name: stringify!($name),
                about: concat!($($about),+),
                members: &[$($crate::tree::MemberShape {
                    name: $wire,
                    kind: <$ty as $crate::tree::Tree>::KIND,
                },)*],
            };
        }

        $crate::tree! { $($rest)* }
    };

    (
        $(#[doc = $about:literal])+
        element $name:ident { $($members:tt)* }
        $($rest:tt)*
    ) => {
        $crate::tree! {
            @define [$($about)+] $name { $($members)* }
            fn merge_list(
                stored: &mut Vec<Self>,
                sent: &[Self],
                merging: &mut $crate::tree::Patch,
                at: &$crate::path::At<'_>,
            ) {
                $crate::tree::merge_elements(stored, sent, merging, at);
            }

            fn list_matches(
                stored: &[Self],
                sent: &[Self],
                equivalence: $crate::tree::Equivalence,
            ) -> bool {
                $crate::tree::elements_match(stored, sent, equivalence)
            }

            fn list_fill(here: &mut Vec<Self>, other: Vec<Self>) {
                $crate::tree::fill_elements(here, other);
            }

            fn own_id(&self) -> Option<i64> {
                self.id.get().map(|id| id.get())
            }
        }

        $crate::tree! { $($rest)* }
    };

    (
        $(#[doc = $about:literal])+
        block $name:ident { $($members:tt)* }
        $($rest:tt)*
    ) => {
        $crate::tree! { @define [$($about)+] $name { $($members)* } }
        $crate::tree! { $($rest)* }
    };

    (
        @define [$($about:literal)+] $name:ident {
            $($field:ident: $ty:ty = $wire:literal,)*
        }
        $($methods:tt)*
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Default, ::serde::Serialize)]
        pub struct $name {
            $(
                #[doc = concat!("`", $wire, "`")]
                #[serde(rename = $wire, skip_serializing_if = "Member::is_absent")]
                pub $field: $crate::tree::Member<$ty>,
            )*
        }

        impl $crate::tree::Shaped for $name {
            const SHAPE: &'static $crate::tree::Shape = &$crate::tree::Shape {
                name: stringify!($name),
                about: concat!($($about),+),
                members: &[$($crate::tree::MemberShape {
                    name: $wire,
                    kind: <$ty as $crate::tree::Tree>::KIND,
                },)*],
            };
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> ::serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A>(self, mut map: A) -> Result<$name, A::Error>
                    where
                        A: ::serde::de::MapAccess<'de>,
                    {
                        let mut block = $name::default();
                        while let Some(name) = map.next_key_seed($crate::tree::MemberName)? {
                            match &*name {
                                $($wire => block.$field.read(&mut map)?,)*
                                _ => return Err(::serde::de::Error::custom("unknown member")),
                            }
                        }
                        Ok(block)
                    }
                }

                source.deserialize_map(Members)
            }
        }

        impl $crate::tree::Tree for $name {
            const KIND: $crate::tree::Kind =
                $crate::tree::Kind::Block(<Self as $crate::tree::Shaped>::SHAPE);

            fn presence(&self) -> $crate::tree::Presence {
                if true $(&& self.$field.is_absent())* {
                    $crate::tree::Presence::Absent
                } else {
                    $crate::tree::Presence::Value
                }
            }

            fn merge(
                &mut self,
                sent: &Self,
                merging: &mut $crate::tree::Patch,
                at: &$crate::path::At<'_>,
            ) {
                $(self.$field.merge(&sent.$field, merging, &at.member($wire));)*
            }

            fn settle(
                &self,
                merging: &mut $crate::tree::Patch,
                at: &$crate::path::At<'_>,
            ) -> Self {
                let mut fresh = Self::default();
                fresh.merge(self, merging, at);
                fresh
            }

            fn matches(&self, sent: &Self, equivalence: $crate::tree::Equivalence) -> bool {
                true $(&& self.$field.matches(&sent.$field, equivalence))*
            }

            fn fill(&mut self, other: Self) {
                $(self.$field.fill(other.$field);)*
            }

            fn ids_at_most(&self) -> i64 {
                0 $(+ self.$field.ids_at_most())*
            }

            fn number(&mut self, numbering: &mut $crate::tree::IdAssignment<'_>) {
                $(<$ty as $crate::tree::Tree>::number_member(&mut self.$field, numbering);)*
            }

            fn is_plain(&self) -> bool {
                true $(&& self.$field.is_plain())*
            }

            fn walk<'t>(
                &'t self,
                at: &$crate::path::At<'_>,
                visit: &mut $crate::tree::Visit<'_, 't>,
            ) {
                $(self.$field.walk($wire, at, visit);)*
            }

            $($methods)*
        }
    };
}
