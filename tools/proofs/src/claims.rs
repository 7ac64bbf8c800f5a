//! The proofs, each in a file with its claim.

mod day;
mod disk;
mod feed;
mod greedy;
mod idempotency;
mod kills;
mod pool;
mod races;
mod restart;
mod stall;
mod standby;
mod streams;

use anyhow::Result;
use clap::ValueEnum;

use crate::setting::{Outcome, Setting, Store};

/// A proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proof {
    /// Many writers on the same contacts
    Races,
    /// Servers that are killed
    Kills,
    /// Requests with an idempotency key, whose servers are killed
    Idempotency,
    /// A database that restarts
    Restart,
    /// A database that stands still
    Stall,
    /// More requests than connections to the database
    Pool,
    /// Clients that misbehave beside one that does not
    Greedy,
    /// Streams of lines that are read late, or cut
    Streams,
    /// Readers of the change feed beside many writers
    Feed,
    // These two before `Disk`, whose tablespace cannot be copied to a standby afterwards.
    /// A hot standby that serves lists
    Standby,
    /// A day of several organizations, through a balancer
    Day,
    /// A disk that is full
    Disk,
}

impl Proof {
    /// What it proves.
    pub(crate) fn claim(self) -> &'static str {
        match self {
            Self::Races => races::CLAIM,
            Self::Kills => kills::CLAIM,
            Self::Idempotency => idempotency::CLAIM,
            Self::Restart => restart::CLAIM,
            Self::Stall => stall::CLAIM,
            Self::Pool => pool::CLAIM,
            Self::Greedy => greedy::CLAIM,
            Self::Streams => streams::CLAIM,
            Self::Feed => feed::CLAIM,
            Self::Standby => standby::CLAIM,
            Self::Day => day::CLAIM,
            Self::Disk => disk::CLAIM,
        }
    }

    /// The stores that it is proved on.
    pub(crate) fn stores(self) -> &'static [Store] {
        match self {
            Self::Races
            | Self::Kills
            | Self::Idempotency
            | Self::Greedy
            | Self::Streams
            | Self::Feed
            | Self::Disk => &[Store::Sqlite, Store::Postgres],
            Self::Restart | Self::Stall | Self::Pool | Self::Standby | Self::Day => {
                &[Store::Postgres]
            }
        }
    }

    /// Runs it. An error is a counter-example, or a fault of the proof.
    pub(crate) fn run(self, setting: &Setting<'_>) -> Result<Outcome> {
        match self {
            Self::Races => races::prove(setting),
            Self::Kills => kills::prove(setting),
            Self::Idempotency => idempotency::prove(setting),
            Self::Restart => restart::prove(setting),
            Self::Stall => stall::prove(setting),
            Self::Pool => pool::prove(setting),
            Self::Greedy => greedy::prove(setting),
            Self::Streams => streams::prove(setting),
            Self::Feed => feed::prove(setting),
            Self::Standby => standby::prove(setting),
            Self::Day => day::prove(setting),
            Self::Disk => disk::prove(setting),
        }
    }
}
