//! Why an item ended as it did.

use std::collections::HashSet;

use super::options::Key;
use crate::contact::document::ContactDocument;
use crate::ids::ContactId;
use crate::path::{At, Path};
use crate::tree::{
    ElementId, Flow, Kind, Member, Pair, Parent, ParentId, Value, Visitor, go_on_if,
};

/// How an item was matched, and what became of each field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// The keys of the ladder, in order, also those after the one that found the contact.
    pub rungs: Vec<Rung>,
    /// The members that the contact has or the item sends, those of blocks one by one and each array
    /// as a whole. Empty if nothing of the item was merged.
    pub fields: Vec<Field>,
}

/// What a key of the ladder looked for, and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// The key.
    pub key: Key,
    /// The normal forms that it looked for; none if the item does not have the key.
    pub sought: Vec<String>,
    /// The contacts that it found, at most [`Outcome::MAX_CANDIDATES`](super::Outcome); `None` for
    /// one that is new in a dry run.
    pub hits: Vec<Option<ContactId>>,
}

/// What became of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The member.
    pub path: Path,
    /// Whether it changes.
    pub changes: bool,
    /// Why it changes, or why not.
    pub reason: Reason,
}

/// Why a member changes, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The item has it, and it is merged: it changes unless it is stored already.
    Taken,
    /// The item does not have it.
    Absent,
    /// The server fills it, whatever was sent.
    Mirrored,
    /// The stored spelling of the same value stays.
    Respelled,
    /// The contact has a value, and `fill` leaves it.
    Fill,
    /// What was sent is wrong, and `handling=lenient` leaves it out.
    Lenient,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Taken, Self::Absent, Self::Mirrored, Self::Respelled, Self::Fill, Self::Lenient];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "sent",
            Self::Absent => "absent",
            Self::Mirrored => "mirrored",
            Self::Respelled => "respelled",
            Self::Fill => "fill",
            Self::Lenient => "lenient",
        }
    }
}

/// A merge to be explained.
pub(super) struct Merged<'m> {
    /// What was sent.
    pub(super) sent: &'m ContactDocument,
    /// The values that were left out while the item was read.
    pub(super) left_out: Vec<&'m Path>,
    pub(super) before: &'m ContactDocument,
    /// The contact if everything that was sent were taken.
    pub(super) plain: &'m ContactDocument,
    pub(super) after: &'m ContactDocument,
    /// Why a change of the plain merge was not made.
    pub(super) left_by: Reason,
}

impl Merged<'_> {
    /// What became of each field.
    pub(super) fn fields(&self) -> Vec<Field> {
        let mut sent = Vec::new();
        each_field(self.sent, self.sent, &mut |field| {
            sent.extend(field.is_there.then(|| field.at.whole_path()));
        });
        let mut plain = HashSet::new();
        each_field(self.before, self.plain, &mut |field| {
            plain.extend(field.differs.then(|| field.at.whole_path()));
        });
        let mut fields = Vec::new();
        each_field(self.before, self.after, &mut |field| {
            let path = field.at.whole_path();
            let is_within = |inner: &Path| inner.segments().starts_with(path.segments());
            let reason = if field.is_filled {
                Reason::Mirrored
            } else if sent.iter().any(is_within) {
                let is_left = !field.differs && plain.contains(&path);
                if is_left { self.left_by } else { Reason::Taken }
            } else if self.left_out.iter().any(|left_out| is_within(left_out)) {
                Reason::Lenient
            } else if field.is_there {
                if field.differs { Reason::Mirrored } else { Reason::Absent }
            } else {
                return;
            };
            if field.is_there || reason != Reason::Mirrored {
                fields.push(Field { path, changes: field.differs, reason });
            }
        });
        fields
    }
}

/// A member in two documents.
struct FieldPair<'a> {
    at: At<'a>,
    /// Whether one of them has it, as a value or null.
    is_there: bool,
    differs: bool,
    /// Whether the server fills it.
    is_filled: bool,
}

/// Calls `visit` for each member, and where both documents have a block, for each of its members.
fn each_field(one: &ContactDocument, other: &ContactDocument, visit: &mut Visit<'_>) {
    let _ = ContactDocument::accept::<Pair>((one, other), &mut Fields { at: At::root(), visit });
}

type Visit<'v> = dyn FnMut(FieldPair<'_>) + 'v;

struct Fields<'a, 'v> {
    at: At<'a>,
    visit: &'a mut Visit<'v>,
}

impl Fields<'_, '_> {
    fn field<V: PartialEq>(
        &mut self,
        name: &str,
        (one, other): (&Member<V>, &Member<V>),
        is_filled: bool,
    ) -> Flow {
        (self.visit)(FieldPair {
            at: self.at.member(name),
            is_there: !one.is_absent() || !other.is_absent(),
            differs: one.get() != other.get(),
            is_filled,
        });
        go_on_if(true)
    }
}

impl Visitor<Pair> for Fields<'_, '_> {
    fn member<T: Value>(
        &mut self,
        name: &'static str,
        (one, other): (&Member<T>, &Member<T>),
    ) -> Flow {
        if let (Kind::Block(_), Member::Value(one), Member::Value(other)) = (T::KIND, one, other) {
            let at = self.at.member(name);
            return T::accept((one, other), &mut Fields { at, visit: self.visit });
        }
        let is_filled =
            self.at.depth() == 0 && ["id", "contactId", "organizationId"].contains(&name);
        self.field(name, (one, other), is_filled)
    }

    fn element_id<K: Parent>(
        &mut self,
        name: &'static str,
        ids: (&Member<ElementId<K>>, &Member<ElementId<K>>),
    ) -> Flow {
        self.field(name, ids, true)
    }

    fn parent_id<K: Parent>(
        &mut self,
        name: &'static str,
        ids: (&Member<ParentId<K>>, &Member<ParentId<K>>),
    ) -> Flow {
        self.field(name, ids, true)
    }

    /// An array is one field.
    fn list<T: Value>(&mut self, _lists: (&Vec<T>, &Vec<T>)) -> Flow {
        go_on_if(true)
    }
}
