//! Communications with a contact.

use crate::contact::kinds::{Free, Name, Token};
use crate::tree::{ElementId, SafeInteger, Text, tree};
use crate::value::CalendarDate;

tree! {
    /// A call, a letter or a meeting with the contact.
    block Communication {
        /// The id of the communication.
        id: ElementId = "id",
        /// How it took place.
        kind: Text<Token> = "type",
        /// When it took place.
        date: Text<CalendarDate> = "date",
        /// What it was about, in a line.
        description: Text<Free> = "description",
        /// What it was about, in full.
        long_description: Text<Free> = "longDescription",
        /// The id of the person on our side.
        our_contact_id: SafeInteger = "ourContactId",
        /// The name of the person on our side.
        our_contact_name: Text<Name> = "ourContactName",
        /// The id of the person on the other side.
        external_contact_id: SafeInteger = "externalContactId",
        /// The name that belongs to that id.
        external_contact_id_name: Text<Name> = "externalContactIdName",
        /// The name of the person on the other side, as text.
        external_contact_name: Text<Name> = "externalContactName",
    }
}
