//! A label in the languages of the ERP.

use crate::contact::kinds::Free;
use crate::tree::{Text, tree};

tree! {
    /// The name of something outside the contact, by language; stored as received.
    opaque Label {
        /// In German.
        "de": Text<Free>,
        /// In English.
        "en": Text<Free>,
        /// In French.
        "fr": Text<Free>,
        /// In Italian.
        "it": Text<Free>,
    }
}
