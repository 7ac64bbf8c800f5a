//! Small batches of an organization that wait together share a transaction.
//!
//! A transaction costs four round trips and a wait for the disk, however little it writes. So while
//! transactions of small batches run, further ones wait, and those that wait go into the next
//! transaction together. Nobody waits for others to come.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_domain::OrganizationId;
use contacts_domain::decision::{Decision, Group, Loaded};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::transaction::Transactions;
use crate::connect::{Failure, share_is_used};
use crate::statements::attempt_error::AttemptError;

/// The most [work](Decision::work) of a batch that goes into a group, in bytes of JSON. A larger one
/// gains little and would delay the others.
const SMALL: usize = 16 * 1_024;

/// The most batches of a group.
const MAX_MEMBERS: usize = 32;

/// The most transactions of small batches that an organization runs at once: while one waits for the
/// disk, another one decides.
const AT_ONCE: usize = 2;

/// The batches of the store.
pub(crate) struct Groups<D: Decision> {
    transactions: Arc<Transactions>,
    /// The small batches that wait.
    queues: Mutex<HashMap<OrganizationId, Queue<D>>>,
    /// The groups that were committed.
    committed: AtomicU64,
    /// The batches in these groups.
    grouped: AtomicU64,
}

/// What the operator is shown of the groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupCounts {
    /// The groups that were committed.
    pub(crate) committed: u64,
    /// The batches in these groups.
    pub(crate) grouped: u64,
    /// The batches that wait now.
    pub(crate) waiting: usize,
}

/// Those of an organization, in the order of their arrival, and how many transactions run.
struct Queue<D: Decision> {
    waiting: VecDeque<Waiting<D>>,
    running: usize,
}

struct Waiting<D: Decision> {
    batch: Arc<D>,
    answer: oneshot::Sender<Result<D::Report, Failure>>,
}

enum Entry<D: Decision> {
    Begins,
    Waits(oneshot::Receiver<Result<D::Report, Failure>>),
}

/// A batch or a group that runs. When it ends, the next group of the organization begins.
struct Turn<D: Decision> {
    groups: Arc<Groups<D>>,
    organization: OrganizationId,
}

impl<D: Decision> Groups<D> {
    pub(crate) fn new(transactions: Arc<Transactions>) -> Self {
        let (committed, grouped) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { transactions, queues: Mutex::default(), committed, grouped }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrganizationId, Queue<D>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the caller apply a batch at once, or lets the batch wait for the next group.
    fn enter(&self, batch: &Arc<D>) -> Entry<D> {
        let mut queues = self.lock();
        let queue = queues.entry(batch.organization()).or_default();
        if queue.running < AT_ONCE {
            queue.running += 1;
            return Entry::Begins;
        }
        let (answer, answered) = oneshot::channel();
        queue.waiting.push_back(Waiting { batch: Arc::clone(batch), answer });
        Entry::Waits(answered)
    }

    pub(crate) fn counts(&self) -> GroupCounts {
        GroupCounts {
            committed: self.committed.load(Ordering::Relaxed),
            grouped: self.grouped.load(Ordering::Relaxed),
            waiting: self.lock().values().map(|queue| queue.waiting.len()).sum(),
        }
    }

    /// Takes a batch back, unless its group has begun.
    fn withdraw(&self, batch: &Arc<D>) -> bool {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&batch.organization()) else { return false };
        let before = queue.waiting.len();
        queue.waiting.retain(|waiting| !Arc::ptr_eq(&waiting.batch, batch));
        queue.waiting.len() < before
    }

    /// The batches of the next group: the first ones with the same settings, without those whose
    /// callers have gone. If there are none, one transaction less runs.
    fn next(&self, organization: OrganizationId) -> Vec<Waiting<D>> {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&organization) else { return Vec::new() };
        queue.waiting.retain(|waiting| !waiting.answer.is_closed());
        let settings = |waiting: &Waiting<D>| waiting.batch.settings_version();
        let first = queue.waiting.front().map(settings);
        let alike = queue.waiting.iter().take_while(|waiting| Some(settings(waiting)) == first);
        let count = alike.take(MAX_MEMBERS).count();
        let members: Vec<Waiting<D>> = queue.waiting.drain(..count).collect();
        if members.is_empty() {
            queue.running -= 1;
            if queue.running == 0 {
                queues.remove(&organization);
            }
        }
        members
    }

    /// Applies a batch. A small one shares a transaction with others that wait.
    pub(crate) async fn apply(self: &Arc<Self>, batch: Arc<D>) -> Result<D::Report, Failure> {
        if batch.is_dry_run() || batch.work(&Loaded::default()) > SMALL {
            return self.transactions.run(batch).await;
        }
        let mut answered = match self.enter(&batch) {
            Entry::Begins => {
                let _turn = self.turn(batch.organization());
                return self.transactions.run(batch).await;
            }
            Entry::Waits(answered) => answered,
        };
        let wait = self.transactions.wait();
        let answer = match timeout(wait, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if self.withdraw(&batch) => return Err(share_is_used(wait)),
            Err(_) => answered.await,
        };
        answer.map_err(Failure::internal)?
    }

    fn turn(self: &Arc<Self>, organization: OrganizationId) -> Turn<D> {
        Turn { groups: Arc::clone(self), organization }
    }

    async fn run_group(self: &Arc<Self>, mut members: Vec<Waiting<D>>) {
        if members.len() > 1 {
            members = self.run_together(members).await;
        }
        match <[Waiting<D>; 1]>::try_from(members) {
            Ok([alone]) => self.run_alone(alone).await,
            // Those that met others, or a fault of one of them. None waits for the attempts of another.
            Err(members) => {
                for member in members {
                    let groups = Arc::clone(self);
                    tokio::spawn(async move { groups.run_alone(member).await });
                }
            }
        }
    }

    /// Applies batches in one transaction. Returns those that have to be applied alone.
    async fn run_together(&self, members: Vec<Waiting<D>>) -> Vec<Waiting<D>> {
        let batches = members.iter().map(|member| Arc::clone(&member.batch)).collect();
        let Some(group) = Group::new(batches) else { return members };
        let reports = match self.transactions.run_once(Arc::new(group)).await {
            Ok(reports) => reports,
            Err(AttemptError::Final(failure)) if failure.hits_every_request() => {
                members.into_iter().for_each(|member| member.answer(Err(failure.clone())));
                return Vec::new();
            }
            Err(_) => return members,
        };
        self.committed.fetch_add(1, Ordering::Relaxed);
        let mut left_out = Vec::new();
        for (member, report) in members.into_iter().zip(reports) {
            match report {
                Some(report) => {
                    self.grouped.fetch_add(1, Ordering::Relaxed);
                    member.answer(Ok(report));
                }
                None => left_out.push(member),
            }
        }
        left_out
    }

    async fn run_alone(&self, member: Waiting<D>) {
        let report = self.transactions.run(Arc::clone(&member.batch)).await;
        member.answer(report);
    }
}

impl<D: Decision> Default for Queue<D> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), running: 0 }
    }
}

impl<D: Decision> Waiting<D> {
    fn answer(self, report: Result<D::Report, Failure>) {
        // A caller that has gone wants no answer.
        let _ = self.answer.send(report);
    }
}

impl<D: Decision> Drop for Turn<D> {
    /// Runs the next group on a task of its own: one of its callers may go while the others stay.
    fn drop(&mut self) {
        let members = self.groups.next(self.organization);
        if !members.is_empty() {
            let turn = self.groups.turn(self.organization);
            tokio::spawn(async move { turn.groups.run_group(members).await });
        }
    }
}
