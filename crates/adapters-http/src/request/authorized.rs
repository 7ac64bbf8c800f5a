//! The caller of a request: its token, its organization and its scopes.

pub(crate) mod organization;

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use contacts_application::access::{Scope, TokenDigest};
use contacts_application::use_cases::Caller;
use contacts_domain::OrganizationId;
use sha2::{Digest, Sha256};

use super::upload::Upload;
use crate::limits::{Room, Unit};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use crate::telemetry;

/// The contract's header for the token.
pub(crate) const WEAL_TOKEN: HeaderName = HeaderName::from_static("weal-token");

/// A caller with a valid token that has the scopes `S`.
///
/// It needs nothing but headers, and extractors run in the order of a handler's arguments. A handler
/// takes it first, so that a refused caller learns nothing about paths and no body is read for it.
pub(crate) struct Authorized<S>(pub(crate) Caller, pub(crate) PhantomData<S>);

/// The scopes that a call needs.
pub(crate) trait RequiredScopes {
    const SCOPES: &'static [Scope];
}

pub(crate) enum Read {}
pub(crate) enum Write {}
pub(crate) enum Delete {}
pub(crate) enum Merge {}
pub(crate) enum Admin {}

impl RequiredScopes for Read {
    const SCOPES: &'static [Scope] = &[Scope::Read];
}

impl RequiredScopes for Write {
    const SCOPES: &'static [Scope] = &[Scope::Write];
}

impl RequiredScopes for Delete {
    const SCOPES: &'static [Scope] = &[Scope::Delete];
}

impl RequiredScopes for Admin {
    const SCOPES: &'static [Scope] = &[Scope::Admin];
}

impl RequiredScopes for Merge {
    const SCOPES: &'static [Scope] = &[Scope::Write, Scope::Delete];
}

impl<S: RequiredScopes> FromRequestParts<AppState> for Authorized<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let credentials = Credentials {
            token: TokenDigest(Sha256::digest(token(&parts.headers)?).into()),
            organization: organization::of(&parts.headers, &parts.uri)?,
            scopes: S::SCOPES,
        };
        let caller = Caller { api: layered(parts)?, ..credentials.authenticate(state).await? };
        telemetry::note_caller(&caller);
        let room = Room {
            limits: Arc::clone(&state.limits),
            token: credentials.token,
            hold: layered(parts)?,
        };
        // Only valid tokens are counted: invented ones would fill the memory.
        room.count(Unit::Requests, 1)?;
        credentials.authorize(&caller)?;
        if layered::<Upload>(parts)?.is_arriving().await {
            room.arrive()?;
        } else {
            room.work()?;
        }
        parts.extensions.insert(credentials);
        parts.extensions.insert(caller.organization.id);
        parts.extensions.insert(room);
        Ok(Self(caller, PhantomData))
    }
}

impl<S: Sync> FromRequestParts<S> for Room {
    type Rejection = Problem;

    /// The room of an authorized request.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        layered(parts)
    }
}

/// Who calls, for which organization, and the scopes that the call needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials {
    token: TokenDigest,
    organization: Option<OrganizationId>,
    scopes: &'static [Scope],
}

impl Credentials {
    /// The caller as it is now. Refuses one whose token is not valid any more.
    pub(crate) async fn check_again(&self, state: &AppState) -> Result<Caller, Problem> {
        let caller = self.authenticate(state).await?;
        self.authorize(&caller)?;
        Ok(caller)
    }

    pub(crate) fn token(&self) -> TokenDigest {
        self.token
    }

    async fn authenticate(&self, state: &AppState) -> Result<Caller, Problem> {
        Ok(state.services.authenticate.execute(self.token, self.organization).await?)
    }

    fn authorize(&self, caller: &Caller) -> Result<(), Problem> {
        Ok(caller.require_all(self.scopes.iter().copied())?)
    }
}

/// What a layer or an earlier extractor has put into the request.
pub(crate) fn layered<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, Problem> {
    let missing = || Problem::internal(format!("no {} in the request", type_name::<T>()));
    parts.extensions.get::<T>().cloned().ok_or_else(missing)
}

/// The token of `WEAL-TOKEN` and of `Authorization: Bearer`, which have to agree.
fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let by_contract = headers.get_all(WEAL_TOKEN).iter().map(readable);
    let by_standard = headers.get_all(AUTHORIZATION).iter().map(readable).filter_map(bearer);
    // An empty one is none: some clients always send the scheme.
    let mut tokens = by_contract.chain(by_standard.filter(|token| !token.is_empty()));
    let token = tokens.next().unwrap_or_default();
    if tokens.any(|other| other != token) {
        let detail = "the request carries two tokens, and they differ";
        return Err(Problem::new(Kind::BadHeader, detail));
    }
    if token.is_empty() {
        let detail = "send the token in the header WEAL-TOKEN or as Authorization: Bearer";
        return Err(Problem::new(Kind::Unauthenticated, detail));
    }
    Ok(token)
}

/// A header as text. One that is not visible ASCII holds no token and counts as empty.
fn readable(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default().trim()
}

/// The token of an `Authorization` header of the scheme Bearer (RFC 6750); `None` for other schemes.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(sent: &[(&'static str, &'static str)]) -> HeaderMap {
        let headers = sent.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        HeaderMap::from_iter(headers)
    }

    #[test]
    fn either_header_holds_the_token() {
        for sent in [
            &[("weal-token", "secret")][..],
            &[("authorization", "Bearer secret")],
            &[("authorization", "bearer  secret ")],
            &[("weal-token", "secret"), ("authorization", "Bearer secret")],
            &[("weal-token", "secret"), ("authorization", "Basic b3RoZXI6eA==")],
            &[("weal-token", "secret"), ("authorization", "Bearer ")],
        ] {
            assert_eq!(token(&headers(sent)).unwrap(), "secret", "{sent:?}");
        }
    }

    #[test]
    fn missing_or_malformed_token_is_refused() {
        for sent in [
            &[][..],
            &[("weal-token", "")],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer ")],
            &[("authorization", "Basic b3RoZXI6eA==")],
            &[("weal-token", "gr\u{fc}n")],
            &[("weal-token", ""), ("authorization", "Bearer secret")],
        ] {
            assert!(token(&headers(sent)).is_err(), "{sent:?}");
        }
    }
}
