//! A dry run answers what the run answers, and stores nothing.

use std::sync::Arc;

use contacts_application::ports::{Audit, ContactStore};
use contacts_domain::tree::Difference;
use contacts_domain::upsert::{
    Arrays, Atomicity, Batch, ContactState, Explanation, Field, Item, Key, Mode, OnRepeat, Options,
    Outcome, Respelling, Rung, WholeContact,
};
use contacts_domain::{ContactId, Violation};
use contacts_testing::{MemoryStore, context};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::chunking::{options, wishes};

/// What an answer shows, with null in place of the ids from `next` on.
fn shown(outcome: &Outcome, next: i64) -> Value {
    let Outcome {
        verdict,
        matched_by,
        same_as,
        candidates,
        violations,
        contact,
        changes,
        explanation,
    } = outcome;
    let violation = |violation: &Violation| {
        // The highest first: another may be its beginning.
        let new = (next..next.saturating_add(50)).rev();
        let message = new.fold(violation.message.clone(), |message, id| {
            message.replace(&format!("contact {id}"), "a new contact")
        });
        json!([violation.rule.name(), violation.path.pointer(), violation.value, message])
    };
    json!({
        "verdict": verdict.as_str(),
        "matchedBy": matched_by.map(Key::as_str),
        "sameAs": same_as,
        "candidates": candidates.iter().map(|id| id.map(ContactId::get).filter(|id| *id < next)).collect::<Vec<_>>(),
        "violations": violations.iter().map(violation).collect::<Vec<_>>(),
        "explanation": explanation.as_deref().map(|explanation| shown_explanation(explanation, next)),
        "changes": changes.iter().map(|found| shown_change(found, next)).collect::<Vec<_>>(),
        "contact": contact.as_ref().map(|contact| shown_contact(contact, next)),
    })
}

fn shown_explanation(Explanation { rungs, fields }: &Explanation, next: i64) -> Value {
    let rung = |rung: &Rung| {
        let hits = rung.hits.iter().map(|id| id.map(ContactId::get).filter(|id| *id < next));
        json!([rung.key.as_str(), rung.sought, hits.collect::<Vec<_>>()])
    };
    let field = |field: &Field| json!([field.path.pointer(), field.changes, field.reason.as_str()]);
    let rungs: Vec<Value> = rungs.iter().map(rung).collect();
    json!([rungs, fields.iter().map(field).collect::<Vec<_>>()])
}

fn shown_change(found: &Difference, next: i64) -> Value {
    let [before, after] = [&found.before, &found.after].map(|text| {
        let value: Value = serde_json::from_str(text.as_ref()?.as_str()).unwrap();
        Some(without_ids(json!({ "id": value }), next))
    });
    json!([found.path.pointer(), before, after])
}

fn shown_contact(contact: &ContactState, next: i64) -> Value {
    let ContactState { id, contact_type, version, archived, deleted, whole, .. } = contact;
    let WholeContact { record, email, phone, city, country_code2 } = whole.as_ref().unwrap();
    let document: Value = serde_json::from_str(&record.document).unwrap();
    json!([
        id.map(ContactId::get).filter(|id| *id < next),
        contact_type.as_str(),
        version.get(),
        archived,
        deleted,
        [email, phone, city, country_code2],
        format!("{:?} {} {}", record.projection, record.updated_at, record.created_at),
        without_ids(document, next),
    ])
}

fn without_ids(value: Value, next: i64) -> Value {
    let is_new = |value: &Value| value.as_i64().is_some_and(|id| next <= id);
    let without = |(name, value): (String, Value)| {
        let value = match name.as_str() {
            "id" | "contactId" if is_new(&value) => Value::Null,
            _ => without_ids(value, next),
        };
        (name, value)
    };
    match value {
        Value::Object(members) => members.into_iter().map(without).collect(),
        Value::Array(list) => {
            let relation = |id| if is_new(&id) { Value::Null } else { without_ids(id, next) };
            list.into_iter().map(relation).collect()
        }
        other => other,
    }
}

