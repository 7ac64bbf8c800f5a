//! However a batch is cut, it ends the same.

use std::sync::Arc;

use contacts_application::ports::ContactStore;
use contacts_application::use_cases::UseCaseError;
use contacts_domain::upsert::{Batch, Context, Item, Key, Ladder, OnAmbiguous, Options, Outcome};
use contacts_testing::{MemoryStore, context};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// An item that shares its few keys with the others, or the wish to delete what they name.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    members: Map<String, Value>,
    delete: bool,
}

impl Wish {
    /// The same with that name, and relations that may lead to other items.
    pub(crate) fn linked(&self, context: &Context, name: usize, related: Option<&Value>) -> Item {
        let mut members = self.members.clone();
        members.extend(related.map(|related| ("relatedContactIds".to_owned(), related.clone())));
        let item = Item::read_linked(&json!(members).to_string(), context).named(name.to_string());
        if self.delete { item.to_delete() } else { item }
    }

    pub(crate) fn read(&self, context: &Context) -> Item {
        let item = Item::read(&json!(self.members).to_string(), context);
        if self.delete { item.to_delete() } else { item }
    }
}

/// A member with one of these values; absent where the value is `None`.
fn member(values: &[Option<Value>]) -> impl Strategy<Value = Option<Value>> + use<> {
    prop::sample::select(values.to_vec())
}

pub(crate) fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let null = || Some(Value::Null);
    let text = |text: &str| Some(json!(text));
    let wish = (
        member(&[None, None, None, Some(json!(1)), Some(json!(2))]),
        member(&[None, None, text("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), null()]),
        member(&[None, text("A"), text("B"), text("C"), null()]),
        member(&[None, text("a@one.example"), text("b@one.example"), null()]),
        member(&[None, text("079 123 45 67"), null()]),
        member(&[None, text("Ada"), text("Berta"), Some(json!(7))]),
        member(&[None, Some(json!([1])), Some(json!([2, 3]))]),
        member(&[None, Some(json!([{"name": "Home"}])), Some(json!([{"name": "Home"}, {}]))]),
        prop::bool::weighted(0.1),
    );
    let names = [
        "id",
        "linkId",
        "externalId",
        "email",
        "mobile",
        "firstName",
        "relatedContactIds",
        "addresses",
    ];
    let wish =
        wish.prop_map(move |(id, link, external, email, mobile, name, related, at, delete)| {
            let values = [id, link, external, email, mobile, name, related, at];
            let sent = names.iter().zip(values).filter_map(|(name, value)| Some((*name, value?)));
            let always = [("contactType", json!("PERSON")), ("lastName", json!("Rochat"))];
            let members =
                sent.chain(always).map(|(name, value)| (name.to_owned(), value)).collect();
            Wish { members, delete }
        });
    prop::collection::vec(wish, 1..12)
}

pub(crate) fn options() -> impl Strategy<Value = Options> {
    let ladders = vec![
        Ladder::default(),
        Ladder::new([Key::ExternalId, Key::Email]),
        Ladder::new([Key::Email, Key::Phone, Key::Id]),
    ];
    let policies = vec![OnAmbiguous::Reject, OnAmbiguous::Oldest, OnAmbiguous::Next];
    (prop::sample::select(ladders), prop::sample::select(policies))
        .prop_map(|(ladder, on_ambiguous)| Options { ladder, on_ambiguous, ..Options::default() })
}

/// Sends the chunks to a fresh store; all outcomes, without what only a whole batch has, and
/// what the store holds in the end.
async fn send<'w>(
    options: &Options,
    chunks: impl Iterator<Item = &'w [Wish]>,
) -> Result<(Vec<Outcome>, MemoryStore), UseCaseError> {
    let store = MemoryStore::default();
    let context = context(1);
    let mut outcomes = Vec::new();
    for chunk in chunks {
        let items = chunk.iter().map(|wish| wish.read(&context));
        let batch = Batch::new(context.clone(), options.clone(), items.collect());
        outcomes.extend(store.upsert(Arc::new(batch)).await??);
    }
    for outcome in &mut outcomes {
        outcome.same_as = None;
        outcome.contact.iter_mut().for_each(|contact| contact.run = None);
    }
    Ok((outcomes, store))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_batch_ends_like_its_chunks(
        wishes in wishes(),
        options in options(),
        size in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = send(&options, std::iter::once(&wishes[..]));
        let (whole, one_store) = runtime.block_on(whole).unwrap();
        let parts = send(&options, wishes.chunks(size));
        let (parts, other_store) = runtime.block_on(parts).unwrap();

        for (position, (in_whole, in_parts)) in whole.iter().zip(&parts).enumerate() {
            prop_assert_eq!(in_whole, in_parts, "item {}", position);
        }
        prop_assert_eq!(one_store.records(), other_store.records());
    }
}
