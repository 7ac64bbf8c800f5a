//! Rules about the intercom block (device-directory §2).

use super::input::{Reporter, RuleInput};
use crate::path::At;
use crate::value::{IntercomNumber, IntercomType};

pub(super) fn required(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(intercom) = input.document.intercom.get() else { return };
    let members = [
        ("name", intercom.name.get().is_some()),
        ("type", intercom.kind.get().is_some()),
        ("number", intercom.number.get().is_some_and(|number| !number.is_empty())),
    ];
    for (name, present) in members {
        if !present {
            let root = At::root();
            let at = root.member("intercom");
            violations.report(&at.member(name), "", format!("an intercom entry needs a {name}"));
        }
    }
}

/// The number has to fit the type. Without a known type, it has to fit some type, so that all
/// violations are reported at once.
pub(super) fn number(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(intercom) = input.document.intercom.get() else { return };
    let Some(number) = intercom.number.get().filter(|number| !number.is_empty()) else { return };
    let kind = intercom.kind.get().and_then(|kind| IntercomType::parse(kind).ok());
    let error = match kind {
        Some(kind) => IntercomNumber::parse(kind, number).err().map(|error| error.to_string()),
        None => IntercomType::ALL
            .into_iter()
            .all(|kind| IntercomNumber::parse(kind, number).is_err())
            .then(|| "an intercom number must be an internal address or a SIP URI".to_owned()),
    };
    if let Some(error) = error {
        let root = At::root();
        let at = root.member("intercom");
        violations.report(&at.member("number"), number.as_str(), error);
    }
}

pub(super) fn flags(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(intercom) = input.document.intercom.get() else { return };
    if intercom.auto_answer.get() == Some(&true) && intercom.in_black_list.get() == Some(&true) {
        let root = At::root();
        let at = root.member("intercom");
        violations.report(
            &at.member("inBlackList"),
            "true",
            "autoAnswer and inBlackList must not both be true",
        );
    }
}
