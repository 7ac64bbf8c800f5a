//! The macro that spreads [`Tree`](super::Tree) over the members of a struct.

/// Declares the structs of the document tree, one line a member: its Rust name, its type, its name
/// on the wire.
///
/// - `block`: an object that is merged member by member;
/// - `element`: the same, standing in an array and known by its `id`;
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
                sent: Vec<Self>,
                merging: &mut $crate::tree::Merging,
                at: &$crate::path::At<'_>,
            ) {
                $crate::tree::merge_elements(stored, sent, merging, at);
            }

            fn list_matches(
                stored: &[Self],
                sent: &[Self],
                likeness: $crate::tree::Likeness,
            ) -> bool {
                $crate::tree::elements_match(stored, sent, likeness)
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
        #[derive(Debug, Clone, PartialEq, Default, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
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

        impl $crate::tree::Tree for $name {
            const KIND: $crate::tree::Kind =
                $crate::tree::Kind::Block(<Self as $crate::tree::Shaped>::SHAPE);

            fn standing(&self) -> $crate::tree::Standing {
                if true $(&& self.$field.is_absent())* {
                    $crate::tree::Standing::Absent
                } else {
                    $crate::tree::Standing::Value
                }
            }

            fn merge(
                &mut self,
                sent: Self,
                merging: &mut $crate::tree::Merging,
                at: &$crate::path::At<'_>,
            ) {
                $(self.$field.merge(sent.$field, merging, &at.member($wire));)*
            }

            fn settle(
                self,
                merging: &mut $crate::tree::Merging,
                at: &$crate::path::At<'_>,
            ) -> Self {
                let mut fresh = Self::default();
                fresh.merge(self, merging, at);
                fresh
            }

            fn matches(&self, sent: &Self, likeness: $crate::tree::Likeness) -> bool {
                true $(&& self.$field.matches(&sent.$field, likeness))*
            }

            fn ids_at_most(&self) -> i64 {
                0 $(+ self.$field.ids_at_most())*
            }

            fn number(&mut self, numbering: &mut $crate::tree::Numbering<'_>) {
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
