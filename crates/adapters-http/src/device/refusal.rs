//! Refused items, in the words of the device contract.

use contacts_domain::path::Path;
use contacts_domain::upsert::Outcome;
use contacts_domain::{Rule, Violation};

use super::faults::{Faults, UID, UNKNOWN_UID};
use crate::problem::Problem;

/// The name of an item that is not in a list.
const ITEM: &str = "item";

/// Fails if an item was refused: with the faults of all items, or with a fault of the server if the
/// caller's items have none. `place` names the item at an index, if it is in a list.
pub(super) fn require_stored(
    outcomes: &[Outcome],
    place: impl Fn(usize) -> Option<String>,
) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let mut server_fault = None;
    let refused = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.verdict.is_refusal());
    for (index, outcome) in refused {
        let mut seen = Vec::new();
        for violation in outcome.violations.iter().filter(|violation| violation.is_error()) {
            if violation.rule == Rule::Together {
                continue;
            }
            if is_server_fault(violation) {
                server_fault.get_or_insert(violation);
                continue;
            }
            // A member is named once, with its first violation in the order of the rules.
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
    server_fault.map_or(Ok(()), |violation| Err(server_problem(violation)))
}

/// Whether the item was found, and is now deleted. Fails if it was found and is still there.
pub(super) fn was_found(outcome: &Outcome) -> Result<bool, Problem> {
    let mut errors = outcome.violations.iter().filter(|violation| violation.is_error());
    match errors.next().filter(|_| outcome.verdict.is_refusal()) {
        None => Ok(true),
        Some(violation) if violation.rule == Rule::Exists => Ok(false),
        Some(violation) => Err(server_problem(violation)),
    }
}

/// Whether the violation is not the caller's fault.
fn is_server_fault(violation: &Violation) -> bool {
    [Rule::LostRace, Rule::StoredReadable].contains(&violation.rule)
}

fn server_problem(violation: &Violation) -> Problem {
    let cause = violation.to_string().into();
    if violation.rule == Rule::LostRace {
        Problem::unavailable(Some(cause))
    } else {
        Problem::internal(cause)
    }
}

/// The name of the violating member in the contract; empty for the item itself.
fn member(violation: &Violation) -> String {
    if violation.rule == Rule::Exists {
        return UID.to_owned();
    }
    if violation.rule == Rule::NotThereYet {
        return "link_id".to_owned();
    }
    wire_name(&violation.path)
}

/// A member of the entry or the contact in the spelling of the contract: `inBlackList` is
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
        // The message of the rule has the names of the document.
        return "auto_answer and in_black_list must not both be true";
    }
    &violation.message
}
