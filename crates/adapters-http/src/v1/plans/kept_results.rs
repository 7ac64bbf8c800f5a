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
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::reply::parts::{ElementWriter as _, IntoBody, Written};
use crate::reply::redaction::Redaction;
use crate::request::idempotency::named_in;
use crate::v1::batch::reply::is_problem;
use crate::v1::batch::result::{Answered, DOCUMENTS, ResultWriter};
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

impl KeptResult {
    fn write(&self, is_whole: bool, out: &mut Vec<u8>) -> io::Result<()> {
        if is_whole {
            out.extend(self.json.get().as_bytes());
            return Ok(());
        }
        let mut result: Map<String, Value> = serde_json::from_str(self.json.get())?;
        result.retain(|name, _| !DOCUMENTS.contains(&name.as_str()));
        Ok(serde_json::to_writer(out, &result)?)
    }
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

/// The body of an answer with results that were kept.
pub(super) struct KeptBody {
    /// What stands before the results.
    pub(super) opening: String,
    /// `None` once they are erased.
    pub(super) results: Option<Arc<[u8]>>,
    pub(super) redaction: Redaction,
    pub(super) shows_all: bool,
}

impl KeptBody {
    /// The parts of the body, one after the other: with all of each result, or without documents.
    fn parts(&self, is_whole: bool) -> impl Iterator<Item = io::Result<Bytes>> + Send + use<> {
        let (redaction, shows_all) = (self.redaction, self.shows_all);
        let results = self.results.clone().into_iter();
        let results = results.flat_map(move |results| read(results, redaction));
        let mut shown = results
            .filter(move |result| shows_all || result.as_ref().map_or(true, |it| it.is_problem));
        let (mut next, mut separator) = (Some(self.opening.clone().into_bytes()), &b""[..]);
        std::iter::from_fn(move || {
            let mut part = next.take()?;
            while part.len() < PART {
                let Some(result) = shown.next() else {
                    part.extend(b"]}");
                    return Some(Ok(part.into()));
                };
                part.extend(separator);
                separator = b",";
                match result.and_then(|result| result.write(is_whole, &mut part)) {
                    Ok(()) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
            next = Some(Vec::new());
            Some(Ok(part.into()))
        })
    }

    fn give(&self, is_whole: bool, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        self.parts(is_whole).try_for_each(|part| {
            take(&part.map_err(Problem::internal)?);
            Ok(())
        })
    }
}

impl Written for KeptBody {
    fn write_to(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        self.give(true, take)
    }

    fn write_without_documents(&self, take: &mut dyn FnMut(&[u8])) -> Option<Result<(), Problem>> {
        Some(self.give(false, take))
    }
}

impl IntoBody for KeptBody {
    async fn into_body(self) -> Result<Body, Problem> {
        let mut parts = self.parts(true);
        Ok(match (parts.next(), parts.next()) {
            (Some(Ok(whole)), None) => Body::from(whole),
            (first, second) => {
                Body::from_stream(stream::iter(first.into_iter().chain(second).chain(parts)))
            }
        })
    }
}
