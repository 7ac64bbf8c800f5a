//! The directory entry of a contact in an intercom.

use crate::contact::kinds::{IntercomName, IntercomNumber, IntercomTypeName};
use crate::tree::{Text, tree};
use crate::value::Ringtone;

tree! {
    /// The contact as an entry of an intercom's directory.
    block Intercom {
        name: Text<IntercomName> = "name",
        kind: Text<IntercomTypeName> = "type",
        number: Text<IntercomNumber> = "number",
        is_favorite: bool = "isFavorite",
        auto_answer: bool = "autoAnswer",
        in_black_list: bool = "inBlackList",
        is_p2p: bool = "isP2p",
        ringtone: Text<Ringtone> = "ringtone",
    }
}
