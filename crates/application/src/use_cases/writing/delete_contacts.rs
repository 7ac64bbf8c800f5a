//! Deletes contacts.

use std::sync::Arc;

use contacts_domain::contact::document::ContactDocument;
use contacts_domain::tree::{SafeInteger, Text};
use contacts_domain::upsert::{BatchReport, Context, Documents, Endpoints, Item, Options, Outcome};
use contacts_domain::{AliasKey, Version};

use super::preparation::prepare;
use crate::access::Scope;
use crate::ports::{Clock, ContactStore};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// A contact to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// A key of the contact.
    pub key: AliasKey,
    /// The version that it has to be in, if that matters.
    pub version: Option<Version>,
}

/// Deletes contacts.
pub struct DeleteContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

impl DeleteContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Deletes the contacts, and returns one outcome per key, in order; a key without a contact is
    /// refused. A dry run only tells what would become of them.
    ///
    /// # Errors
    ///
    /// When the caller may not delete, or the store fails; then nothing is changed.
    pub async fn execute(
        &self,
        caller: &Caller,
        deletions: Vec<Deletion>,
        dry_run: bool,
        keeping: Option<Keeping<BatchReport>>,
    ) -> Result<Vec<Outcome>, UseCaseError> {
        caller.require(Scope::Delete)?;
        let context = Context {
            may_write_staff: true,
            endpoints: Endpoints::Shown,
            ..caller.context(self.clock.now())
        };
        let options = Options { documents: Documents::LeftOut, dry_run, ..Options::default() };
        let batch = prepare(context, options, deletions, 0, item).await?;
        let batch = Arc::new(batch);
        Ok(answer_once::upsert(&*self.store, batch, keeping.as_ref()).await??)
    }
}

fn item(deletion: &Deletion, context: &Context) -> Item {
    let mut document = ContactDocument::default();
    match &deletion.key {
        AliasKey::Id(id) => document.id = SafeInteger::new(id.get()).into(),
        AliasKey::ExternalId(key) => document.external_id = Text::from(key.clone()).into(),
        AliasKey::LinkId(link_id) => document.link_id = Text::from(link_id.to_string()).into(),
    }
    let version = deletion.version.and_then(|version| SafeInteger::new(version.get()));
    document.if_version = version.into();
    Item::of(document, context).to_delete()
}
