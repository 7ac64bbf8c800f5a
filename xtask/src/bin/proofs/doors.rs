//! Where the servers are to be found, also by those who come while one is being replaced.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use xtask::Failure;

/// The addresses of the servers; `None` where one is down.
#[derive(Debug)]
pub(crate) struct Doors(Mutex<Vec<Option<SocketAddr>>>);

impl Doors {
    /// Of so many servers that are down.
    pub(crate) fn new(servers: usize) -> Self {
        Self(Mutex::new(vec![None; servers]))
    }

    /// The first open one, counted from `first`; waits for one at most so long.
    ///
    /// # Errors
    ///
    /// When none opens.
    pub(crate) fn find(&self, first: usize, limit: Duration) -> Result<SocketAddr, Failure> {
        let since = Instant::now();
        loop {
            {
                let doors = self.lock();
                let from_first = doors.iter().cycle().skip(first % doors.len().max(1));
                if let Some(address) = from_first.take(doors.len()).flatten().next() {
                    return Ok(*address);
                }
            }
            if since.elapsed() > limit {
                return Err(Failure::Server("no server is there any more".to_owned()));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The server of that number is down, or at that address.
    pub(crate) fn set(&self, number: usize, address: Option<SocketAddr>) {
        if let Some(door) = self.lock().get_mut(number) {
            *door = address;
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
    fn the_next_open_door_is_found() {
        let [one, other] = ["127.0.0.1:1", "127.0.0.1:2"].map(|text| text.parse().unwrap());
        let doors = Doors::new(2);
        doors.set(0, Some(one));
        doors.set(1, Some(other));
        let find = |first| doors.find(first, Duration::ZERO).ok();
        assert_eq!([find(0), find(1), find(2)], [Some(one), Some(other), Some(one)]);
        doors.set(0, None);
        assert_eq!([find(0), find(1)], [Some(other); 2]);
        doors.set(1, None);
        assert_eq!(find(0), None);
    }
}
