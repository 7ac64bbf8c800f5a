//! An item as devices get it.

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::IntercomTypeSchema;

/// An item of the directory, whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceItemShown, example = json!({
    "link_id": "91c615e3-1040-4815-8ecb-039a18b756b2",
    "name": "Entrance",
    "type": "multi",
    "number": "0001-01-01",
    "is_favorite": true,
    "auto_answer": false,
    "in_black_list": false,
    "is_p2p": false,
    "ringtone": "ring1.wav",
    "item_uid": 42,
}))]
pub(crate) struct ItemReply {
    /// The key, in lower case; null where the contact has none.
    #[schema(required, format = "uuid")]
    link_id: Option<String>,
    /// The name.
    name: String,
    /// Which form the number has.
    #[serde(rename = "type")]
    #[schema(value_type = IntercomTypeSchema)]
    kind: String,
    /// An internal address of the type, or a SIP URI.
    number: String,
    /// Shown first.
    is_favorite: bool,
    /// Answers by itself.
    auto_answer: bool,
    /// Is not let through.
    in_black_list: bool,
    /// Is called without a server.
    is_p2p: bool,
    /// The file name of the ringtone.
    ringtone: String,
    /// The id of the contact.
    item_uid: i64,
}

impl ItemReply {
    pub(crate) fn of(id: ContactId, entry: IntercomEntry) -> Self {
        Self {
            link_id: entry.link_id.map(|link_id| link_id.to_string()),
            name: entry.name,
            kind: entry.kind,
            number: entry.number,
            is_favorite: entry.is_favorite,
            auto_answer: entry.auto_answer,
            in_black_list: entry.in_black_list,
            is_p2p: entry.is_p2p,
            ringtone: entry.ringtone,
            item_uid: id.get(),
        }
    }
}
