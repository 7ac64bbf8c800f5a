//! The output of a check.

use contacts_application::use_cases::{CheckReport, Mode};
use contacts_domain::auditing::{ContactKey, Difference, Discrepancy, Finding, Remedy};
use contacts_domain::decision::AliasKey;

use crate::failure::Failure;

/// The remedy for what `--repair` cannot repair.
const GUIDE: &str = "see docs/backup.md";

/// A line for each finding about a contact, with its values if they are to be shown.
pub(super) fn lines(discrepancy: &Discrepancy, show_values: bool) -> Vec<String> {
    let Discrepancy { key: ContactKey { organization, id }, findings, remedy } = discrepancy;
    let remedy = outcome(remedy);
    let line = |finding: &Finding| {
        let values = match finding {
            Finding::Differs(difference) if show_values => values(difference),
            _ => String::new(),
        };
        format!("organization {organization}, contact {id}: {finding}{values}{remedy}")
    };
    findings.iter().map(line).collect()
}

/// The numbers of the check.
pub(super) fn summary(report: &CheckReport) -> String {
    let CheckReport { contacts, mended, left, .. } = report;
    format!("contacts checked: {contacts}, mended: {mended}, left as they are: {left}")
}

/// Succeeds if no difference is left.
///
/// # Errors
///
/// If a contact is still wrong, or the next id is already in use.
pub(super) fn verdict(report: &CheckReport, mode: Mode) -> Result<(), Failure> {
    if report.left > 0 {
        let remedy = match mode {
            Mode::Report => "`contact-hub check --repair` mends what follows from the documents",
            Mode::Repair => GUIDE,
        };
        return Err(Failure::new("the database is not as it should be", remedy));
    }
    if let Some(next_id) = report.next_id_in_use {
        let cause =
            format!("the next id is {next_id}, and ids up to {} are in use", report.highest_id);
        return Err(Failure::new(cause, GUIDE));
    }
    Ok(())
}

fn outcome(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Untouched => String::new(),
        Remedy::Mended => "; mended".to_owned(),
        Remedy::KeyTaken { key, owner } => {
            let key = match key {
                AliasKey::Id(_) => "id",
                AliasKey::ExternalId(_) => "external id",
                AliasKey::LinkId(_) => "link id",
            };
            format!("; left, because contact {owner} has its {key}")
        }
    }
}

fn values(Difference { stored, computed, .. }: &Difference) -> String {
    // Escaped: a value may hold control characters that move the cursor.
    let shown = |value: &Option<String>| match value {
        Some(value) => format!("{value:?}"),
        None => "nothing".to_owned(),
    };
    format!(" (is {}, should be {})", shown(stored), shown(computed))
}

#[cfg(test)]
mod tests {
    use contacts_domain::ContactId;

    use super::*;

    fn discrepancy(remedy: Remedy) -> Discrepancy {
        let email = Difference {
            what: "email",
            stored: Some("a\u{1b}[2K@x.example".to_owned()),
            computed: None,
        };
        Discrepancy {
            key: ContactKey { organization: 7, id: 42 },
            findings: vec![Finding::Differs(email), Finding::NoOrganization],
            remedy,
        }
    }

    #[test]
    fn each_finding_is_a_line_without_values() {
        assert_eq!(
            lines(&discrepancy(Remedy::Mended), false),
            [
                "organization 7, contact 42: email does not follow from the document; mended",
                "organization 7, contact 42: the organization does not exist; mended",
            ]
        );
    }

    #[test]
    fn shown_values_are_escaped() {
        let [line, _] = &lines(&discrepancy(Remedy::Untouched), true)[..] else { panic!() };
        assert_eq!(
            line,
            "organization 7, contact 42: email does not follow from the document \
             (is \"a\\u{1b}[2K@x.example\", should be nothing)"
        );
    }

    #[test]
    fn owner_of_a_taken_key_is_named() {
        let key = AliasKey::ExternalId("secret".to_owned());
        let owner = ContactId::new(43).unwrap();
        let lines = lines(&discrepancy(Remedy::KeyTaken { key, owner }), false);
        assert!(lines[0].ends_with("; left, because contact 43 has its external id"), "{lines:?}");
    }

    #[test]
    fn remaining_difference_is_a_failure_with_remedy() {
        let sound = CheckReport { contacts: 5, mended: 2, ..CheckReport::default() };
        assert!(verdict(&sound, Mode::Repair).is_ok());
        let left = CheckReport { left: 1, ..sound };
        for (mode, remedy) in [
            (Mode::Report, "`contact-hub check --repair` mends what follows from the documents"),
            (Mode::Repair, "see docs/backup.md"),
        ] {
            let failure = verdict(&left, mode).unwrap_err().to_string();
            assert_eq!(failure, format!("the database is not as it should be; {remedy}"));
        }
        let counter = CheckReport { next_id_in_use: Some(3), highest_id: 9, ..sound };
        assert_eq!(
            verdict(&counter, Mode::Repair).unwrap_err().to_string(),
            "the next id is 3, and ids up to 9 are in use; \
             see docs/backup.md"
        );
    }
}
