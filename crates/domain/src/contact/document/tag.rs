//! Tags and notes.

use crate::contact::kinds::Free;
use crate::tree::{ElementId, SafeInteger, Text, tree};
use crate::value::TagName;

tree! {
    /// A tag of the organization, known by its name; the id follows from the name.
    block Tag by [name] {
        /// The id of the tag, which follows from its name.
        id: SafeInteger = "id",
        /// The name of the tag.
        name: Text<TagName> = "name",
    }

    /// A note about the contact, under a tag.
    block AdditionalInformation by [tag] {
        /// The id of the note.
        id: ElementId = "id",
        /// The tag of the note.
        tag: Tag = "tag",
        /// The text of the note.
        note: Text<Free> = "note",
    }
}
