//! What handlers take from a request: the caller, the body, the preferences.

pub(crate) mod array_items;
pub(crate) mod authorized;
pub(crate) mod contact_id;
pub(crate) mod content_coding;
pub(crate) mod framing;
pub(crate) mod idempotency;
pub(crate) mod json_text;
pub(crate) mod json_upload;
pub(crate) mod list_turn;
pub(crate) mod media_type;
pub(crate) mod offload;
pub(crate) mod prefer;
pub(crate) mod raw_object;
pub(crate) mod upload;
