//! Makes a batch of items of which most may be sent again byte for byte.
//!
//! A store keeps the digests of items. An item that it recognizes would change nothing, so it is not
//! read. New and changed contacts lose little: the store is first asked about a few items.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::contact::Record;
use contacts_domain::decision::Loaded;
use contacts_domain::upsert::{
    Batch, Context, Documents, Fingerprint, Item, Named, Options, Recognition, Recognizer,
};
use contacts_domain::{ContactId, ItemDigest};

use super::preparation::read_each;
use crate::compute::Panicked;
use crate::ports::{ContactStore, StoreError, StoreErrorKind};
use crate::use_cases::UseCaseError;

/// How many items the store is asked about first. A batch of fewer is not worth the question.
const SAMPLE: usize = 16;

/// The items of a request, and how they are scanned and read.
pub(super) struct Preparation<R, S, F> {
    pub(super) context: Context,
    pub(super) options: Options,
    pub(super) recognizer: Recognizer,
    pub(super) raw: Arc<[R]>,
    /// Their length as text, together.
    pub(super) bytes: usize,
    pub(super) documents_at_most: usize,
    pub(super) scan: S,
    pub(super) read: F,
}

/// A batch that is ready to be applied.
pub(super) struct Recognized {
    pub(super) batch: Batch,
    /// How many items were not read.
    pub(super) known: usize,
    /// What the batch would load, if no item was read.
    pub(super) loaded: Option<Loaded>,
}

/// An item that was scanned, and its contact, if the store has recognized it.
struct Scanned {
    index: usize,
    sent: Option<Fingerprint>,
    contact: Option<ContactId>,
}

/// What recognizes each item, and the contacts that the store has found.
type Candidates = (Vec<Option<Fingerprint>>, HashMap<ItemDigest, Record>);

/// Reads all items of a request.
#[async_trait]
pub(super) trait ReadAll: Send + Sync {
    /// The batch of them.
    async fn read_all(self: Arc<Self>) -> Result<Batch, Panicked>;
}

#[async_trait]
impl<R, S, F> ReadAll for Preparation<R, S, F>
where
    R: Send + Sync + 'static,
    S: Fn(&R, &Recognizer) -> Option<Fingerprint> + Send + Sync + 'static,
    F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
{
    async fn read_all(self: Arc<Self>) -> Result<Batch, Panicked> {
        let (reading, making, raw) = (Arc::clone(&self), Arc::clone(&self), Arc::clone(&self.raw));
        let read = move |raw: &R| reading.read(raw, (reading.scan)(raw, &reading.recognizer));
        read_each(raw, self.bytes, read, move |items| making.batch(items)).await
    }
}

impl<R, S, F> Preparation<R, S, F>
where
    R: Send + Sync + 'static,
    S: Fn(&R, &Recognizer) -> Option<Fingerprint> + Send + Sync + 'static,
    F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
{
    /// The batch of the items, without reading those that the store recognizes.
    pub(super) async fn recognize(
        self: &Arc<Self>,
        store: &dyn ContactStore,
    ) -> Result<Recognized, UseCaseError> {
        match self.find(store).await? {
            Some(found) => Ok(self.read_others(found).await?),
            None => {
                let batch = Arc::clone(self).read_all().await?;
                Ok(Recognized { batch, known: 0, loaded: None })
            }
        }
    }

    /// Asks the store about a few items, and if it recognizes one of them, about all.
    async fn find(
        self: &Arc<Self>,
        store: &dyn ContactStore,
    ) -> Result<Option<Candidates>, UseCaseError> {
        let step = self.raw.len() / SAMPLE;
        if step == 0 {
            return Ok(None);
        }
        let sample = self.raw.iter().step_by(step).take(SAMPLE);
        let sample: Vec<Fingerprint> =
            sample.filter_map(|raw| (self.scan)(raw, &self.recognizer)).collect();
        if self.ask(store, sample.iter(), None).await?.is_empty() {
            return Ok(None);
        }
        let scanning = Arc::clone(self);
        let scan = move |raw: &R| (scanning.scan)(raw, &scanning.recognizer);
        let sent = read_each(Arc::clone(&self.raw), self.bytes, scan, |sent| sent).await?;
        let documents_at_most = match self.options.documents {
            Documents::AtMost(_) => Some(self.documents_at_most),
            Documents::LeftOut => None,
        };
        let records = match self.ask(store, sent.iter().flatten(), documents_at_most).await {
            Err(error) if error.kind() == StoreErrorKind::TooLarge => return Ok(None),
            records => records?,
        };
        let by_item = |record: Record| Some((record.digest?.item(), record));
        Ok(Some((sent, records.into_iter().filter_map(by_item).collect())))
    }

    async fn ask(
        &self,
        store: &dyn ContactStore,
        sent: impl Iterator<Item = &Fingerprint>,
        documents_at_most: Option<usize>,
    ) -> Result<Vec<Record>, StoreError> {
        let recognition = Recognition::new(&self.context, sent, documents_at_most);
        if recognition.is_empty() {
            return Ok(Vec::new());
        }
        store.recognize(Arc::new(recognition)).await
    }

    /// Reads the items that the store has not recognized.
    async fn read_others(self: &Arc<Self>, found: Candidates) -> Result<Recognized, Panicked> {
        let (sent, mut records) = found;
        // Of items with the same text, the first is looked at here. The others are read, and so name
        // its contact.
        let records: Vec<Option<Record>> =
            sent.iter().map(|sent| records.remove(&sent.as_ref()?.digest())).collect();
        let contacts = records.iter().map(|record| record.as_ref().map(|record| record.id));
        let scanned = sent.into_iter().zip(contacts).enumerate();
        let scanned = scanned.map(|(index, (sent, contact))| Scanned { index, sent, contact });
        let scanned: Arc<[Scanned]> = scanned.collect();

        let (reading, making, again) = (Arc::clone(self), Arc::clone(self), Arc::clone(&scanned));
        let read = move |item: &Scanned| match (item.contact, &item.sent) {
            (Some(contact), Some(sent)) => Item::known(contact, sent),
            _ => reading.read_scanned(item),
        };
        let make = move |items| making.make(&again, items, records);
        read_each(scanned, self.bytes, read, make).await
    }

    fn make(
        &self,
        scanned: &[Scanned],
        mut items: Vec<Item>,
        records: Vec<Option<Record>>,
    ) -> Recognized {
        // An item whose contact another item names is read, too: it depends on that one.
        let named = Named::by(&items);
        let mut loaded = Loaded::default();
        for ((scanned, item), record) in scanned.iter().zip(&mut items).zip(records) {
            match record {
                Some(record) if named.includes(&record) => *item = self.read_scanned(scanned),
                record => loaded.contacts.extend(record),
            }
        }
        let known = loaded.contacts.len();
        let is_whole = known == items.len();
        Recognized { batch: self.batch(items), known, loaded: is_whole.then_some(loaded) }
    }

    fn read_scanned(&self, Scanned { index, sent, .. }: &Scanned) -> Item {
        match self.raw.get(*index) {
            Some(raw) => self.read(raw, sent.clone()),
            // There is one for each.
            None => Item::read("null", &self.context),
        }
    }

    fn read(&self, raw: &R, sent: Option<Fingerprint>) -> Item {
        let details = Batch::details_at_most(self.raw.len());
        (self.read)(raw, &self.context).listing_at_most(details).sent_as(sent)
    }

    fn batch(&self, items: Vec<Item>) -> Batch {
        Batch::new(self.context.clone(), self.options.clone(), items)
    }
}
