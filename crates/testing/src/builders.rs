//! Builders for tests.

use std::sync::Arc;

use contacts_domain::ledger::{Api, Origin};
use contacts_domain::upsert::{
    Batch, Context, Endpoints, Fingerprint, Handling, Item, ItemKeys, Options, Recognizer,
};
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, OrganizationId, Timestamp};
use serde_json::Value;

use contacts_application::access::{Organization, Scope};
use contacts_application::ports::Clock;
use contacts_application::use_cases::Caller;

/// The time of tests: 2026-09-21T14:13:20Z.
pub fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000)
}

/// A clock that always shows the same time.
#[derive(Debug, Clone, Copy)]
pub struct StoppedClock(pub Timestamp);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The Swiss organization of that id, which has to be positive. It matches by every key.
pub fn organization(id: i32) -> Organization {
    let id = OrganizationId::new(id).expect("a positive id");
    let region = CountryCode::parse("CH").expect("a country");
    let mut organization = Organization::new(id, format!("Organization {id}"), region);
    organization.settings.match_by = MatchBy::ALL;
    organization
}

/// A caller with these scopes in the organization of that id.
pub fn caller(organization_id: i32, scopes: impl IntoIterator<Item = Scope>) -> Caller {
    Caller {
        organization: organization(organization_id),
        scopes: scopes.into_iter().collect(),
        token_name: "test".to_owned(),
        api: Api::Erp,
    }
}

/// A lenient request for the organization of that id, made at [`now`], that may write salaries.
pub fn context(organization_id: i32) -> Context {
    let Organization { id, settings, .. } = organization(organization_id);
    Context {
        organization: id,
        settings,
        now: now(),
        may_read_staff: true,
        may_write_staff: true,
        endpoints: Endpoints::Hidden,
        handling: Handling::Standard,
        origin: Origin { api: Api::Erp, token: "test".to_owned(), source: None },
    }
}

/// A batch of these items, ready for a store.
///
/// ```
/// use contacts_testing::{batch, context};
/// use contacts_domain::decision::Decision;
/// use contacts_domain::upsert::Options;
/// use serde_json::json;
///
/// let batch = batch(context(1), Options::default(), &[json!({"externalId": "ERP-1"})]);
/// assert_eq!(batch.lookup_keys().external_ids, ["ERP-1"]);
/// ```
pub fn batch(context: Context, options: Options, items: &[Value]) -> Arc<Batch> {
    let items = items.iter().map(|item| Item::read(&item.to_string(), &context)).collect();
    Arc::new(Batch::new(context, options, items))
}

/// An item of a request with the default options that can be recognized when it is sent again, and
/// what recognizes it. Panics if nothing does.
pub fn sent_item(context: &Context, item: &Value) -> (Item, Fingerprint) {
    let text = item.to_string();
    let recognizer = Recognizer::new("test", context, &Options::default());
    let keys = ItemKeys::scan(&text).expect("plain keys");
    let sent = recognizer.fingerprint(&text, keys).expect("an identity key");
    (Item::read(&text, context).sent_as(Some(sent.clone())), sent)
}
