//! The open connections: how many there may be, and which one goes for a new one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::sync::watch;

/// How often the log says that connections were closed or refused.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// How many connections there may be.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimits {
    /// From all clients together; one address has at most half of them.
    pub(crate) max: usize,
    /// Addresses that may have all of them.
    pub(crate) trusted_proxies: Vec<IpNet>,
}

/// The open connections.
#[derive(Clone)]
pub(super) struct OpenConnections(Arc<Mutex<Table>>);

struct Table {
    limits: ConnectionLimits,
    next: u64,
    connections: HashMap<u64, Entry>,
    by_origin: HashMap<IpAddr, usize>,
    /// How many were closed or refused since the last warning.
    closed: u64,
    warned: Option<Instant>,
}

struct Entry {
    origin: IpAddr,
    /// `None` while there is a request.
    idle_since: Option<Instant>,
    state: watch::Sender<State>,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There was no request yet.
    New,
    Used,
    /// It has to make room for another one.
    Dismissed,
}

/// One open connection. It is counted until the last handle is dropped.
#[derive(Clone)]
pub(super) struct Connection(Arc<Handle>);

struct Handle {
    id: u64,
    open: OpenConnections,
    state: watch::Receiver<State>,
}

/// The time in which a connection has a request.
pub(super) struct InUse(Connection);

impl OpenConnections {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Mutex::new(Table {
            limits,
            next: 0,
            connections: HashMap::new(),
            by_origin: HashMap::new(),
            closed: 0,
            warned: None,
        })))
    }

    /// Adds a connection. Where there are too many, the one that is idle for longest goes; `None` if
    /// all have a request.
    pub(super) fn add(&self, address: IpAddr) -> Option<Connection> {
        let mut table = self.table();
        let origin = origin(address);
        let of_origin = table.by_origin.get(&origin).copied().unwrap_or_default();
        let is_trusted = table.limits.trusted_proxies.iter().any(|net| net.contains(&address));
        if !is_trusted && of_origin >= table.limits.max.div_ceil(2) {
            table.dismiss(|entry| entry.origin == origin)?;
        } else if table.connections.len() >= table.limits.max {
            table.dismiss(|_| true)?;
        }
        let (sender, state) = watch::channel(State::New);
        let id = table.next;
        table.next += 1;
        let idle_since = Some(Instant::now());
        table.connections.insert(id, Entry { origin, idle_since, state: sender });
        *table.by_origin.entry(origin).or_default() += 1;
        drop(table);
        Some(Connection(Arc::new(Handle { id, open: self.clone(), state })))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Closes the connection that is idle for longest among some: one without a request so far, if
    /// there is one.
    fn dismiss(&mut self, among: impl Fn(&Entry) -> bool) -> Option<()> {
        self.closed += 1;
        if self.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            tracing::warn!(
                connections = self.connections.len(),
                closed = self.closed,
                "too many connections: the longest idle ones are closed, or new ones refused"
            );
            (self.closed, self.warned) = (0, Some(Instant::now()));
        }
        let idle = self.connections.iter().filter(|(_, entry)| among(entry));
        let idle = idle.filter_map(|(id, entry)| {
            let was_used = *entry.state.borrow() != State::New;
            Some((was_used, entry.idle_since?, *id))
        });
        let (.., id) = idle.min()?;
        let entry = self.remove(id)?;
        entry.state.send_replace(State::Dismissed);
        Some(())
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.connections.remove(&id)?;
        if let Some(count) = self.by_origin.get_mut(&entry.origin) {
            *count -= 1;
            if *count == 0 {
                self.by_origin.remove(&entry.origin);
            }
        }
        Some(entry)
    }
}

impl Connection {
    /// Notes a request, until the return value is dropped.
    pub(super) fn in_use(&self) -> InUse {
        self.note(None);
        InUse(self.clone())
    }

    /// Waits for the first request.
    pub(super) async fn is_used(&self) {
        self.reaches(State::Used).await;
    }

    /// Waits until the connection has to make room.
    pub(super) async fn is_dismissed(&self) {
        self.reaches(State::Dismissed).await;
    }

    async fn reaches(&self, state: State) {
        // The sender is gone only after it has dismissed the connection.
        let _ = self.0.state.clone().wait_for(|now| *now == state).await;
    }

    fn note(&self, idle_since: Option<Instant>) {
        if let Some(entry) = self.0.open.table().connections.get_mut(&self.0.id) {
            entry.idle_since = idle_since;
            entry.state.send_if_modified(|state| {
                let is_new = *state == State::New;
                *state = State::Used;
                is_new
            });
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.note(Some(Instant::now()));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.open.table().remove(self.id);
    }
}

/// What counts as one address: of IPv6, one network of a customer (64 bits).
fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const C: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 3));

    fn open(max: usize) -> OpenConnections {
        OpenConnections::new(ConnectionLimits { max, trusted_proxies: Vec::new() })
    }

    fn is_dismissed(connection: &Connection) -> bool {
        *connection.0.state.borrow() == State::Dismissed
    }

    #[test]
    fn longest_idle_connection_makes_room() {
        let open = open(3);
        let busy = open.add(A).unwrap();
        let _request = busy.in_use();
        let idle = open.add(B).unwrap();
        let later = open.add(C).unwrap();
        let new = open.add(C).unwrap();
        let dismissed = [&busy, &idle, &later, &new].map(is_dismissed);
        assert_eq!(dismissed, [false, true, false, false]);
    }

    #[test]
    fn connection_without_a_request_makes_room_first() {
        let open = open(3);
        let served = open.add(A).unwrap();
        drop(served.in_use());
        let new = open.add(B).unwrap();
        let [_c, _another] = [open.add(C).unwrap(), open.add(C).unwrap()];
        assert_eq!([&served, &new].map(is_dismissed), [false, true]);
    }

    #[test]
    fn address_has_at_most_half_of_the_connections() {
        let open = open(4);
        let [first, second] = [open.add(A).unwrap(), open.add(A).unwrap()];
        let of_other = open.add(B).unwrap();
        let _third = open.add(A).unwrap();
        assert_eq!([&first, &second, &of_other].map(is_dismissed), [true, false, false]);
    }

    #[test]
    fn trusted_proxy_may_have_all_connections() {
        let trusted_proxies = vec!["192.0.2.0/31".parse().unwrap()];
        let open = OpenConnections::new(ConnectionLimits { max: 4, trusted_proxies });
        let connections: Vec<_> = (0..4).map(|_| open.add(A).unwrap()).collect();
        assert!(!connections.iter().any(is_dismissed));
    }

    #[test]
    fn connection_is_refused_while_all_have_requests() {
        let open = open(2);
        let connections = [open.add(A).unwrap(), open.add(B).unwrap()];
        let requests = connections.each_ref().map(Connection::in_use);
        assert!(open.add(C).is_none());
        drop(requests);
        assert!(open.add(C).is_some());
    }

    #[test]
    fn closed_connection_is_not_counted() {
        let open = open(1);
        drop(open.add(A));
        let connection = open.add(A).unwrap();
        assert!(!is_dismissed(&connection));
        assert_eq!(open.table().by_origin.len(), 1);
    }

    #[test]
    fn network_of_a_customer_is_one_address() {
        let of = |text: &str| origin(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), A);
    }
}
