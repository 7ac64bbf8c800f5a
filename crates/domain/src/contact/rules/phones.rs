//! Rules about phone numbers.

use super::input::{Reporter, RuleInput};
use crate::path::Path;
use crate::tree::Presence;
use crate::value::PhoneRegions;
use crate::violation::Fix;

/// A number without its country may be another one when the addresses move to another country.
pub(super) fn stay(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(stored) = input.stored else { return };
    let organization = input.context.settings.region;
    let before = PhoneRegions::new(organization, stored.country());
    let now = PhoneRegions::new(organization, input.document.country());
    for ((name, sent), (_, member)) in input.sent.phones().into_iter().zip(input.document.phones())
    {
        let Some(text) = member.get().filter(|_| sent.presence() == Presence::Absent) else {
            continue;
        };
        let Some((was, is)) = before.moved(now, text) else { continue };
        let message = match is {
            Some(is) => format!("was {was}, and is {is} by the country of the addresses"),
            None => format!("was {was}, and is no number by the country of the addresses"),
        };
        let path = Path::of(name);
        let fix = Fix::Add { path: path.clone(), value: was.to_string() };
        violations.report_with(fix, path, text.as_str(), message);
    }
}
