//! A batch ends as its items would one by one, by a plain model of its options.

use std::collections::HashSet;
use std::sync::Arc;

use contacts_application::ports::ContactStore;
use contacts_domain::upsert::{
    Arrays, Atomicity, Batch, Context, Item, Mode, OnRepeat, Options, Outcome, Respelling, Verdict,
};
use contacts_domain::{ContactId, Rule};
use contacts_testing::{MemoryStore, context};
use proptest::prelude::*;

use crate::chunking::{Wish, options, wishes};

async fn send(
    store: &MemoryStore,
    context: &Context,
    options: &Options,
    items: Vec<Item>,
) -> Vec<Outcome> {
    let batch = Batch::new(context.clone(), options.clone(), items);
    store.upsert(Arc::new(batch)).await.unwrap().unwrap()
}

/// An item with a version that it expects, which is seldom the current one.
fn read((wish, version): &(Wish, Option<i64>), context: &Context) -> Item {
    let item = wish.read(context);
    version.map_or_else(|| item.clone(), |version| item.clone().if_version(version))
}

fn is_repeat(outcome: &Outcome) -> bool {
    outcome.violations.iter().any(|found| found.rule == Rule::Repeats)
}

/// Sends the items one after the other, and refuses those that `onRepeat=first` does.
async fn one_by_one(
    store: &MemoryStore,
    context: &Context,
    options: &Options,
    items: &[(Wish, Option<i64>)],
) -> Vec<Verdict> {
    let alone = Options { on_repeat: OnRepeat::Merge, ..options.clone() };
    let mut named: HashSet<ContactId> = HashSet::new();
    let mut verdicts = Vec::new();
    for item in items {
        let item = vec![read(item, context)];
        let dry = Options { dry_run: true, ..alone.clone() };
        let dry = send(store, context, &dry, item.clone()).await.remove(0);
        let contact = dry.contact.and_then(|contact| contact.id);
        let is_repeat = contact.is_some_and(|id| named.contains(&id));
        if options.on_repeat == OnRepeat::First && is_repeat {
            verdicts.push(Verdict::Rejected);
            continue;
        }
        let outcome = send(store, context, &alone, item).await.remove(0);
        named.extend(outcome.contact.and_then(|contact| contact.id));
        verdicts.push(outcome.verdict);
    }
    verdicts
}

fn all_options() -> impl Strategy<Value = Options> {
    let modes = vec![Mode::Upsert, Mode::Upsert, Mode::Create, Mode::Update, Mode::Fill];
    let repeats = vec![OnRepeat::Merge, OnRepeat::First, OnRepeat::Last, OnRepeat::Reject];
    (
        options(),
        prop::sample::select(modes),
        prop::sample::select(repeats),
        prop::sample::select(vec![Arrays::Replace, Arrays::Append]),
        prop::sample::select(vec![None, Some(Respelling::Take), Some(Respelling::Keep)]),
    )
        .prop_map(|(options, mode, on_repeat, arrays, respelling)| Options {
            mode,
            on_repeat,
            arrays,
            respelling,
            ..options
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn batch_ends_as_its_items_one_by_one(
        world in wishes(),
        wishes in wishes(),
        versions in prop::collection::vec(prop::option::weighted(0.1, 1..3_i64), 12),
        options in all_options(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let items: Vec<_> = wishes.into_iter().zip(versions).collect();
        runtime.block_on(async {
            let context = context(1);
            let (store, other, third) =
                (MemoryStore::default(), MemoryStore::default(), MemoryStore::default());
            for store in [&store, &other, &third] {
                let world = world.iter().map(|wish| wish.read(&context)).collect();
                send(store, &context, &Options::default(), world).await;
            }
            let before = third.records();
            let all = || items.iter().map(|item| read(item, &context)).collect::<Vec<_>>();
            let outcomes = send(&store, &context, &options, all()).await;
            match options.on_repeat {
                OnRepeat::Merge | OnRepeat::First => {
                    let verdicts = one_by_one(&other, &context, &options, &items).await;
                    let found: Vec<Verdict> = outcomes.iter().map(|outcome| outcome.verdict).collect();
                    prop_assert_eq!(found, verdicts);
                    prop_assert_eq!(store.records(), other.records());
                }
                OnRepeat::Last | OnRepeat::Reject => {
                    let is_applied = |outcome: &&Outcome| !outcome.verdict.is_refusal();
                    let applied = outcomes.iter().filter(is_applied);
                    let ids: Vec<_> = applied.filter_map(|outcome| outcome.contact.as_ref()?.id).collect();
                    prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
                    if !outcomes.iter().any(is_repeat) {
                        one_by_one(&other, &context, &options, &items).await;
                        prop_assert_eq!(store.records(), other.records());
                    }
                }
            }

            // All or nothing.
            let whole = Options { atomicity: Atomicity::Batch, ..options.clone() };
            let together = send(&third, &context, &whole, all()).await;
            let is_refused = |outcome: &Outcome| outcome.verdict.is_refusal();
            if outcomes.iter().any(is_refused) {
                prop_assert_eq!(third.records(), before);
                for (one, other) in together.iter().zip(&outcomes) {
                    prop_assert!(is_refused(one));
                    prop_assert_eq!(is_refused(other), one == other);
                }
            } else {
                prop_assert_eq!(&together, &outcomes);
                prop_assert_eq!(third.records(), store.records());
            }
            Ok(())
        })?;
    }
}
