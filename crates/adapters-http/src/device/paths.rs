//! The paths of the device contract. It publishes none, so this table decides.

use axum::http::Method;

/// The prefixes of the device contract. It is the same under each.
pub const DEVICE_PREFIXES: [&str; 2] = ["/api/v0", CANONICAL_PREFIX];

/// The prefix in the API description.
pub(super) const CANONICAL_PREFIX: &str = "/api/v1";

pub(super) const LINK: &str = "/contacts/items/link";
pub(super) const ITEMS: &str = "/contacts/items";
pub(super) const ITEM: &str = "/contacts/items/{uid}";

/// An operation of the device contract.
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

/// A path of the device contract, and the methods that call an operation there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePath {
    /// The operation.
    pub operation: DeviceOperation,
    /// The methods.
    pub methods: &'static [Method],
    /// The path below a prefix; `{uid}` stands for the id of a contact.
    pub path: &'static str,
}

/// Every path of the device contract. In the API description, the first method of the first path of an
/// operation has its name; the others are the same under names of their own.
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
