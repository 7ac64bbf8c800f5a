//! Takes contacts out of the directory of intercoms.

use std::sync::Arc;

use contacts_domain::contact::document::ContactDocument;
use contacts_domain::tree::{SafeInteger, Text};
use contacts_domain::upsert::{
    BatchReport, Context, Documents, Endpoints, Item, Key, Ladder, Options, Outcome,
};
use contacts_domain::value::LinkId;

use super::preparation::prepare;
use crate::access::Scope;
use crate::ports::{Clock, ContactStore};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// A contact that an intercom names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKey {
    /// By its link id.
    LinkId(LinkId),
    /// By its id.
    Id(i64),
}

/// Takes contacts out of the directory of intercoms.
pub struct UnlinkContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

impl UnlinkContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Deletes contacts of type ENDPOINT, and removes the `intercom` block and the link id from others.
    /// Returns one outcome per key, in order; a key without a contact is refused. A dry run only
    /// tells what would become of them.
    ///
    /// # Errors
    ///
    /// When the caller may not delete, or the store fails; then nothing is changed.
    pub async fn execute(
        &self,
        caller: &Caller,
        keys: &[EntryKey],
        dry_run: bool,
        keeping: Option<Keeping<BatchReport>>,
    ) -> Result<Vec<Outcome>, UseCaseError> {
        caller.require(Scope::Delete)?;
        let context = Context {
            may_write_staff: true,
            endpoints: Endpoints::Shown,
            ..caller.context(self.clock.now())
        };
        let ladder = Ladder::new([Key::Id, Key::LinkId]);
        let documents = Documents::LeftOut;
        let options = Options { ladder, documents, dry_run, ..Options::default() };
        let batch = prepare(context, options, keys.to_vec(), 0, item).await?;
        let batch = Arc::new(batch);
        Ok(answer_once::upsert(&*self.store, batch, keeping.as_ref()).await??)
    }
}

fn item(key: &EntryKey, context: &Context) -> Item {
    let mut document = ContactDocument::default();
    match key {
        EntryKey::LinkId(link_id) => document.link_id = Text::from(link_id.to_string()).into(),
        EntryKey::Id(id) => document.id = SafeInteger::new(*id).into(),
    }
    Item::of(document, context).to_unlink()
}
