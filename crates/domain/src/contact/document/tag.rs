//! Tags and notes.

use crate::contact::kinds::Free;
use crate::tree::{Member, Own, Text, Whole};
use crate::value::TagName;

crate::tree! {
    /// A tag of the organization, known by its name; the id follows from the name.
    block Tag {
        id: Whole = "id",
        name: Text<TagName> = "name",
    }

    /// A note about the contact, under a tag.
    element AdditionalInformation {
        id: Own = "id",
        tag: Tag = "tag",
        note: Text<Free> = "note",
    }
}
