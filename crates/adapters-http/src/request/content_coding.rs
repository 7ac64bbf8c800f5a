//! Bodies that a client has compressed (RFC 9110 §8.4), with gzip (RFC 1952).

use std::io::Read as _;

use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, HeaderValue};
use flate2::read::MultiGzDecoder;

use super::offload::offload;
use super::upload::broken;
use crate::limits::{Room, SMALL_BODY};
use crate::problem::{Kind, Problem};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Identity,
    Gzip,
}

impl ContentCoding {
    /// The coding that the headers name. One is enough: a body that is compressed twice is refused.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let is = |coding: &[u8], name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
        let codings = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
        let codings: Vec<_> = codings.filter(|coding| !is(coding, "identity")).collect();
        match codings.as_slice() {
            [] => Ok(Self::Identity),
            [coding] if is(coding, "gzip") || is(coding, "x-gzip") => Ok(Self::Gzip),
            _ => {
                let detail = "the body may have the content coding gzip, once, or none";
                Err(Problem::new(Kind::UnsupportedMediaType, detail))
            }
        }
    }

    /// The body as it was before, of at most `limit` bytes. It takes room as it grows, so that a small
    /// body which becomes a large one is counted like a large one.
    pub(crate) async fn decode(
        self,
        body: Vec<u8>,
        limit: usize,
        room: &Room,
    ) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Identity => Ok(body),
            // Without a body, others say so.
            Self::Gzip if body.is_empty() => Ok(body),
            Self::Gzip => {
                let room = room.clone();
                offload(true, move || inflate(&body, limit, |bytes| room.grow(bytes))).await?
            }
        }
    }
}

/// Takes room before each further [`SMALL_BODY`].
fn inflate(
    body: &[u8],
    limit: usize,
    grow: impl Fn(usize) -> Result<(), Problem>,
) -> Result<Vec<u8>, Problem> {
    let mut decoder = MultiGzDecoder::new(body);
    let mut bytes = Vec::new();
    loop {
        let piece = u64::try_from(SMALL_BODY).unwrap_or(u64::MAX);
        let read = decoder.by_ref().take(piece).read_to_end(&mut bytes);
        let read = read.map_err(|error| broken(&error))?;
        if bytes.len() > limit {
            let detail = format!("the body may have at most {limit} bytes, decompressed");
            return Err(Problem::new(Kind::BodyTooLarge, detail));
        }
        if read == 0 {
            return Ok(bytes);
        }
        grow(read)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_gzip_is_decompressed() {
        for (sent, expected) in [
            (&[][..], Some(ContentCoding::Identity)),
            (&["identity"], Some(ContentCoding::Identity)),
            (&["GZIP"], Some(ContentCoding::Gzip)),
            (&["identity", "gzip"], Some(ContentCoding::Gzip)),
            (&["gzip", "gzip"], None),
            (&["gzip, gzip"], None),
            (&["br"], None),
            (&["zstd"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            assert_eq!(ContentCoding::of(&headers).ok(), expected, "{sent:?}");
        }
    }
}
