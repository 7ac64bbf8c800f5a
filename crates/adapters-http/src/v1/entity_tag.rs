//! The versions of a contact as entity tags (RFC 9110 §8.8.3), and the conditions that name them.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use contacts_domain::Version;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::openapi::text_parameter;
use crate::problem::{Kind, Problem};

/// Adds the `ETag` of a version, `"7"`.
pub(super) fn tagged(mut response: Response, version: Version) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The condition of `If-Match`: the versions in which a contact may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) Option<Tags>);

/// The condition of `If-None-Match`: the versions that the client has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IfNoneMatch(pub(super) Option<Tags>);

/// The entity tags of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tags {
    /// `*`: those of any version.
    Any,
    /// These. A tag of anything else than a version is left out: it never matches.
    Versions(Vec<Version>),
}

impl Tags {
    /// Whether the tag of that version is one of them.
    pub(super) fn include(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

impl IfMatch {
    /// The one version that it names; `None` without it, or for any.
    pub(super) fn one(self) -> Result<Option<Version>, Problem> {
        match self.0 {
            None | Some(Tags::Any) => Ok(None),
            Some(Tags::Versions(versions)) => match versions.as_slice() {
                [version] => Ok(Some(*version)),
                _ => Err(Problem::new(Kind::BadHeader, "If-Match has to name one version")),
            },
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Weak tags never match: RFC 9110 §13.1.1 compares strongly.
        tags(&parts.headers, &IF_MATCH, |weak| !weak).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        tags(&parts.headers, &IF_NONE_MATCH, |_| true).map(Self)
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "The versions in which the contact may be changed, or `*`; in another: 412. \
                     A request that would change nothing needs none.";
        vec![text_parameter("If-Match", about, "\"7\"")]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "The versions that the client has, or `*`; in one of these: 304.";
        vec![text_parameter("If-None-Match", about, "\"7\"")]
    }
}

/// The tags of a header, or `None` without it; of each, `counts` says whether it counts if it is
/// weak or not.
fn tags(
    headers: &HeaderMap,
    name: &HeaderName,
    counts: impl Fn(bool) -> bool,
) -> Result<Option<Tags>, Problem> {
    let malformed = || {
        let detail = format!("the header {name} has to be * or a list of entity tags, as \"7\"");
        Problem::new(Kind::BadHeader, detail)
    };
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    let mut versions = Vec::new();
    let mut seen = false;
    for value in values {
        let mut rest = value.to_str().ok().ok_or_else(malformed)?.trim();
        if rest == "*" && headers.get_all(name).iter().count() == 1 {
            return Ok(Some(Tags::Any));
        }
        while !rest.is_empty() {
            let (weak, tag) = match rest.strip_prefix("W/") {
                Some(tag) => (true, tag),
                None => (false, rest),
            };
            let quoted = tag.strip_prefix('"').ok_or_else(malformed)?;
            let (opaque, after) = quoted.split_once('"').ok_or_else(malformed)?;
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start_matches([',', ' ', '\t']),
                None if after.is_empty() => after,
                None => return Err(malformed()),
            };
            seen = true;
            versions.extend(version(opaque).filter(|_| counts(weak)));
        }
    }
    if seen { Ok(Some(Tags::Versions(versions))) } else { Err(malformed()) }
}

/// The version of an opaque tag, written without leading zeros.
fn version(opaque: &str) -> Option<Version> {
    let version: i64 = opaque.parse().ok()?;
    (version.to_string() == opaque).then(|| Version::new(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: &[&'static str]) -> Result<Option<Tags>, ()> {
        let values = sent.iter().map(|value| HeaderValue::from_static(value));
        let headers = values.map(|value| (IF_MATCH, value)).collect();
        tags(&headers, &IF_MATCH, |weak| !weak).map_err(drop)
    }

    #[test]
    fn tags_are_read_in_every_spelling() {
        let versions = |of: &[i64]| {
            Ok(Some(Tags::Versions(of.iter().map(|version| Version::new(*version)).collect())))
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[" * "]), Ok(Some(Tags::Any)));
        assert_eq!(of(&["\"7\""]), versions(&[7]));
        assert_eq!(of(&["\"7\", \"8\" ,W/\"9\",, \"x\""]), versions(&[7, 8]));
        assert_eq!(of(&["\"7\"", "\"8\""]), versions(&[7, 8]));
        assert_eq!(of(&["\"07\""]), versions(&[]));
    }

    #[test]
    fn malformed_tags_are_refused() {
        for sent in
            [&[""][..], &["7"], &["\"7"], &["7\""], &["\"7\" \"8\""], &["*, \"7\""], &["*", "*"]]
        {
            assert_eq!(of(sent), Err(()), "{sent:?}");
        }
    }
}
