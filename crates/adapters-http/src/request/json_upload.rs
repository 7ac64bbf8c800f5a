//! A body of JSON in UTF-8, perhaps compressed.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::time::Instant;

use super::authorized::{Credentials, layered};
use super::content_coding::ContentCoding;
use super::idempotency::{BodyDigest, IDEMPOTENCY_KEY};
use super::media_type::{self, JSON, JSON_PATCH, MERGE_PATCH, NDJSON};
use super::offload::{LONG, offload};
use super::upload::Upload;
use crate::limits::{Room, weigh};
use crate::problem::Problem;
use crate::state::AppState;
use crate::telemetry;
use crate::telemetry::steps::{Step, timed};

/// The largest body with a single item or a merge, in bytes.
const MAX_SINGLE_BODY: usize = 1 << 20;

/// A token is looked up again after a body that took longer: it may have been revoked meanwhile.
const CHECKED_FOR: Duration = Duration::from_secs(5);

/// The bytes of a body within the limits of the settings, whose headers say that it is JSON in
/// UTF-8 or say nothing, and the room to read it in. A handler takes it last, so that no body is read
/// for a refused caller. From here on the request has its place among those that are worked on.
pub(crate) struct JsonUpload(pub(crate) Vec<u8>, pub(crate) Room);

/// The same for a body with one item, which may be 1 MiB long. Its memory is taken.
pub(crate) struct SingleUpload(pub(crate) Vec<u8>, pub(crate) Room);

/// The same for a body with items, as JSON or as NDJSON.
pub(crate) struct ItemsUpload {
    /// [`JSON`] or [`NDJSON`].
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) room: Room,
}

/// The same for a body with a patch of one contact.
pub(crate) struct PatchUpload {
    /// [`MERGE_PATCH`] or [`JSON_PATCH`].
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) room: Room,
}

impl FromRequestParts<AppState> for JsonUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        media_type::of(&parts.headers, &[JSON])?;
        receive(parts, state, state.settings.max_body_bytes).await
    }
}

impl FromRequestParts<AppState> for SingleUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        media_type::of(&parts.headers, &[JSON])?;
        let JsonUpload(body, room) = receive_one(parts, state).await?;
        Ok(Self(body, room))
    }
}

impl FromRequestParts<AppState> for PatchUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let media_type = media_type::of(&parts.headers, &[MERGE_PATCH, JSON_PATCH])?;
        let JsonUpload(body, room) = receive_one(parts, state).await?;
        Ok(Self { media_type, body, room })
    }
}

impl FromRequestParts<AppState> for ItemsUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let media_type = media_type::of(&parts.headers, &[JSON, NDJSON])?;
        let JsonUpload(body, room) = receive(parts, state, state.settings.max_body_bytes).await?;
        Ok(Self { media_type, body, room })
    }
}

/// A body with one item.
async fn receive_one(parts: &mut Parts, state: &AppState) -> Result<JsonUpload, Problem> {
    let limit = state.settings.max_body_bytes.min(MAX_SINGLE_BODY);
    let upload = receive(parts, state, limit).await?;
    upload.1.take(weigh(&upload.0)).await?;
    Ok(upload)
}

async fn receive(parts: &mut Parts, state: &AppState, limit: usize) -> Result<JsonUpload, Problem> {
    let coding = ContentCoding::of(&parts.headers)?;
    let room: Room = layered(parts)?;
    let begun = Instant::now();
    let upload = layered::<Upload>(parts)?;
    let body = timed(Step::Receive, upload.read(&state.settings, limit, &room)).await?;
    telemetry::note_bytes(body.len());
    if begun.elapsed() > CHECKED_FOR {
        layered::<Credentials>(parts)?.check_again(state).await?;
    }
    room.work()?;
    let mut body = coding.decode(body, limit, &room).await?;
    if parts.headers.contains_key(IDEMPOTENCY_KEY) {
        let digest;
        (digest, body) = offload(body.len() > LONG, move || (BodyDigest::of(&body), body)).await?;
        parts.extensions.insert(digest);
    }
    Ok(JsonUpload(body, room))
}
