//! Whether whole batches can have happened one after the other.

use std::time::Instant;

use xtask::Failure;

use crate::chain::{Access, Chain};
use crate::history::History;

/// How far batches that happen at once may seem to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// Not at all: there is one order of the batches (serializability).
    Serial,
    /// What a batch finds is as of one moment, and what it writes is there as of another; what it
    /// changes, nobody has changed in between (snapshot isolation). So of two batches each may find
    /// unchanged what the other one changes.
    Snapshot,
}

/// Looks for an order of the batches in which each finds what the ones before have made, and in
/// which a batch that was answered comes before one that was sent later.
///
/// A batch that was sent again may have happened twice: such are left out.
///
/// # Errors
///
/// When there is none, with batches that would have to come before each other.
pub(crate) fn check(
    history: &History,
    chains: &[Chain<'_>],
    isolation: Isolation,
) -> Result<(), Failure> {
    let mut graph = Graph::new(history.deliveries.len(), isolation);
    for chain in chains {
        graph.add_contact(chain);
    }
    graph.add_time(history);
    let cycle = graph.cycle();
    if cycle.is_empty() {
        return Ok(());
    }
    let mut cycle = cycle.into_iter().filter_map(|node| graph.batch(node)).collect::<Vec<_>>();
    cycle.dedup();
    let batches = cycle.iter().filter_map(|batch| {
        let delivery = history.deliveries.get(*batch)?;
        Some(format!("batch {batch} of writer {}", delivery.writer))
    });
    // What they have in common is why.
    let common = chains.iter().flat_map(|chain| {
        let own = chain.accesses().filter(|access| cycle.contains(&access.number));
        let own = own.collect::<Vec<_>>();
        let first = own.first().map(|access| access.number);
        let is_common = own.iter().any(|access| Some(access.number) != first);
        own.into_iter().filter(move |_| is_common).map(|access| format!("\n    {access}"))
    });
    Err(Failure::Server(format!(
        "no order of the batches explains the answers, as each of these has to come before the \
         next, and the last before the first: {}{}",
        batches.collect::<Vec<_>>().join(", "),
        common.collect::<String>(),
    )))
}

/// What has to come before what: of each batch the moment when it finds, the moment when it writes,
/// and a moment after its answer.
struct Graph {
    after: Vec<Vec<usize>>,
    isolation: Isolation,
}

/// The nodes of a batch.
const MOMENTS: usize = 3;

impl Graph {
    fn new(batches: usize, isolation: Isolation) -> Self {
        let mut graph = Self { after: vec![Vec::new(); MOMENTS * batches], isolation };
        for batch in 0..batches {
            graph.add(graph.finds(batch), graph.writes(batch));
        }
        graph
    }

    fn finds(&self, batch: usize) -> usize {
        MOMENTS * batch
    }

    fn writes(&self, batch: usize) -> usize {
        match self.isolation {
            Isolation::Serial => self.finds(batch),
            Isolation::Snapshot => MOMENTS * batch + 1,
        }
    }

    fn answered(&self, batch: usize) -> usize {
        MOMENTS * batch + 2
    }

    /// The batch of a node, unless the node is a moment after its answer.
    fn batch(&self, node: usize) -> Option<usize> {
        let batch = node / MOMENTS;
        (node != self.answered(batch)).then_some(batch)
    }

    /// Who makes a version writes before others find it, be it to change it or not; and who found it
    /// did so before the next is written.
    fn add_contact(&mut self, chain: &Chain<'_>) {
        let is_certain = |access: &&Access<'_>| access.delivery.doubts == 0;
        let mut maker: Option<usize> = None;
        let mut readers: Vec<usize> = Vec::new();
        for link in &chain.links {
            if let Some(next) = link.maker.as_ref().filter(is_certain) {
                for reader in readers.drain(..).filter(|reader| *reader != next.number) {
                    self.add(self.finds(reader), self.writes(next.number));
                }
                self.add_found(maker, next.number);
                maker = Some(next.number);
            }
            for reader in link.readers.iter().filter(is_certain) {
                self.add_found(maker, reader.number);
                readers.push(reader.number);
            }
        }
    }

    fn add_found(&mut self, maker: Option<usize>, reader: usize) {
        if let Some(maker) = maker.filter(|maker| *maker != reader) {
            self.add(self.writes(maker), self.finds(reader));
        }
    }

    /// A moment comes after the answers until then, and before the batches that are sent later.
    fn add_time(&mut self, history: &History) {
        let certain = || history.deliveries.iter().enumerate().filter(|(_, one)| one.doubts == 0);
        let mut answers: Vec<(Instant, usize)> =
            certain().map(|(number, delivery)| (delivery.answered, number)).collect();
        answers.sort_unstable();
        let mut sendings: Vec<(Instant, usize)> =
            certain().map(|(number, delivery)| (delivery.sent, number)).collect();
        sendings.sort_unstable();
        let mut answers = answers.into_iter().peekable();
        let mut last = None;
        for (sent, number) in sendings {
            while let Some((_, answered)) = answers.next_if(|(answered, _)| *answered < sent) {
                let moment = self.answered(answered);
                self.add(self.writes(answered), moment);
                if let Some(last) = last {
                    self.add(last, moment);
                }
                last = Some(moment);
            }
            if let Some(last) = last {
                self.add(last, self.finds(number));
            }
        }
    }

    fn add(&mut self, before: usize, after: usize) {
        if let Some(edges) = self.after.get_mut(before)
            && before != after
        {
            edges.push(after);
        }
    }

    /// Nodes that would have to come before each other, in that order; none if there is an order.
    fn cycle(&self) -> Vec<usize> {
        let mut waits_for = vec![0_usize; self.after.len()];
        for after in self.after.iter().flatten() {
            if let Some(count) = waits_for.get_mut(*after) {
                *count += 1;
            }
        }
        let mut free: Vec<usize> =
            (0..self.after.len()).filter(|node| waits_for.get(*node) == Some(&0)).collect();
        while let Some(node) = free.pop() {
            for after in self.after.get(node).into_iter().flatten() {
                if let Some(count) = waits_for.get_mut(*after) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(*after);
                    }
                }
            }
        }
        // What still waits leads, backwards, around a circle.
        let is_stuck = |node: &usize| waits_for.get(*node).is_some_and(|count| *count > 0);
        let before = |node: usize| {
            let mut stuck = (0..self.after.len()).filter(is_stuck);
            stuck.find(|before| self.after.get(*before).is_some_and(|all| all.contains(&node)))
        };
        let mut path = Vec::new();
        let mut next = (0..self.after.len()).find(is_stuck);
        while let Some(node) = next {
            if let Some(start) = path.iter().position(|known| *known == node) {
                let mut cycle = path.split_off(start);
                cycle.reverse();
                return cycle;
            }
            path.push(node);
            next = before(node);
        }
        path
    }
}
