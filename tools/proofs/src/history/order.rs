//! Whether whole batches can have happened one after the other.

use std::time::Instant;

use anyhow::{Result, bail};
use petgraph::algo::{astar, tarjan_scc};
use petgraph::graphmap::DiGraphMap;

use super::chain::{Access, Chain};
use super::delivery::Delivery;

/// How concurrent batches may appear to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// There is one order of the batches (serializability).
    Serial,
    /// A batch reads at one moment and writes at a later one, and no other batch changes in between
    /// what it changes (snapshot isolation). So two batches may each find unchanged what the other
    /// one changes.
    Snapshot,
}

/// Checks that there is an order of the batches in which each finds what the batches before have
/// written, and in which an answered batch comes before one that was sent later. An error lists
/// batches that would have to come before each other.
///
/// A batch that was sent again may have happened twice, so it is left out.
pub(super) fn check(
    deliveries: &[Delivery],
    chains: &[Chain<'_>],
    isolation: Isolation,
) -> Result<()> {
    let mut graph = Graph::new(deliveries.len(), isolation);
    for chain in chains {
        graph.add_contact(chain);
    }
    graph.add_time(deliveries);
    let mut circle = graph.circle().into_iter().filter_map(batch_of).collect::<Vec<_>>();
    if circle.is_empty() {
        return Ok(());
    }
    circle.dedup();
    let batches = circle.iter().filter_map(|batch| {
        let delivery = deliveries.get(*batch)?;
        Some(format!("batch {batch} of writer {}", delivery.writer))
    });
    // The contacts that several of them access are the cause.
    let common = chains.iter().flat_map(|chain| {
        let own = chain.accesses().filter(|access| circle.contains(&access.number));
        let own = own.collect::<Vec<_>>();
        let first = own.first().map(|access| access.number);
        let is_common = own.iter().any(|access| Some(access.number) != first);
        own.into_iter().filter(move |_| is_common).map(|access| format!("\n    {access}"))
    });
    bail!(
        "no order of the batches explains the answers: each of these has to come before the next, \
         and the last before the first: {}{}",
        batches.collect::<Vec<_>>().join(", "),
        common.collect::<String>(),
    )
}

/// What has to come before what. The nodes are the moments of batches.
struct Graph {
    edges: DiGraphMap<usize, ()>,
    isolation: Isolation,
}

/// The moments of a batch: when it reads, when it writes, and after its answer.
const MOMENTS: usize = 3;

impl Graph {
    fn new(batches: usize, isolation: Isolation) -> Self {
        let mut graph = Self { edges: DiGraphMap::new(), isolation };
        for batch in 0..batches {
            graph.add(reads(batch), graph.writes(batch));
        }
        graph
    }

    fn writes(&self, batch: usize) -> usize {
        match self.isolation {
            Isolation::Serial => reads(batch),
            Isolation::Snapshot => MOMENTS * batch + 1,
        }
    }

    /// The maker of a version writes before others read it, and they read it before the next version
    /// is written.
    fn add_contact(&mut self, chain: &Chain<'_>) {
        let is_certain = |access: &&Access<'_>| access.delivery.doubts == 0;
        let mut maker: Option<usize> = None;
        let mut readers: Vec<usize> = Vec::new();
        for link in &chain.links {
            if let Some(next) = link.maker.as_ref().filter(is_certain) {
                for reader in readers.drain(..).filter(|reader| *reader != next.number) {
                    self.add(reads(reader), self.writes(next.number));
                }
                self.add_read(maker, next.number);
                maker = Some(next.number);
            }
            for reader in link.readers.iter().filter(is_certain) {
                self.add_read(maker, reader.number);
                readers.push(reader.number);
            }
        }
    }

    fn add_read(&mut self, maker: Option<usize>, reader: usize) {
        if let Some(maker) = maker.filter(|maker| *maker != reader) {
            self.add(self.writes(maker), reads(reader));
        }
    }

    /// An answered batch comes before the batches that are sent later. The moments after the answers
    /// are a chain, so that there is an edge per batch and not one per pair.
    fn add_time(&mut self, deliveries: &[Delivery]) {
        let certain = || deliveries.iter().enumerate().filter(|(_, one)| one.doubts == 0);
        let mut answers: Vec<(Instant, usize)> =
            certain().map(|(number, delivery)| (delivery.answered, number)).collect();
        answers.sort_unstable();
        let mut sendings: Vec<(Instant, usize)> =
            certain().map(|(number, delivery)| (delivery.sent, number)).collect();
        sendings.sort_unstable();
        let mut answers = answers.into_iter().peekable();
        let mut last = None;
        for (sent, number) in sendings {
            while let Some((_, batch)) = answers.next_if(|(answered, _)| *answered < sent) {
                let moment = after_answer(batch);
                self.add(self.writes(batch), moment);
                if let Some(last) = last.replace(moment) {
                    self.add(last, moment);
                }
            }
            if let Some(last) = last {
                self.add(last, reads(number));
            }
        }
    }

    fn add(&mut self, before: usize, after: usize) {
        if before != after {
            self.edges.add_edge(before, after, ());
        }
    }

    /// Moments that each have to come before the next, and the last before the first; empty if there
    /// is an order.
    fn circle(&self) -> Vec<usize> {
        let knots = tarjan_scc(&self.edges).into_iter().filter(|nodes| nodes.len() > 1);
        let start = knots.min_by_key(Vec::len).and_then(|nodes| nodes.first().copied());
        let circles = start.into_iter().flat_map(|start| {
            let next = self.edges.neighbors(start);
            next.filter_map(move |next| {
                astar(&self.edges, next, |node| node == start, |_| 1, |_| 0)
            })
        });
        circles.min_by_key(|(length, _)| *length).map(|(_, circle)| circle).unwrap_or_default()
    }
}

fn reads(batch: usize) -> usize {
    MOMENTS * batch
}

fn after_answer(batch: usize) -> usize {
    MOMENTS * batch + 2
}

/// The batch of a moment, unless the moment is after its answer.
fn batch_of(moment: usize) -> Option<usize> {
    let batch = moment / MOMENTS;
    (moment != after_answer(batch)).then_some(batch)
}