/// What is stored, the next id included.
async fn stored(store: &MemoryStore) -> impl PartialEq + std::fmt::Debug + use<> {
    (store.contacts_after(None, 1_000).await.unwrap(), store.next_id().await.unwrap())
}

/// Every option that there is.
fn all_options() -> impl Strategy<Value = Options> {
    let modes = vec![Mode::Upsert, Mode::Upsert, Mode::Create, Mode::Update, Mode::Fill];
    let repeats = vec![OnRepeat::Merge, OnRepeat::First, OnRepeat::Last, OnRepeat::Reject];
    (
        options(),
        prop::sample::select(modes),
        prop::sample::select(repeats),
        prop::sample::select(vec![Arrays::Replace, Arrays::Append]),
        prop::sample::select(vec![None, Some(Respelling::Take), Some(Respelling::Keep)]),
        prop_oneof![4 => Just(Atomicity::Item), 1 => Just(Atomicity::Batch)],
    )
        .prop_map(|(options, mode, on_repeat, arrays, respelling, atomicity)| Options {
            mode,
            on_repeat,
            arrays,
            respelling,
            atomicity,
            changes: true,
            explain: true,
            ..options
        })
}

/// Relations to other items of the batch and to stored contacts.
fn links() -> impl Strategy<Value = Option<Value>> {
    let by_ref = (0..12_usize).prop_map(|index| json!({"ref": index.to_string()}));
    let keys = prop::sample::select(vec!["A", "B", "C", "D"]);
    let by_key = keys.prop_map(|key| json!({"externalId": key}));
    let target = prop_oneof![4 => by_ref, 3 => by_key, 1 => Just(json!(1))];
    prop::option::weighted(0.4, prop::collection::vec(target, 0..3).prop_map(Value::from))
}

/// Contacts that were just written relate to living ones, unless these were deleted meanwhile.
fn relations_lead_to_living_contacts(store: &MemoryStore) {
    let records = store.records();
    let ids: Vec<i64> = records.iter().map(|record| record.id.get()).collect();
    for record in &records {
        let document: Value = serde_json::from_str(&record.document).unwrap();
        for id in
            document.pointer("/relatedContactIds").and_then(Value::as_array).into_iter().flatten()
        {
            assert!(ids.contains(&id.as_i64().unwrap()), "{document}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn dry_run_answers_what_the_run_answers(
        before in wishes(),
        wishes in wishes(),
        options in all_options(),
        links in prop::collection::vec(links(), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, context) = (MemoryStore::default(), context(1));
            // Those that the wishes name by id.
            let person = json!({"contactType": "PERSON", "lastName": "Abt"}).to_string();
            let world = (0..3).map(|_| Item::read(&person, &context));
            let world = world.chain(before.iter().map(|wish| wish.read(&context))).collect();
            let world = Batch::new(context.clone(), Options::default(), world);
            store.upsert(Arc::new(world)).await.unwrap().unwrap();

            let batch = |dry_run| {
                let items = wishes.iter().zip(&links).enumerate();
                let items = items
                    .map(|(index, (wish, links))| wish.linked(&context, index, links.as_ref()))
                    .collect();
                let options = Options { dry_run, ..options.clone() };
                Arc::new(Batch::new(context.clone(), options, items))
            };
            let before = stored(&store).await;
            let next = store.next_id().await.unwrap();
            let dry = store.upsert(batch(true)).await.unwrap().unwrap();
            prop_assert_eq!(&stored(&store).await, &before);

            let run = store.upsert(batch(false)).await.unwrap().unwrap();
            let dry: Vec<Value> = dry.iter().map(|outcome| shown(outcome, i64::MAX)).collect();
            let run: Vec<Value> = run.iter().map(|outcome| shown(outcome, next)).collect();
            prop_assert_eq!(dry, run);
            relations_lead_to_living_contacts(&store);
            Ok(())
        })?;
    }
}
