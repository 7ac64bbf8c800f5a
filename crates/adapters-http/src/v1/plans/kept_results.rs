//! Results as they are kept: compressed, a line for each, as callers of each kind see it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use contacts_domain::ContactId;
use contacts_domain::upsert::Verdict;
use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use futures_util::stream;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::problem::Problem;
use crate::reply::parts::ElementWriter as _;
use crate::reply::redaction::Redaction;
use crate::request::idempotency::named_in;
use crate::v1::batch::reply::is_problem;
use crate::v1::batch::result::{Answered, ResultWriter};
use crate::v1::word::Word as _;

/// The least bytes of a part of a body.
const PART: usize = 64 << 10;

/// Results, and the contacts that they name.
pub(super) struct Kept {
    pub(super) results: Vec<u8>,
    pub(super) contacts: Vec<ContactId>,
}

/// A result that was kept.
#[derive(Deserialize)]
struct Line(String, bool, [Option<Box<RawValue>>; 4]);

/// A result for one caller.
pub(super) struct KeptResult {
    pub(super) verdict: Verdict,
    /// Whether it is shown where only problems are.
    pub(super) is_problem: bool,
    /// The JSON object.
    pub(super) json: Box<RawValue>,
}

/// Keeps the results: all of them, or without documents.
pub(super) fn keep(all: impl Iterator<Item = Answered>, is_whole: bool) -> Result<Kept, Problem> {
    let mut lines = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut contacts = Vec::new();
    for answered in all {
        let line = line(&answered, is_whole, &mut contacts).map_err(Problem::internal)?;
        lines.write_all(&line).map_err(Problem::internal)?;
    }
    contacts.sort_unstable();
    contacts.dedup();
    Ok(Kept { results: lines.finish().map_err(Problem::internal)?, contacts })
}

/// The verdict, whether it is a problem, and the result for each kind of caller, or null where it is
/// that of the one before.
fn line(
    answered: &Answered,
    is_whole: bool,
    contacts: &mut Vec<ContactId>,
) -> serde_json::Result<Vec<u8>> {
    let (verdict, is_problem) = (answered.outcome.verdict.as_str(), is_problem(&answered.outcome));
    let mut line = format!("[\"{verdict}\",{is_problem},").into_bytes();
    let mut last = Vec::new();
    for (position, redaction) in Redaction::EACH.into_iter().enumerate() {
        let mut result = Vec::new();
        ResultWriter { redaction }.write(answered, is_whole, &mut result)?;
        line.push(if position == 0 { b'[' } else { b',' });
        if result == last {
            line.extend(b"null");
        } else {
            named_in(&result, contacts);
            line.extend(&result);
            last = result;
        }
    }
    line.extend(b"]]\n");
    Ok(line)
}

/// Reads results for a caller, one after the other.
pub(super) fn read(
    results: Arc<[u8]>,
    redaction: Redaction,
) -> impl Iterator<Item = Result<KeptResult, io::Error>> {
    let lines = BufReader::new(ZlibDecoder::new(io::Cursor::new(results))).lines();
    lines.map(move |line| {
        let Line(verdict, is_problem, shown) = serde_json::from_str(&line?)?;
        let kinds = Redaction::EACH.iter().take_while(|kind| **kind != redaction).count();
        let json = shown.into_iter().take(kinds + 1).flatten().last();
        let (Some(verdict), Some(json)) = (Verdict::parse(&verdict), json) else {
            return Err(io::Error::other("a kept result cannot be read"));
        };
        Ok(KeptResult { verdict, is_problem, json })
    })
}

/// A body that begins so, with these results in its array.
pub(super) fn body(
    opening: String,
    results: impl Iterator<Item = Result<KeptResult, io::Error>> + Send + 'static,
) -> Body {
    let (mut results, mut next, mut is_first) = (results, Some(opening.into_bytes()), true);
    let mut parts = std::iter::from_fn(move || {
        let mut part = next.take()?;
        while part.len() < PART {
            match results.next() {
                Some(Ok(result)) => {
                    part.extend(if is_first { &b""[..] } else { b"," });
                    part.extend(result.json.get().as_bytes());
                    is_first = false;
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    part.extend(b"]}");
                    return Some(Ok(Bytes::from(part)));
                }
            }
        }
        next = Some(Vec::new());
        Some(Ok(Bytes::from(part)))
    });
    match (parts.next(), parts.next()) {
        (Some(Ok(whole)), None) => Body::from(whole),
        (first, second) => {
            Body::from_stream(stream::iter(first.into_iter().chain(second).chain(parts)))
        }
    }
}
