//! The paths of the device contract: it publishes none, so all of them stand here.

use axum::http::Method;

/// Where the device contract is answered: the same under each.
pub const DEVICE_PREFIXES: [&str; 2] = ["/api/v0", CANONICAL_PREFIX];

/// The prefix that the description of the API names.
pub(super) const CANONICAL_PREFIX: &str = "/api/v1";

pub(super) const LINK: &str = "/contacts/items/link";
pub(super) const ITEMS: &str = "/contacts/items";
pub(super) const ITEM: &str = "/contacts/items/{uid}";

/// What devices and their management servers can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceOperation {
    /// Creates or updates many.
    UpsertItems,
    /// Deletes many.
    DeleteItems,
    /// Shows a page of the list.
    ListItems,
    /// Creates one.
    CreateItem,
    /// Shows one.
    GetItem,
    /// Updates one.
    UpdateItem,
    /// Deletes one.
    DeleteItem,
}

/// A path of the device contract and the methods by which it asks for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePath {
    /// What is asked for.
    pub operation: DeviceOperation,
    /// How.
    pub methods: &'static [Method],
    /// Where, below a prefix; `{uid}` stands for the id of a contact.
    pub path: &'static str,
}

/// Every path of the device contract. The first method of an operation's first path is the one
/// that the description of the API names.
pub const DEVICE_PATHS: &[DevicePath] = {
    use DeviceOperation::{
        CreateItem, DeleteItem, DeleteItems, GetItem, ListItems, UpdateItem, UpsertItems,
    };
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    const DELETE: &[Method] = &[Method::DELETE];
    const PUT_OR_PATCH: &[Method] = &[Method::PUT, Method::PATCH];
    const POST_PUT_OR_PATCH: &[Method] = &[Method::POST, Method::PUT, Method::PATCH];
    &[
        row(UpsertItems, POST_PUT_OR_PATCH, LINK),
        row(UpsertItems, POST_PUT_OR_PATCH, "/contacts/link"),
        row(DeleteItems, DELETE, LINK),
        row(DeleteItems, POST, "/contacts/link/delete"),
        row(ListItems, GET, ITEMS),
        row(ListItems, GET, "/contacts"),
        row(CreateItem, POST, ITEMS),
        row(CreateItem, POST, "/contacts"),
        row(GetItem, GET, ITEM),
        row(GetItem, GET, "/contacts/{uid}"),
        row(UpdateItem, PUT_OR_PATCH, ITEM),
        row(UpdateItem, PUT_OR_PATCH, "/contacts/{uid}"),
        row(DeleteItem, DELETE, ITEM),
        row(DeleteItem, DELETE, "/contacts/{uid}"),
    ]
};

const fn row(
    operation: DeviceOperation,
    methods: &'static [Method],
    path: &'static str,
) -> DevicePath {
    DevicePath { operation, methods, path }
}

/// Whether a path lies below a prefix of the contract, whether something is there or not.
pub(crate) fn is_at(path: &str) -> bool {
    let below = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    DEVICE_PREFIXES.into_iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_at_the_door_only_below_a_whole_prefix() {
        for path in ["/api/v0", "/api/v1", "/api/v1/", "/api/v0/contacts", "/api/v1//"] {
            assert!(is_at(path), "{path}");
        }
        for path in ["/", "/api", "/api/", "/api/v10", "/api/v2/contacts", "/api-v1/contact/batch"]
        {
            assert!(!is_at(path), "{path}");
        }
    }
}
