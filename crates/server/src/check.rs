//! `contact-hub check`.

mod progress;
mod report;

use clap::Args;
use contacts_application::use_cases::{Mode, Notice};

use self::progress::Progress;
use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::Store;

/// How the database is checked.
#[derive(Debug, Args)]
pub(crate) struct CheckDatabase {
    /// Mend what does not follow from the documents; documents, versions and times stay as they are
    #[arg(long)]
    repair: bool,
    /// Show the values that differ, which may be personal
    #[arg(long)]
    show_values: bool,
}

/// Compares every contact with its document and prints what differs, a line each, and a line of
/// numbers in the end.
///
/// # Errors
///
/// When there is no database or the store fails, and when something is left that is not as it
/// should be.
pub(crate) async fn run(database: &DatabaseSettings, check: &CheckDatabase) -> Result<(), Failure> {
    let CheckDatabase { repair, show_values } = *check;
    let store = Store::open_existing(database).await?;
    let mode = if repair { Mode::Repair } else { Mode::Report };
    let mut progress = Progress::start();
    let mut notice = |notice: Notice<'_>| match notice {
        Notice::Checked { contacts, of } => progress.show(contacts, of),
        Notice::Discrepancy(discrepancy) => {
            for line in report::lines(discrepancy, show_values) {
                progress.beside(|| printing::tell(&line));
            }
        }
    };
    let checked = store.check_contacts().execute(mode, &mut notice).await;
    progress.end();
    let checked = checked?;
    printing::print(&report::summary(&checked))?;
    report::verdict(&checked, mode)
}
