//! Whether whole batches can have happened one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use xtask::Failure;

use crate::chain::Access;
use crate::history::History;

/// What has to come before what: the batches, then a moment after each answer.
struct Graph {
    after: Vec<Vec<usize>>,
}

/// Looks for an order of the batches in which each sees what the ones before have made, and in
/// which a batch that was answered comes before one that was sent later (strict serializability).
///
/// A batch that was sent again may have happened twice: such are left out.
///
/// # Errors
///
/// When there is none, with batches that would have to come before each other.
pub(crate) fn check(
    history: &History,
    chains: &BTreeMap<i64, Vec<Access<'_>>>,
) -> Result<(), Failure> {
    let count = history.deliveries.len();
    let mut graph = Graph { after: vec![Vec::new(); 2 * count] };
    for accesses in chains.values() {
        graph.add_contact(accesses);
    }
    graph.add_time(history);
    let cycle = graph.cycle();
    if cycle.is_empty() {
        return Ok(());
    }
    let batches = cycle.iter().filter_map(|node| {
        let delivery = history.deliveries.get(*node)?;
        Some(format!("batch {node} of writer {}", delivery.writer))
    });
    // What they have in common is why.
    let common = chains.values().flat_map(|accesses| {
        let own = accesses.iter().filter(|access| cycle.contains(&access.number));
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

impl Graph {
    /// Who makes a version comes before those who meet it, and they before who makes the next.
    fn add_contact(&mut self, accesses: &[Access<'_>]) {
        let mut versions = BTreeMap::<u64, (Vec<usize>, Vec<usize>)>::new();
        for access in accesses.iter().filter(|access| access.delivery.doubts == 0) {
            let (makers, readers) = versions.entry(access.stored.version).or_default();
            if access.is_mark() { makers } else { readers }.push(access.number);
        }
        let mut earlier: Vec<usize> = Vec::new();
        for (makers, readers) in versions.into_values() {
            // Of several makers, all but one found what the same writer had sent before.
            for maker in &makers {
                self.add(&earlier, *maker);
            }
            for reader in &readers {
                self.add(if makers.is_empty() { &earlier } else { &makers }, *reader);
            }
            earlier = makers.into_iter().chain(readers).collect();
        }
    }

    fn add(&mut self, before: &[usize], after: usize) {
        for before in before.iter().filter(|before| **before != after) {
            if let Some(edges) = self.after.get_mut(*before) {
                edges.push(after);
            }
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
        let moment_of = |number: usize| history.deliveries.len() + number;
        let mut answers = answers.into_iter().peekable();
        let mut moment = None;
        for (sent, number) in sendings {
            while let Some((_, answered)) = answers.next_if(|(answered, _)| *answered < sent) {
                let next = moment_of(answered);
                self.add(&[answered], next);
                self.add(moment.as_slice(), next);
                moment = Some(next);
            }
            self.add(moment.as_slice(), number);
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
