//! The workflows of a contact: what the caller may do next with it.

use contacts_application::access::{Scope, Scopes};
use contacts_domain::upsert::ContactState;
use serde::Serialize;
use utoipa::ToSchema;

/// A workflow: what may be done next with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct WorkflowReply {
    /// 1 ARCHIVE, 2 RESTORE, 3 MERGE, 4 DELETE.
    #[schema(example = 1, minimum = 1, maximum = 4)]
    id: u8,
    /// ARCHIVE, RESTORE, MERGE or DELETE.
    #[schema(example = "ARCHIVE")]
    name: &'static str,
}

const ARCHIVE: WorkflowReply = WorkflowReply { id: 1, name: "ARCHIVE" };
const RESTORE: WorkflowReply = WorkflowReply { id: 2, name: "RESTORE" };
const MERGE: WorkflowReply = WorkflowReply { id: 3, name: "MERGE" };
const DELETE: WorkflowReply = WorkflowReply { id: 4, name: "DELETE" };

/// The workflows of one caller, computed once for all contacts of an answer.
#[derive(Debug)]
pub(super) struct Workflows {
    current: Vec<WorkflowReply>,
    archived: Vec<WorkflowReply>,
}

impl Workflows {
    pub(super) fn of(scopes: Scopes) -> Self {
        let (write, delete) = (scopes.include(Scope::Write), scopes.include(Scope::Delete));
        let open_to = |first| {
            [(first, write), (MERGE, write && delete), (DELETE, delete)]
                .into_iter()
                .filter_map(|(workflow, is_open)| is_open.then_some(workflow))
                .collect()
        };
        Self { current: open_to(ARCHIVE), archived: open_to(RESTORE) }
    }

    /// The workflows of a contact; none for a deleted or missing one.
    pub(super) fn of_contact(&self, contact: Option<&ContactState>) -> &[WorkflowReply] {
        match contact {
            Some(ContactState { deleted: true, .. }) | None => &[],
            Some(contact) if contact.archived => &self.archived,
            Some(_) => &self.current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_decide_the_workflows() {
        for (scopes, current) in [
            (&[Scope::Read][..], &[][..]),
            (&[Scope::Write], &[ARCHIVE]),
            (&[Scope::Delete], &[DELETE]),
            (&[Scope::Write, Scope::Delete], &[ARCHIVE, MERGE, DELETE]),
        ] {
            let workflows = Workflows::of(scopes.iter().copied().collect());
            assert_eq!(workflows.current, current, "{scopes:?}");
        }
    }

    #[test]
    fn archived_contact_can_be_restored() {
        let workflows = Workflows::of(Scopes::all_but_admin());
        assert_eq!(workflows.archived, [RESTORE, MERGE, DELETE]);
        assert_eq!(workflows.of_contact(None), []);
    }
}
