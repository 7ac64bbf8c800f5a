//! The request of a plan as it is kept: what is expected of each item, then the body, compressed.

use std::io::{Read as _, Write as _};

use contacts_domain::upsert::Expectation;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::problem::Problem;

/// The bytes of an expectation, after one that says whether there is one.
const LENGTH: usize = Expectation::LENGTH;

/// The request to be kept.
pub(super) fn keep(body: &[u8], expected: &[Option<Expectation>]) -> Result<Vec<u8>, Problem> {
    let count = u32::try_from(expected.len()).map_err(Problem::internal)?;
    let mut kept = count.to_be_bytes().to_vec();
    for expected in expected {
        kept.push(u8::from(expected.is_some()));
        kept.extend(expected.as_ref().map_or(&[0; LENGTH], Expectation::as_bytes));
    }
    let mut text = ZlibEncoder::new(kept, Compression::fast());
    text.write_all(body).map_err(Problem::internal)?;
    text.finish().map_err(Problem::internal)
}

/// The body of a kept request, and what is expected of each item.
pub(super) fn read(kept: &[u8]) -> Result<(Vec<u8>, Vec<Option<Expectation>>), Problem> {
    let broken = || Problem::internal("the request of a plan cannot be read");
    let (count, rest) = kept.split_first_chunk().ok_or_else(broken)?;
    let count = usize::try_from(u32::from_be_bytes(*count)).map_err(Problem::internal)?;
    let all = rest.split_at_checked(count.saturating_mul(1 + LENGTH));
    let (expected, compressed) = all.ok_or_else(broken)?;
    let mut body = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut body).map_err(Problem::internal)?;
    let expected = expected.chunks_exact(1 + LENGTH).map(|kept| {
        let (is_there, bytes) = kept.split_first()?;
        let bytes = bytes.first_chunk().copied()?;
        (*is_there == 1).then(|| Expectation::from_bytes(bytes))
    });
    Ok((body, expected.collect()))
}
