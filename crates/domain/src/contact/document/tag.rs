//! Tags and notes.

use crate::contact::kinds::Free;
use crate::tree::{ElementId, SafeInteger, Text, tree};
use crate::value::TagName;

tree! {
    /// A tag of the organization, known by its name; the id follows from the name.
    block Tag {
        id: SafeInteger = "id",
        name: Text<TagName> = "name",
    }

    /// A note about the contact, under a tag.
    block AdditionalInformation {
        id: ElementId = "id",
        tag: Tag = "tag",
        note: Text<Free> = "note",
    }
}
