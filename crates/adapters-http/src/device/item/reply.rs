//! An item as devices get it.

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;
use serde::Serialize;
use utoipa::ToSchema;

/// An item of the directory, whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceItemShown)]
pub(crate) struct ItemReply {
    /// The key, in lower case; null where the contact has none.
    #[schema(required, format = "uuid", example = "91c615e3-1040-4815-8ecb-039a18b756b2")]
    link_id: Option<String>,
    /// The name.
    #[schema(example = "Entrance")]
    name: String,
    /// `regular`, `individual`, `multi` or `p2p`.
    #[serde(rename = "type")]
    #[schema(example = "multi")]
    kind: String,
    /// An internal address of the type, or a SIP URI.
    #[schema(example = "0001-01-01")]
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
    #[schema(example = "ring1.wav")]
    ringtone: String,
    /// The id of the contact.
    #[schema(example = 42)]
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
