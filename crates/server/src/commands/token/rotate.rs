//! `contact-hub token rotate`.

use clap::Args;
use contacts_application::access::TokenId;
use contacts_application::ports::Clock as _;
use contacts_application::use_cases::Successor;

use super::{Secret, in_days};
use crate::clock::SystemClock;
use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::Store;

/// The arguments of `contact-hub token rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateToken {
    /// The id of the token in `contact-hub token list`
    #[arg(value_name = "ID")]
    id: i64,
    /// For how many days the old token stays valid, in which the client changes over
    #[arg(long, value_name = "N", default_value_t = 7)]
    keep_days: u16,
    /// Let the new token expire after so many days [default: as many as the old one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    expires_in_days: Option<u16>,
}

/// Creates a token in place of another and prints it.
///
/// # Errors
///
/// If the other is not valid, the client has two valid ones already, or the store fails.
pub(crate) async fn rotate(
    database: &DatabaseSettings,
    rotate: RotateToken,
) -> Result<(), Failure> {
    let store = Store::open_existing(database).await?;
    let secret = Secret::new()?;
    let now = SystemClock.now();
    let successor = Successor {
        replaces: TokenId(rotate.id),
        digest: secret.digest(),
        prefix: secret.prefix(),
        expires_at: rotate.expires_in_days.map(|days| in_days(now, days)),
        until: in_days(now, rotate.keep_days),
    };
    store.manage_access().rotate_token(successor).await?;
    printing::print(secret.reveal())
}
