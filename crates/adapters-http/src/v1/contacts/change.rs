//! Changing one contact by one item.

use contacts_application::use_cases::{Caller, Request};
use contacts_domain::upsert::{Context, Endpoints, Item, Mode, Options, Outcome};
use contacts_domain::{ContactId, Version};

use super::answer::answer_of;
use super::stored::living;
use crate::applying::apply;
use crate::limits::{Room, Unit, allowance};
use crate::problem::{Kind, Problem};
use crate::request::idempotency::Once;
use crate::request::json_text;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::{IfMatch, Tags};

/// What the digests of items would be made with; these items are never recognized.
const WIRE: &str = "v1 contact";

/// What one item is applied with.
pub(super) struct Change<'s> {
    pub(super) services: &'s Services,
    pub(super) caller: &'s Caller,
    pub(super) room: &'s Room,
    pub(super) preferences: Preferences,
    pub(super) mode: Mode,
    pub(super) once: &'s Once,
}

impl Change<'_> {
    /// Applies the item that `read` makes of the JSON text.
    pub(super) async fn apply(
        &self,
        text: String,
        read: impl Fn(&str, &Context) -> Item + Send + Sync + 'static,
    ) -> Result<Outcome, Problem> {
        self.room.count(Unit::Items, 1)?;
        let (preferences, scopes) = (self.preferences, self.caller.scopes);
        let reply = move |outcomes: Vec<Outcome>| answer_of(scopes, preferences, one(&outcomes)?);
        let bytes = text.len();
        let request = Request {
            source: None,
            options: Options {
                mode: self.mode,
                changes: preferences.shows_changes(),
                dry_run: preferences.dry_run,
                ..Options::default()
            },
            handling: preferences.handling(),
            endpoints: Endpoints::Shown,
            bytes,
            documents_at_most: allowance(bytes, 1),
            expected: Vec::new(),
            keeping: self.once.keeping_batch(reply),
        };
        let upsert = &self.services.upsert_contacts;
        let read = move |text: &String, context: &Context| read(text, context);
        let batch =
            upsert.prepare(self.caller, request, WIRE, vec![text], |_, _| None, read).await?;
        let outcome = apply(upsert, batch, self.room).await?.pop();
        outcome.ok_or_else(|| Problem::internal("an item without an outcome"))
    }
}

/// The outcome of the one item of a request.
pub(super) fn one(outcomes: &[Outcome]) -> Result<&Outcome, Problem> {
    outcomes.first().ok_or_else(|| Problem::internal("an item without an outcome"))
}

/// The body as the text of a contact.
pub(super) fn text(body: Vec<u8>) -> Result<String, Problem> {
    let text = json_text::decode(body)?;
    Ok(json_text::trim(&text, "a contact as a JSON object")?.to_owned())
}

/// The version that a contact has to be in, by `If-Match`.
pub(super) async fn expected(
    services: &Services,
    caller: &Caller,
    id: ContactId,
    IfMatch(tags): IfMatch,
) -> Result<Option<Version>, Problem> {
    let versions = match tags {
        None | Some(Tags::Any) => return Ok(None),
        Some(Tags::Versions(versions)) => versions,
    };
    if let [version] = versions.as_slice() {
        return Ok(Some(*version));
    }
    let version = living(services, caller, id).await?.version;
    match versions.contains(&version) {
        true => Ok(Some(version)),
        false => Err(stale(version)),
    }
}

/// The problem of a contact that is in another version than the request names.
pub(super) fn stale(current: Version) -> Problem {
    Problem::new(Kind::VersionMismatch, format!("the current version is {current}"))
}
