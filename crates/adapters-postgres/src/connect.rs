//! Connections to PostgreSQL: URL, TLS, pool, and the sessions that send statements.

mod failure;
mod options;
mod pool;
pub(crate) mod session;
mod shares;
mod tls;
mod url;

pub use self::options::PostgresOptions;
pub use self::url::PostgresUrl;

pub(crate) use self::failure::{Failure, POOLER_REMEDY, Retry, chain};
pub(crate) use self::pool::{Pool, PoolSetupError, Usage};
pub(crate) use self::session::{Parameter, Session};
pub(crate) use self::shares::{Shares, share_is_used, take_share};
pub(crate) use self::tls::{TlsSetupError, is_tls_failure};
