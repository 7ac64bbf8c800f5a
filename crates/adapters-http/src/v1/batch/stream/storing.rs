//! Stores chunks and writes their results.

use contacts_application::compute::compute;
use contacts_domain::RunId;
use contacts_domain::upsert::Outcome;
use serde::Serialize;
use tokio::sync::mpsc;

use super::gathering::{API, ReadyChunk};
use super::spool::{NotWritten, Spool};
use crate::applying::apply;
use crate::problem::Problem;
use crate::problem::corrupt::log_corrupt;
use crate::reply::parts::ElementWriter as _;
use crate::reply::summary::Summary;
use crate::state::AppState;
use crate::telemetry::steps::measured;
use crate::v1::batch::deciding::run_of;
use crate::v1::batch::options::Results;
use crate::v1::batch::reply::{SummaryBody, is_problem};
use crate::v1::batch::result::{Answered, ResultWriter};

/// Stores the chunks of a stream.
pub(super) struct Storing {
    pub(super) state: AppState,
    pub(super) spool: Spool,
    pub(super) writer: ResultWriter,
    pub(super) results: Results,
    /// How many items there were so far.
    pub(super) counts: SummaryBody,
    /// The number of the last line that was answered.
    pub(super) answered: u64,
}

/// What stands in a line of the answer, apart from results.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Record {
    /// How far the stream is; after each chunk, where only problems are shown.
    Progress {
        /// The number of the last line.
        line: u64,
        /// The run of the chunk; null if it changed nothing.
        run: Option<i64>,
        summary: SummaryBody,
    },
    /// All items were taken. The last line.
    Summary(SummaryBody),
}

impl Storing {
    /// Stores all chunks, one after the other.
    pub(super) async fn run(
        &mut self,
        mut chunks: mpsc::Receiver<ReadyChunk>,
    ) -> Result<(), NotWritten> {
        while let Some(ReadyChunk { batch, lines, references, end, room }) = chunks.recv().await {
            let upsert = &self.state.services.upsert_contacts;
            let (outcomes, work) = measured(apply(upsert, batch, &room)).await;
            self.state.metrics.count_work(API, &work);
            let outcomes = outcomes.map_err(NotWritten::Failed)?;
            log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));
            let first = self.counts.items();
            self.counts.add(&Summary::of(&outcomes));
            let progress = match self.results {
                Results::All => Vec::new(),
                Results::Problems => {
                    let run = run_of(&outcomes).map(RunId::get);
                    line(&Record::Progress { line: end, run, summary: self.counts })
                }
            };
            let (writer, results) = (self.writer, self.results);
            let items = outcomes.into_iter().zip(lines.into_iter().zip(references)).enumerate();
            let answered = items.map(move |(index, (outcome, (line, reference)))| Answered {
                index: first + index,
                line: Some(line),
                reference,
                outcome: counted_from(first, outcome),
            });
            let answered: Vec<Answered> = answered.collect();
            let written = compute(move || {
                let held = room;
                held.during(|| write(writer, results, &answered, &progress))
            });
            let written =
                written.await.map_err(|error| NotWritten::Failed(Problem::internal(error)))?;
            let bytes = written.map_err(|error| NotWritten::Failed(Problem::internal(error)))?;
            self.spool.write(bytes).await?;
            self.answered = end;
        }
        Ok(())
    }

    /// Writes the summary.
    pub(super) fn finish(self) {
        self.spool.last(line(&Record::Summary(self.counts)));
        self.spool.end(true);
    }

    /// Writes why the stream ends early, and where the client may go on.
    pub(super) fn fail(&self, problem: &[u8]) {
        let mut record = br#"{"problem":"#.to_vec();
        record.extend_from_slice(problem);
        let resume_from = self.answered + 1;
        record.extend_from_slice(format!(",\"resumeFromLine\":{resume_from}}}\n").as_bytes());
        self.spool.last(record);
    }

    /// Logs how much was stored.
    pub(super) fn log(&self) {
        let Self { counts, answered, .. } = self;
        tracing::info!(lines = answered, items = counts.items(), verdicts = %counts, "stream ended");
    }
}

/// An outcome that names an earlier item of its chunk by its position in the stream.
fn counted_from(first: usize, outcome: Outcome) -> Outcome {
    Outcome { same_as: outcome.same_as.map(|index| first + index), ..outcome }
}

/// The results that are shown, one a line, and then the progress.
fn write(
    writer: ResultWriter,
    results: Results,
    all: &[Answered],
    progress: &[u8],
) -> serde_json::Result<Vec<u8>> {
    let shown =
        all.iter().filter(|answered| results == Results::All || is_problem(&answered.outcome));
    let mut out = Vec::new();
    for answered in shown {
        writer.write(answered, true, &mut out)?;
        out.push(b'\n');
    }
    out.extend_from_slice(progress);
    Ok(out)
}

fn line(record: &Record) -> Vec<u8> {
    // Numbers cannot fail.
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    line
}
