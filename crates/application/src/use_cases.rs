//! The use cases. One file each, named by its verb.

mod answer_once;
mod operating;
mod reading;
mod writing;

pub use answer_once::{AnswerOnce, Arrival, FirstRequest, Keeping, NotDone};
pub use operating::{
    AccessError, Authenticate, Caller, CheckContacts, CheckReport, CopyRows, FillKeys,
    ForgetAnswers, ForgetPlans, IndexContacts, ManageAccess, ManageAccessError, Mode, Notice,
    PruneLedger, PurgeDeleted, SetOrganization, Successor, UseCaseError,
};
pub use reading::{
    Bookmark, ExportContacts, GetContact, GetEntry, ListContacts, ListEntries, ReadFeed, ReadLedger,
};
pub use writing::{
    DeleteContacts, Deletion, EntryKey, KeepPlans, MergeContacts, Merging, NotUndone, Prepared,
    PurgeContacts, Request, RestoreContact, UndoRun, UnlinkContacts, UpsertContacts,
};
