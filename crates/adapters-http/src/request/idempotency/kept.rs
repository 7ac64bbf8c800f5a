//! Answers as they are kept.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_domain::ContactId;
use contacts_domain::decision::Answer;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use futures_util::stream;
use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::reply::parts::Written;

/// Says that an answer was kept.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The most bytes of a part of a body that is decompressed for a client.
const PART: u64 = 64 << 10;

/// What is kept beside the body.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    /// The bytes of the body.
    length: u64,
    /// Whether the body has all that was answered.
    is_whole: bool,
}

/// Writes answers as they are kept: compressed, with the contacts that they may show.
#[derive(Clone)]
pub(super) struct Keeper {
    /// The most bytes of a compressed body.
    pub(super) limit: usize,
    /// The contacts that the path of the request names.
    pub(super) named: Vec<ContactId>,
}

/// A body that is being written.
struct Compressed {
    limit: usize,
    contacts: Vec<ContactId>,
    length: u64,
    /// `None` once it is too large.
    body: Option<ZlibEncoder<Vec<u8>>>,
}

impl Keeper {
    /// The answer as it is kept: if it is too large, without documents, and if that is still too large,
    /// without its body.
    pub(super) fn write<B: Written>(&self, response: &mut Response<B>) -> Result<Answer, Problem> {
        let mut whole = self.nothing();
        response.body_mut().write_to(&mut |part| whole.take(part))?;
        let whole = whole.end(response, true)?;
        if whole.body.is_some() {
            return Ok(whole);
        }
        let mut bare = self.nothing();
        match response.body().write_without_documents(&mut |part| bare.take(part)) {
            Some(written) => written.and_then(|()| bare.end(response, false)),
            None => Ok(whole),
        }
    }

    fn nothing(&self) -> Compressed {
        Compressed {
            limit: self.limit,
            contacts: self.named.clone(),
            length: 0,
            body: Some(ZlibEncoder::new(Vec::new(), Compression::fast())),
        }
    }
}

impl Compressed {
    fn take(&mut self, part: &[u8]) {
        self.length += u64::try_from(part.len()).unwrap_or(u64::MAX);
        named_in(part, &mut self.contacts);
        let limit = self.limit;
        self.body = self.body.take().and_then(|mut body| {
            let is_small = body.write_all(part).is_ok() && body.get_ref().len() <= limit;
            is_small.then_some(body)
        });
    }

    /// The answer with that body. `is_whole` says whether it is all that was answered.
    fn end<B>(self, response: &Response<B>, is_whole: bool) -> Result<Answer, Problem> {
        let Self { limit, mut contacts, length, body } = self;
        contacts.sort_unstable();
        contacts.dedup();
        let body = body.map(ZlibEncoder::finish).transpose().map_err(Problem::internal)?;
        // What the encoder held back counts, too.
        let body = body.filter(|body| body.len() <= limit);
        let headers = response.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let (status, headers) = (response.status().as_u16(), headers.collect());
        let head = Head { status, headers, length, is_whole: is_whole && body.is_some() };
        let head = serde_json::to_vec(&head).map_err(Problem::internal)?;
        Ok(Answer { head: head.into(), body: body.map(Arc::from), contacts })
    }
}

/// Adds the contacts that JSON names: every integer of a member whose name ends with `id`. Other things
/// have ids too; an answer that is erased for one of them is sent without its body.
pub(crate) fn named_in(json: &[u8], contacts: &mut Vec<ContactId>) {
    for quote in memmem::find_iter(json, b"d\":") {
        let is_id = quote.checked_sub(1).and_then(|before| json.get(before));
        if !is_id.is_some_and(|letter| letter.eq_ignore_ascii_case(&b'i')) {
            continue;
        }
        let value = json.get(quote + 3..).unwrap_or_default();
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).take(16);
        let id = digits.fold(0, |id: i64, digit| id * 10 + i64::from(digit - b'0'));
        contacts.extend(ContactId::new(id));
    }
}

/// The answer again.
pub(super) fn replay(answer: Answer) -> Result<Response, Problem> {
    let head: Head = serde_json::from_slice(&answer.head).map_err(Problem::internal)?;
    let is_whole = head.is_whole && answer.body.is_some();
    let response = Response::builder().status(head.status).body(Body::empty());
    let mut response = response.map_err(Problem::internal)?;
    let headers = response.headers_mut();
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(Problem::internal)?;
        headers.insert(name, HeaderValue::from_str(value).map_err(Problem::internal)?);
    }
    let replayed = if is_whole { "true" } else { "without-documents" };
    headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static(replayed));
    match answer.body {
        None => {
            headers.remove(CONTENT_TYPE);
        }
        Some(_) if head.length == 0 => {}
        Some(body) => {
            headers.insert(CONTENT_LENGTH, head.length.into());
            *response.body_mut() = decompressed(body);
        }
    }
    Ok(response)
}

/// A body, decompressed part by part while the client takes it.
fn decompressed(body: Arc<[u8]>) -> Body {
    let mut decoder = ZlibDecoder::new(io::Cursor::new(body));
    let parts = std::iter::from_fn(move || {
        let mut part = Vec::new();
        match decoder.by_ref().take(PART).read_to_end(&mut part) {
            Ok(0) => None,
            Ok(_) => Some(Ok(Bytes::from(part))),
            Err(error) => Some(Err(error)),
        }
    });
    Body::from_stream(stream::iter(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_json_are_found() {
        let json =
            br#"{"id":12,"linkId":"91c6","targetId": 7,"uid":"34","paid":5,"items":[{"ID":1}],
            "externalId":"x","contactId":null,"id":99999999999999999}"#;
        let mut found = Vec::new();
        named_in(json, &mut found);
        let found: Vec<i64> = found.into_iter().map(ContactId::get).collect();
        assert_eq!(found, [12, 91, 7, 34, 5]);
    }
}
