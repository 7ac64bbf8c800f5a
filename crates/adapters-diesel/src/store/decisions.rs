//! Runs decisions: those of a few items on the writer, all others beside it.
//!
//! All requests wait for the writer, so a decision about many items is made on what a reader loads,
//! and the writer only writes it. If something that the decision has looked for was written since,
//! it is made again: on the writer, or, where that takes long, beside it.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use contacts_application::compute::compute;
use contacts_application::ports::StoreError;
use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, DigestNote, Loaded};
use diesel::prelude::*;

use super::SqliteStore;
use super::decided::Decided;
use super::transaction::{LONG_WORK, Transaction};
use super::writer::Tenant;
use crate::connect::Failure;
use crate::statements::lookup::look_up;
use crate::statements::settings::check_version;
use crate::statements::write::write_digests;

/// The [work](Decision::work) of a decision that the writer makes itself, in bytes. Handing it to
/// other threads would take longer.
const SMALL_WORK: usize = 16 << 10;

/// How often a long decision may be overtaken by other writes. After that, it runs on the writer.
const MAX_OVERTAKEN: usize = 3;

/// What became of a decision that was made beside the writer.
enum Written<R> {
    AsDecided(Box<Decided<R>>),
    DecidedAgain(R),
    Overtaken(IdBlock),
}

impl SqliteStore {
    /// Loads what the decision needs, lets it decide, and writes the outcome.
    pub(super) async fn run<D: Decision>(&self, decision: Arc<D>) -> Result<D::Report, StoreError> {
        let tenant = Some(decision.organization());
        // Each request has a handle of its own: dropping a large batch takes long, and the last
        // handle is never that of the writer.
        if !decision.is_dry_run() && decision.work(&Loaded::default()) <= SMALL_WORK {
            let small = Arc::clone(&decision);
            let run =
                self.writer.write(tenant, move |transaction| transaction.run_if_short(&*small));
            if let Some(report) = run.await? {
                return Ok(report);
            }
        }
        for _ in 0..MAX_OVERTAKEN {
            let decided = self.decide(&decision).await?;
            if decided.writes.is_empty() {
                self.spare_ids.give_back(decided.ids);
                self.note(tenant, decided.writes.digests);
                return Ok(decided.report);
            }
            let again = Arc::clone(&decision);
            let write =
                self.writer.write(tenant, move |transaction| transaction.settle(&*again, decided));
            match write.await? {
                Written::AsDecided(decided) => {
                    let decided = *decided;
                    self.spare_ids.give_back(decided.ids);
                    return Ok(decided.report);
                }
                Written::DecidedAgain(report) => return Ok(report),
                Written::Overtaken(ids) => self.spare_ids.give_back(ids),
            }
        }
        let overtaken = Arc::clone(&decision);
        self.writer.write(tenant, move |transaction| transaction.run(&*overtaken)).await
    }

    /// Writes digests beside the requests, when the writer gets to it. They can be lost, and no
    /// decision depends on them.
    fn note(&self, tenant: Tenant, digests: Vec<DigestNote>) {
        if !digests.is_empty() {
            self.writer
                .submit(tenant, move |transaction| write_digests(transaction.connection, &digests));
        }
    }

    /// Decides on what a reader loads.
    async fn decide<D: Decision>(
        &self,
        decision: &Arc<D>,
    ) -> Result<Decided<D::Report>, StoreError> {
        let (loading, deciding) = (Arc::clone(decision), Arc::clone(decision));
        let history = Arc::clone(self.writer.history());
        let load = move |connection: &mut SqliteConnection| {
            let (organization, lookup_keys) = (loading.organization(), loading.lookup_keys());
            let at = history.present();
            let loaded = connection.transaction(|connection| {
                check_version(connection, organization, loading.settings_version())?;
                look_up(connection, organization, lookup_keys, lookup_keys.documents_at_most)
            })?;
            Ok((at, loaded))
        };
        // Lists may use all connections for long reads for as long as they are allowed to take.
        let (at, loaded) = if decision.work(&Loaded::default()) <= LONG_WORK {
            self.readers.read(load).await?
        } else {
            self.readers.read_long(load).await?
        };
        let tenant = Some(decision.organization());
        let runs = if decision.is_dry_run() { 0 } else { decision.runs_at_most() };
        let ids = decision.ids_at_most();
        let ids = self.spare_ids.reserve(&self.writer, tenant, ids, runs).await?;
        let decided = compute(move || Decided::new(&*deciding, loaded, at, ids)).await;
        let decided = decided.map_err(|panic| StoreError::internal(format!("a decision {panic}")));
        Ok(decided??)
    }
}

impl Transaction<'_> {
    /// Writes what was decided, if the decision still holds.
    fn settle<D: Decision>(
        &mut self,
        decision: &D,
        mut decided: Decided<D::Report>,
    ) -> Result<Written<D::Report>, Failure> {
        let organization = decision.organization();
        if self.shows(organization, &decided.seen) {
            self.check_settings(decision)?;
            let touched = std::mem::take(&mut decided.touched);
            self.write(organization, &decided.writes, touched)?;
            return Ok(Written::AsDecided(Box::new(decided)));
        }
        Ok(match self.run_if_short(decision)? {
            Some(report) => Written::DecidedAgain(report),
            None => Written::Overtaken(decided.ids),
        })
    }
}
