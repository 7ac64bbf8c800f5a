//! The addresses of the servers, of which some may be down.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// The addresses of the servers; `None` for one that is down.
#[derive(Debug)]
pub(crate) struct Addresses(Mutex<Vec<Option<SocketAddr>>>);

impl Addresses {
    /// Of that many servers, which are down.
    pub(crate) fn new(servers: usize) -> Self {
        Self(Mutex::new(vec![None; servers]))
    }

    /// The address of the first running server, counted from `first`. Waits for one up to the limit.
    pub(crate) fn find(&self, first: usize, limit: Duration) -> Result<SocketAddr> {
        let since = Instant::now();
        loop {
            {
                let servers = self.lock();
                let from_first = servers.iter().cycle().skip(first % servers.len().max(1));
                if let Some(address) = from_first.take(servers.len()).flatten().next() {
                    return Ok(*address);
                }
            }
            ensure!(since.elapsed() <= limit, "no server is running");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sets the address of a server, `None` if it is down.
    pub(crate) fn set(&self, number: usize, address: Option<SocketAddr>) {
        if let Some(server) = self.lock().get_mut(number) {
            *server = address;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<SocketAddr>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_running_server_is_found() {
        let [one, other] = ["127.0.0.1:1", "127.0.0.1:2"].map(|text| text.parse().unwrap());
        let servers = Addresses::new(2);
        servers.set(0, Some(one));
        servers.set(1, Some(other));
        let find = |first| servers.find(first, Duration::ZERO).ok();
        assert_eq!([find(0), find(1), find(2)], [Some(one), Some(other), Some(one)]);
        servers.set(0, None);
        assert_eq!([find(0), find(1)], [Some(other); 2]);
        servers.set(1, None);
        assert_eq!(find(0), None);
    }
}
