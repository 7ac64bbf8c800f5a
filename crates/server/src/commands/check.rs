//! `contact-hub check`.

mod report;

use clap::Args;
use contacts_application::use_cases::{Mode, Notice};

use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::progress::Progress;
use crate::startup::Store;

/// The arguments of `contact-hub check`.
#[derive(Debug, Args)]
pub(crate) struct CheckDatabase {
    /// Repair what differs from the documents; documents, versions and times never change
    #[arg(long)]
    repair: bool,
    /// Show the values that differ; they may be personal data
    #[arg(long)]
    show_values: bool,
}

/// Compares every contact with its document. Prints a line for each difference and a summary.
///
/// # Errors
///
/// If the database does not exist, the store fails, or a difference is left.
pub(crate) async fn run(database: &DatabaseSettings, check: &CheckDatabase) -> Result<(), Failure> {
    let CheckDatabase { repair, show_values } = *check;
    let store = Store::open_existing(database).await?;
    let mode = if repair { Mode::Repair } else { Mode::Report };
    let mut progress = Progress::start("checked");
    let mut notice = |notice: Notice<'_>| match notice {
        Notice::Checked { contacts, of } => progress.show(contacts, of),
        Notice::Discrepancy(discrepancy) => {
            for line in report::lines(discrepancy, show_values) {
                progress.suspend(|| printing::print_notice(&line));
            }
        }
    };
    let checked = store.check_contacts().execute(mode, &mut notice).await;
    progress.end();
    let checked = checked?;
    printing::print(&report::summary(&checked))?;
    report::verdict(&checked, mode)
}
