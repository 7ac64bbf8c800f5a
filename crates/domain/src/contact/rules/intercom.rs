//! Rules about the intercom block (device-directory §2).

use super::{INTERCOM_FLAGS, INTERCOM_NUMBER, INTERCOM_REQUIRED, RuleError, RuleInput};
use crate::contact::check::{ParseCache, Violations};
use crate::path::At;
use crate::tree::TextKind;
use crate::value::{IntercomNumber, IntercomType, Ringtone};

/// The most characters (Unicode scalar values) of an intercom name.
pub(crate) const MAX_INTERCOM_NAME: usize = 30;

pub(crate) fn required(input: &RuleInput<'_>, findings: &mut Violations) {
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
            findings.report(
                &INTERCOM_REQUIRED,
                &at.member(name),
                "",
                format!("an intercom entry needs a {name}"),
            );
        }
    }
}

pub(crate) fn name(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Result<(), RuleError> {
    match text.chars().nth(MAX_INTERCOM_NAME) {
        None => Ok(()),
        Some(_) => Err(RuleError::new(format!(
            "an intercom name has at most {MAX_INTERCOM_NAME} characters"
        ))),
    }
}

/// What the type makes of the number. A missing or unknown type is the business of other rules, but
/// then the number has to be one of some type, so that all faults are known at once.
pub(crate) fn number(input: &RuleInput<'_>, findings: &mut Violations) {
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
        findings.report(&INTERCOM_NUMBER, &at.member("number"), number.as_str(), error);
    }
}

pub(crate) fn flags(input: &RuleInput<'_>, findings: &mut Violations) {
    let Some(intercom) = input.document.intercom.get() else { return };
    if intercom.auto_answer.get() == Some(&true) && intercom.in_black_list.get() == Some(&true) {
        let root = At::root();
        let at = root.member("intercom");
        findings.report(
            &INTERCOM_FLAGS,
            &at.member("inBlackList"),
            "true",
            "autoAnswer and inBlackList must not both be true",
        );
    }
}

pub(crate) fn ringtone(
    _: &'static TextKind,
    text: &str,
    _: &mut ParseCache,
) -> Result<(), RuleError> {
    Ringtone::parse(text)?;
    Ok(())
}
