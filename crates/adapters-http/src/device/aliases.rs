//! Describes every path and method of the device contract: each like the one that it stands for.

use std::mem;

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, extensions::Extensions};

use super::paths::{CANONICAL_PREFIX, DEVICE_PATHS, DEVICE_PREFIXES, DeviceOperation};

/// Adds the operations that are served and not described yet, each with an id of its own.
pub(crate) fn describe_aliases(description: &mut OpenApi) {
    for prefix in DEVICE_PREFIXES {
        for row in DEVICE_PATHS {
            for method in row.methods {
                add(description, row.operation, method, &format!("{prefix}{}", row.path));
            }
        }
    }
}

fn add(description: &mut OpenApi, operation: DeviceOperation, method: &Method, path: &str) {
    let Some((canonical, first)) = DEVICE_PATHS
        .iter()
        .filter(|row| row.operation == operation)
        .find_map(|row| Some((format!("{CANONICAL_PREFIX}{}", row.path), row.methods.first()?)))
    else {
        return;
    };
    let OpenApi { paths, components, .. } = description;
    let paths = &mut paths.paths;
    let Some(Some(described)) = paths.get_mut(&canonical).and_then(|item| place(item, first))
    else {
        return;
    };
    share_responses(described, components.get_or_insert_default());
    let alias = alias(described.clone(), method, path, &format!("{first} {canonical}"));
    if let Some(free @ None) = place(paths.entry(path.to_owned()).or_default(), method) {
        *free = Some(alias);
    }
}

/// Moves the responses of an operation to where its aliases can refer to them, too.
fn share_responses(operation: &mut Operation, components: &mut Components) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    for (status, response) in &mut operation.responses.responses {
        let name = format!("{id}-{status}");
        let shared = Ref::new(format!("#/components/responses/{name}")).into();
        if let described @ RefOr::T(_) = mem::replace(response, shared) {
            components.responses.insert(name, described);
        }
    }
}

/// The operation under another path or method.
fn alias(mut described: Operation, method: &Method, path: &str, canonical: &str) -> Operation {
    let id = described.operation_id.take().unwrap_or_default();
    described.description = Some(format!("The same as `{canonical}`."));
    described.operation_id = Some(alias_id(&id, method, path));
    described.extensions = Some(Extensions::builder().add("x-alias-of", id).build());
    described
}

/// `getContactItem` at `/api/v0/contacts/{uid}` is `getContactItemGetV0ContactsUid`.
fn alias_id(id: &str, method: &Method, path: &str) -> String {
    let method = name(method);
    let words = path.trim_start_matches("/api").split(|c: char| !c.is_ascii_alphanumeric());
    [method.as_str()].into_iter().chain(words).fold(id.to_owned(), |mut id, word| {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
        id
    })
}

/// The name of a method in a description.
fn name(method: &Method) -> String {
    method.as_str().to_ascii_lowercase()
}

/// The place of a method in a path, if the contract has the method.
fn place<'i>(item: &'i mut PathItem, method: &Method) -> Option<&'i mut Option<Operation>> {
    match *method {
        Method::GET => Some(&mut item.get),
        Method::PUT => Some(&mut item.put),
        Method::POST => Some(&mut item.post),
        Method::DELETE => Some(&mut item.delete),
        Method::PATCH => Some(&mut item.patch),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_has_an_id_for_programs() {
        let id = alias_id("getContactItem", &Method::GET, "/api/v0/contacts/{uid}");
        assert_eq!(id, "getContactItemGetV0ContactsUid");
    }
}
