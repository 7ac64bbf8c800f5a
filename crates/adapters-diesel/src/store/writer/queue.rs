//! The requests that wait for the writer: a queue for each tenant, served in turn.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contacts_domain::OrganizationId;

/// Who a request is for: an organization, or `None` for organizations and tokens themselves.
pub(crate) type Tenant = Option<OrganizationId>;

/// The waiting requests. Callers add to it, the writer takes from it.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    turns: Turns<T>,
    closed: bool,
}

/// Why a request may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

/// What the writer does next.
pub(super) enum Next<T> {
    Serve(T),
    /// No request came.
    Idle,
    /// The queue is closed and empty.
    End,
}

impl<T> Queue<T> {
    /// At most that many requests wait, and half of them for one tenant.
    pub(super) fn new(at_most: usize) -> Self {
        let state = State { turns: Turns::new(at_most), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn push(&self, tenant: Tenant, request: T) -> Result<(), Refused> {
        let mut state = self.state();
        if state.closed {
            return Err(Refused::Closed);
        }
        if !state.turns.push(tenant, request) {
            return Err(Refused::Full);
        }
        self.changed.notify_one();
        Ok(())
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.state().turns.count
    }

    /// The next request, if one waits.
    pub(super) fn pop(&self) -> Option<T> {
        self.state().turns.pop()
    }

    /// The next request. Waits for one up to that long.
    pub(super) fn wait(&self, at_most: Duration) -> Next<T> {
        let nothing = |state: &mut State<T>| state.turns.count == 0 && !state.closed;
        let waited = self.changed.wait_timeout_while(self.state(), at_most, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.turns.pop() {
            Some(request) => Next::Serve(request),
            None if state.closed => Next::End,
            None => Next::Idle,
        }
    }

    /// Refuses further requests. Those that wait are still served.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The requests of each tenant in the order of their arrival, and whose turn it is.
struct Turns<T> {
    /// The tenants with waiting requests, the next one first.
    tenants: VecDeque<Tenant>,
    waiting: HashMap<Tenant, VecDeque<T>>,
    count: usize,
    at_most: usize,
}

impl<T> Turns<T> {
    fn new(at_most: usize) -> Self {
        Self { tenants: VecDeque::new(), waiting: HashMap::new(), count: 0, at_most }
    }

    /// Returns whether there was room for the request.
    fn push(&mut self, tenant: Tenant, request: T) -> bool {
        let own = self.waiting.get(&tenant).map_or(0, VecDeque::len);
        if self.count >= self.at_most || own >= self.at_most.div_ceil(2) {
            return false;
        }
        if own == 0 {
            self.tenants.push_back(tenant);
        }
        self.waiting.entry(tenant).or_default().push_back(request);
        self.count += 1;
        true
    }

    fn pop(&mut self) -> Option<T> {
        let tenant = self.tenants.pop_front()?;
        let own = self.waiting.get_mut(&tenant)?;
        let request = own.pop_front()?;
        if own.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.tenants.push_back(tenant);
        }
        self.count -= 1;
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: i32) -> Tenant {
        OrganizationId::new(id)
    }

    /// The turns of requests that arrived in this order.
    fn turns(at_most: usize, arrived: &[(Tenant, &'static str)]) -> Turns<&'static str> {
        let mut turns = Turns::new(at_most);
        for (tenant, request) in arrived {
            turns.push(*tenant, *request);
        }
        turns
    }

    fn served(mut turns: Turns<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| turns.pop()).collect()
    }

    #[test]
    fn tenants_are_served_in_turn() {
        let (one, two) = (organization(1), organization(2));
        let arrived =
            [(one, "1a"), (one, "1b"), (one, "1c"), (two, "2a"), (None, "access"), (two, "2b")];
        let order = ["1a", "2a", "access", "1b", "2b", "1c"];
        assert_eq!(served(turns(100, &arrived)), order);
    }

    #[test]
    fn served_tenant_waits_for_the_others() {
        let (one, two) = (organization(1), organization(2));
        let mut turns = turns(100, &[(one, "1a"), (two, "2a"), (two, "2b")]);
        assert_eq!(turns.pop(), Some("1a"));
        turns.push(one, "1b");
        assert_eq!(served(turns), ["2a", "1b", "2b"]);
    }

    #[test]
    fn tenant_holds_half_of_the_room() {
        let mut turns = turns(4, &[]);
        let mut push = |organization| turns.push(self::organization(organization), "");
        assert_eq!([push(1), push(1), push(1)], [true, true, false]);
        assert_eq!([push(2), push(3), push(4)], [true, true, false]);
        assert_eq!(served(turns).len(), 4);
    }

    #[test]
    fn closed_queue_serves_those_that_wait() {
        let queue = Queue::new(4);
        queue.push(None, "A").unwrap();
        queue.close();
        assert_eq!(queue.push(None, "B"), Err(Refused::Closed));
        assert!(matches!(queue.wait(Duration::MAX), Next::Serve("A")));
        assert!(matches!(queue.wait(Duration::MAX), Next::End));
    }
}
