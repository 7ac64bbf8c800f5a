//! A plan as it is kept and shown.

use contacts_application::plans::{KEPT_FOR, PlanHead};
use contacts_domain::decision::KeptAnswer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::v1::batch::reply::SummaryBody;

/// What is kept of a plan as a whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptHead {
    pub(super) id: Uuid,
    /// The media type of the body.
    pub(super) media_type: String,
    /// The options outside the body, as a query.
    pub(super) query: String,
    pub(super) source: Option<String>,
    /// What became of the items: in the plan of all of them, also where the answer shows fewer.
    pub(super) summary: SummaryBody,
    pub(super) run: Option<i64>,
    /// Whether the answer has the results of all items.
    pub(super) shows_all: bool,
}

impl KeptHead {
    pub(super) fn read(kept: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(kept).map_err(Problem::internal)
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, Problem> {
        serde_json::to_vec(self).map_err(Problem::internal)
    }
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Plan)]
pub(super) struct PlanBody {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it is forgotten.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Where the data comes from, as the caller called it.
    source: Option<String>,
    /// What would become of the items.
    summary: SummaryBody,
    /// What became of them; left out until the plan is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = AppliedBody, required = false)]
    applied: Option<AppliedBody>,
}

/// The application of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanApplication)]
struct AppliedBody {
    /// When it was applied.
    #[schema(format = DateTime)]
    at: String,
    /// What became of the items.
    summary: SummaryBody,
    /// The run in the ledger; null if nothing was changed.
    run: Option<i64>,
}

impl PlanBody {
    pub(super) fn of(plan: &PlanHead, application: Option<&KeptAnswer>) -> Result<Self, Problem> {
        let KeptHead { id, source, summary, .. } = KeptHead::read(&plan.shown)?;
        let applied = application.map(|kept| {
            let KeptHead { summary, run, .. } = KeptHead::read(&kept.answer.head)?;
            Ok::<_, Problem>(AppliedBody { at: kept.at.to_string(), summary, run })
        });
        Ok(Self {
            id,
            created_at: plan.at.to_string(),
            expires_at: plan.at.later(KEPT_FOR).to_string(),
            source,
            summary,
            applied: applied.transpose()?,
        })
    }
}
