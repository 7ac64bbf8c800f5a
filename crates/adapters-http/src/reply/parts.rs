//! An answer with an element for each item: in one piece if it is short, else in parts.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use contacts_application::compute::compute;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http_body_util::BodyExt as _;
use serde::Serialize;

use crate::problem::Problem;
use crate::request::offload::offload;

/// The most elements of a part; one thread writes them in about 1.2 ms.
const MAX_ELEMENTS: usize = 1_024;

/// About the most bytes of a part, one element aside.
const MAX_BYTES: usize = 2 << 20;

/// How many parts are written while the client takes an earlier one.
const PARTS_AHEAD: usize = 2;

/// More elements are written on another thread.
const MANY_ELEMENTS: usize = 32;

/// Room for what stands before and after the elements.
const AROUND: usize = 512;

/// A member whose JSON is copied as it is and not serialized.
#[derive(Debug, Serialize)]
pub(crate) struct Spliced;

impl Spliced {
    pub(crate) fn is_skipped(&self) -> bool {
        true
    }
}

/// Writes the elements of an answer.
pub(crate) trait ElementWriter: Send + Sync + 'static {
    /// What an element tells of.
    type Of: Send + Sync + 'static;

    /// About how long the element is, in bytes.
    fn size(&self, of: &Self::Of) -> usize;

    /// Writes the element: all of it, or without documents and what has changed of them. Fails if a
    /// stored document is not JSON.
    fn write(&self, of: &Self::Of, is_whole: bool, out: &mut Vec<u8>) -> serde_json::Result<()>;
}

/// The body of an answer that is not written yet: what opens it up to its array `items`, and the
/// elements.
pub(crate) struct Elements<W: ElementWriter> {
    pub(crate) writer: W,
    pub(crate) opening: String,
    pub(crate) all: Vec<W::Of>,
}

/// A body that can be written at once.
pub(crate) trait Written {
    /// Gives its parts, in order.
    fn write_to(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem>;

    /// Gives the parts of the same body without documents. `None` if it has no such form.
    fn write_without_documents(&self, _take: &mut dyn FnMut(&[u8])) -> Option<Result<(), Problem>> {
        None
    }
}

/// A body that is sent in parts if it is long.
pub(crate) trait IntoBody: Written + Send + 'static {
    fn into_body(self) -> impl Future<Output = Result<Body, Problem>> + Send;
}

/// The elements of each part; at least one part.
fn parts<W: ElementWriter>(writer: &W, all: &[W::Of]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, of) in all.iter().enumerate() {
        if index - start == MAX_ELEMENTS || bytes > MAX_BYTES {
            parts.push(start..index);
            (start, bytes) = (index, 0);
        }
        bytes += writer.size(of);
    }
    parts.push(start..all.len());
    parts
}

impl<W: ElementWriter> IntoBody for Elements<W> {
    /// Of a long body, two parts are ahead of the client.
    async fn into_body(self) -> Result<Body, Problem> {
        let parts = parts(&self.writer, &self.all);
        if let [whole] = parts.as_slice() {
            let (whole, is_long) = (whole.clone(), self.all.len() > MANY_ELEMENTS);
            let body = offload(is_long, move || self.write(whole, true)).await?;
            return body.map(Body::from).map_err(Problem::internal);
        }
        let shared = Arc::new(self);
        let parts = stream::iter(parts).map(move |part| {
            let shared = Arc::clone(&shared);
            async move {
                let part = compute(move || shared.write(part, true)).await;
                part.map_err(io::Error::other)?.map_err(io::Error::other)
            }
        });
        Ok(Body::from_stream(parts.buffered(PARTS_AHEAD)))
    }
}

impl<W: ElementWriter> Elements<W> {
    /// Writes these elements, the first with what begins the body, the last with what ends it.
    fn write(&self, part: Range<usize>, is_whole: bool) -> serde_json::Result<Vec<u8>> {
        let is_last = part.end == self.all.len();
        let mut separator = if part.start == 0 { self.opening.as_bytes() } else { b"," };
        let part = self.all.get(part).unwrap_or_default();
        let size: usize = part.iter().map(|of| self.writer.size(of)).sum();
        let mut out = Vec::with_capacity(size + AROUND);
        for of in part {
            out.extend_from_slice(separator);
            separator = b",";
            self.writer.write(of, is_whole, &mut out)?;
        }
        if part.is_empty() {
            out.extend_from_slice(separator);
        }
        if is_last {
            out.extend_from_slice(b"]}");
        }
        Ok(out)
    }

    fn give(&self, is_whole: bool, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        for part in parts(&self.writer, &self.all) {
            take(&self.write(part, is_whole).map_err(Problem::internal)?);
        }
        Ok(())
    }
}

impl<W: ElementWriter> Written for Elements<W> {
    fn write_to(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        self.give(true, take)
    }

    fn write_without_documents(&self, take: &mut dyn FnMut(&[u8])) -> Option<Result<(), Problem>> {
        Some(self.give(false, take))
    }
}

impl Written for Bytes {
    fn write_to(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        take(self);
        Ok(())
    }
}

impl Written for Body {
    /// Fails unless all of it is in memory.
    fn write_to(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        let collected = self.collect().now_or_never();
        let collected = collected.ok_or_else(|| Problem::internal("a body that is not written"))?;
        collected.map_err(Problem::internal)?.to_bytes().write_to(take)
    }
}
