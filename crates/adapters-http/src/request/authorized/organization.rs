//! The organization that a request names.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use contacts_domain::OrganizationId;

use crate::problem::{Kind, Problem};

/// The contract's header for the organization.
pub(crate) const TARGET_ORGANIZATION_ID: HeaderName =
    HeaderName::from_static("target-organization-id");

/// The paths of the native API, whose requests may name the organization in the query.
pub(crate) const NATIVE: &str = "/v1/";

/// The parameter of the query for the organization.
pub(crate) const ORGANIZATION: &str = "organization";

/// The organization that a request names in the header, in the query of the native API, or in both.
pub(super) fn of(headers: &HeaderMap, uri: &Uri) -> Result<Option<OrganizationId>, Problem> {
    let sent = headers.get_all(TARGET_ORGANIZATION_ID).iter().map(readable);
    let is_native = uri.path().starts_with(NATIVE);
    let query = uri.query().filter(|_| is_native).unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes());
    let mut values = sent.chain(query.filter(|(name, _)| name == ORGANIZATION).map(|(_, id)| id));
    let Some(value) = values.next() else { return Ok(None) };
    let name = if is_native { "the organization" } else { "TARGET-ORGANIZATION-ID" };
    let refused = |why| Err(Problem::new(Kind::BadHeader, format!("{name} {why}")));
    let Some(id) = value.parse().ok().and_then(OrganizationId::new) else {
        return refused("has to be one integer from 1 to 2147483647");
    };
    if values.any(|other| other != value) {
        return refused("is given twice, with different values");
    }
    Ok(Some(id))
}

/// A header as text. One that is not visible ASCII names nothing.
fn readable(value: &HeaderValue) -> Cow<'_, str> {
    value.to_str().unwrap_or_default().trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(sent: &[(&'static str, &'static str)]) -> HeaderMap {
        let headers = sent
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        HeaderMap::from_iter(headers)
    }

    #[test]
    fn organization_is_a_positive_32_bit_integer() {
        let named = |sent| of(&headers(&[("target-organization-id", sent)]), &Uri::default());
        for (sent, id) in [("1", 1), ("2147483647", i32::MAX), (" 7 ", 7)] {
            assert_eq!(named(sent).unwrap().map(OrganizationId::get), Some(id));
        }
        for sent in ["", "0", "-1", "2147483648", "1.0", "one", "1,2", "0x1"] {
            assert!(named(sent).is_err(), "{sent}");
        }
    }

    #[test]
    fn query_names_the_organization_of_native_requests() {
        let in_both = [("target-organization-id", "7")];
        for (sent, uri, named) in [
            (&[][..], "/v1/contacts/batch?dryRun=true&organization=7", Ok(Some(7))),
            (&[], "/v1/contacts?organization=7&organization=7", Ok(Some(7))),
            (&in_both, "/v1/contacts?organization=7", Ok(Some(7))),
            (&in_both, "/v1/contacts?organization=8", Err(())),
            (&[], "/v1/contacts?organization=", Err(())),
            (&[], "/v1/contacts?organizations=7", Ok(None)),
            (&[], "/api-v1/contact/batch?organization=x", Ok(None)),
        ] {
            let found = of(&headers(sent), &Uri::from_static(uri));
            assert_eq!(found.map(|id| id.map(OrganizationId::get)).map_err(drop), named, "{uri}");
        }
    }
}
