//! Communications with a contact.

use crate::contact::kinds::{Free, Name, Token};
use crate::tree::{ElementId, SafeInteger, Text, tree};
use crate::value::CalendarDate;

tree! {
    /// A call, a letter or a meeting with the contact.
    block Communication {
        id: ElementId = "id",
        kind: Text<Token> = "type",
        date: Text<CalendarDate> = "date",
        description: Text<Free> = "description",
        long_description: Text<Free> = "longDescription",
        our_contact_id: SafeInteger = "ourContactId",
        our_contact_name: Text<Name> = "ourContactName",
        external_contact_id: SafeInteger = "externalContactId",
        external_contact_id_name: Text<Name> = "externalContactIdName",
        external_contact_name: Text<Name> = "externalContactName",
    }
}
