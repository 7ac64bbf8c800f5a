//! The directory entry of a contact in an intercom.

use crate::contact::kinds::{IntercomName, IntercomNumber, IntercomTypeName};
use crate::tree::{Text, tree};
use crate::value::Ringtone;

tree! {
    /// The contact as an entry of an intercom's directory.
    block Intercom {
        /// The name that the intercom shows.
        name: Text<IntercomName> = "name",
        /// What the entry calls: one monitor, several, or another panel.
        kind: Text<IntercomTypeName> = "type",
        /// The internal address or SIP URI that is called.
        number: Text<IntercomNumber> = "number",
        /// Whether it is among the favourites.
        is_favorite: bool = "isFavorite",
        /// Whether its calls are answered without a press.
        auto_answer: bool = "autoAnswer",
        /// Whether its calls are refused.
        in_black_list: bool = "inBlackList",
        /// Whether it is called directly, without a server.
        is_p2p: bool = "isP2p",
        /// The file of the ringtone.
        ringtone: Text<Ringtone> = "ringtone",
    }
}
