//! Why items were refused, as devices are told.

use contacts_domain::Rule;
use contacts_domain::Violation;
use contacts_domain::path::Path;
use contacts_domain::upsert::Outcome;

use super::faults::Faults;
use super::uid::{UID, UNKNOWN_UID};
use crate::problem::Problem;

/// What stands for an item that has no place in a list.
const ITEM: &str = "item";

/// Goes on if no item was refused; `place` says where the item of an index stands, if in a list.
///
/// # Errors
///
/// When one was: all faults of all items. Where there are none, it was not the caller's fault, and
/// the problem is ours.
pub(super) fn require_stored(
    outcomes: &[Outcome],
    place: impl Fn(usize) -> Option<String>,
) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let mut not_the_callers = None;
    let refused = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.verdict.is_refusal());
    for (index, outcome) in refused {
        let mut seen = Vec::new();
        for violation in outcome.violations.iter().filter(|violation| violation.is_error()) {
            if violation.rule == Rule::Together {
                continue;
            }
            if is_ours(violation) {
                not_the_callers.get_or_insert(violation);
                continue;
            }
            // One reason is enough for one member; the first in the order of the rules.
            let member = member(violation);
            if !seen.contains(&member) {
                match (place(index), member.as_str()) {
                    (None, "") => faults.note(ITEM, reason(violation)),
                    (None, member) => faults.note(member, reason(violation)),
                    (Some(item), "") => faults.note(item, reason(violation)),
                    (Some(item), member) => {
                        faults.note(format_args!("{item}.{member}"), reason(violation));
                    }
                }
                seen.push(member);
            }
        }
    }
    faults.require_none()?;
    not_the_callers.map_or(Ok(()), |violation| Err(ours(violation)))
}

/// Whether there was something to delete, which is gone now.
///
/// # Errors
///
/// When it is there still, which is not the caller's fault.
pub(super) fn was_there(outcome: &Outcome) -> Result<bool, Problem> {
    let mut errors = outcome.violations.iter().filter(|violation| violation.is_error());
    match errors.next().filter(|_| outcome.verdict.is_refusal()) {
        None => Ok(true),
        Some(violation) if violation.rule == Rule::Exists => Ok(false),
        Some(violation) => Err(ours(violation)),
    }
}

/// Whether an item was refused for something that is not wrong with it.
fn is_ours(violation: &Violation) -> bool {
    [Rule::LostRace, Rule::StoredReadable].contains(&violation.rule)
}

fn ours(violation: &Violation) -> Problem {
    let cause = violation.to_string().into();
    if violation.rule == Rule::LostRace {
        Problem::unavailable(Some(cause))
    } else {
        Problem::internal(cause)
    }
}

/// What this wire calls the member that is at fault; empty for the item itself.
fn member(violation: &Violation) -> String {
    if violation.rule == Rule::Exists {
        return UID.to_owned();
    }
    if violation.rule == Rule::NotThereYet {
        return "link_id".to_owned();
    }
    wire_name(&violation.path)
}

/// A member of the entry, or of the contact, in the spelling of this wire: `inBlackList` is
/// `in_black_list`.
fn wire_name(path: &Path) -> String {
    let path = path.to_string();
    let mut name = String::with_capacity(path.len() + 2);
    for character in path.strip_prefix("intercom.").unwrap_or(&path).chars() {
        if character.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

fn reason(violation: &Violation) -> &str {
    if violation.rule == Rule::Exists {
        return UNKNOWN_UID;
    }
    if violation.rule == Rule::IntercomFlags {
        // The rule speaks of the members by their names in the document.
        return "auto_answer and in_black_list must not both be true";
    }
    &violation.message
}
