//! Organizations and their settings.

use contacts_domain::upsert::Ladder;
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, OrganizationId, Respelling, Settings, SharedKey};

/// An organization with its own contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The name.
    pub name: String,
    /// The settings that decide what its contacts are stored with.
    pub settings: Settings,
    /// How far the keys of [`Settings::filling`] are.
    pub filling: Filling,
}

/// How many contacts are stored with the keys that the settings ask for. Filling takes the contacts
/// by their ids, deleted ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filling {
    /// The highest id that is done.
    pub to: i64,
    /// The number of contacts that are done.
    pub done: i64,
    /// The number of contacts when filling began.
    pub of: i64,
}

/// A change of an organization. What is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// Its name.
    pub name: Option<String>,
    /// The country of phone numbers without a country code.
    pub region: Option<CountryCode>,
    /// The shared keys to match by.
    pub match_by: Option<MatchBy>,
    /// What is stored of a value that is only spelled in another way.
    pub respelling: Option<Respelling>,
}

/// A request cannot be matched by a key of its ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// The organization does not match by the key.
    #[error(
        "organization {organization} does not match by {}; switch it on with \
         `contact-hub organization set --id {organization} --match-by {needed}`", key.as_str()
    )]
    SwitchedOff {
        /// The organization.
        organization: OrganizationId,
        /// The key.
        key: SharedKey,
        /// The keys of the organization and this one.
        needed: MatchBy,
    },
    /// The key was switched on, and some contacts are not stored with it yet.
    #[error(
        "{} is being filled for organization {organization}: {} of about {} contacts are done",
        key.as_str(), filling.done, filling.of
    )]
    BeingFilled {
        /// The organization.
        organization: OrganizationId,
        /// The key.
        key: SharedKey,
        /// How far it is.
        filling: Filling,
    },
}

impl Organization {
    /// A new organization, which matches by e-mail.
    pub fn new(id: OrganizationId, name: String, region: CountryCode) -> Self {
        Self { id, name, settings: Settings::new(region), filling: Filling::default() }
    }

    /// Checks that requests can match by every key of the ladder.
    ///
    /// # Errors
    ///
    /// [`LadderError`], for the first key that they cannot match by.
    pub fn check_ladder(&self, ladder: &Ladder) -> Result<(), LadderError> {
        let Self { id: organization, settings, filling, .. } = self;
        let (organization, filling) = (*organization, *filling);
        match ladder.first_beyond(settings.matchable()) {
            None => Ok(()),
            Some(key) if settings.match_by.includes(key) => {
                Err(LadderError::BeingFilled { organization, key, filling })
            }
            Some(key) => {
                let needed = settings.match_by.with(key.into());
                Err(LadderError::SwitchedOff { organization, key, needed })
            }
        }
    }

    /// Whether some contacts are not stored with the keys that the settings ask for.
    pub fn is_being_filled(&self) -> bool {
        !self.settings.filling.is_empty()
    }

    /// The organization after a change; `contacts` is about how many it has.
    ///
    /// Keys that are switched on or off have to be filled or emptied. A key that is being filled
    /// begins anew, unless nothing about keys changes.
    #[must_use]
    pub fn changed(&self, change: SettingsChange, contacts: i64) -> Self {
        let before = self.settings;
        let SettingsChange { name, region, match_by, respelling } = change;
        let name = name.unwrap_or_else(|| self.name.clone());
        let region = region.unwrap_or(before.region);
        let match_by = match_by.unwrap_or(before.match_by);
        let respelling = respelling.unwrap_or(before.respelling);
        if (region, match_by) == (before.region, before.match_by) {
            return Self { name, settings: Settings { respelling, ..before }, ..self.clone() };
        }
        let switched = match_by.without(before.match_by).with(before.match_by.without(match_by));
        let moved = match region == before.region {
            false if match_by.includes(SharedKey::Phone) => SharedKey::Phone.into(),
            _ => MatchBy::NONE,
        };
        let filling = before.filling.with(switched).with(moved);
        let version = before.version + 1;
        let settings = Settings { version, region, match_by, respelling, filling };
        Self {
            id: self.id,
            name,
            settings,
            filling: Filling { of: contacts, ..Filling::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::upsert::Key;

    use super::*;

    fn organization(match_by: &str, filling: &str) -> Organization {
        let id = OrganizationId::new(7).unwrap();
        let region = CountryCode::parse("CH").unwrap();
        let mut organization = Organization::new(id, "Muster".to_owned(), region);
        organization.settings.match_by = match_by.parse().unwrap();
        organization.settings.filling = filling.parse().unwrap();
        organization.filling = Filling { to: 40, done: 20, of: 50 };
        organization
    }

    fn region(text: &str) -> SettingsChange {
        SettingsChange { region: CountryCode::parse(text).ok(), ..SettingsChange::default() }
    }

    fn match_by(text: &str) -> SettingsChange {
        SettingsChange { match_by: text.parse().ok(), ..SettingsChange::default() }
    }

    #[test]
    fn new_organization_matches_by_email() {
        let region = CountryCode::parse("CH").unwrap();
        let new = Organization::new(OrganizationId::new(7).unwrap(), String::new(), region);
        assert_eq!(new.settings.match_by.to_string(), "email");
        assert!(!new.is_being_filled());
    }

    #[test]
    fn changed_keys_are_filled_from_the_start() {
        for (before, filling, change, expected) in [
            ("email", "none", match_by("email,phone"), "phone"),
            ("email,phone", "none", match_by("email"), "phone"),
            ("email", "none", match_by("phone"), "email,phone"),
            ("email,phone", "phone", match_by("email"), "phone"),
            ("email,phone", "phone", match_by("phone"), "email,phone"),
            ("email,phone", "none", region("DE"), "phone"),
            ("email", "none", region("DE"), "none"),
            ("email,phone", "email", region("DE"), "email,phone"),
        ] {
            let before = organization(before, filling);
            let after = before.changed(change, 90);
            assert_eq!(after.settings.filling.to_string(), expected, "{before:?}");
            assert_eq!(after.filling, Filling { to: 0, done: 0, of: 90 });
            assert_eq!(after.settings.version, 2);
        }
    }

    #[test]
    fn settings_that_leave_the_keys_fill_nothing() {
        let before = organization("email,phone", "phone");
        for change in [match_by("phone,email"), region("CH"), SettingsChange::default()] {
            assert_eq!(before.changed(change, 90), before);
        }
        let renamed = SettingsChange {
            name: Some("Other".to_owned()),
            respelling: Some(Respelling::Keep),
            ..region("CH")
        };
        let mut expected = Organization { name: "Other".to_owned(), ..before.clone() };
        expected.settings.respelling = Respelling::Keep;
        assert_eq!(before.changed(renamed, 90), expected);
    }

    #[test]
    fn refused_ladder_says_what_helps() {
        let by_phone = Ladder::new([Key::ExternalId, Key::Email, Key::Phone]);
        let check = |match_by, filling| organization(match_by, filling).check_ladder(&by_phone);
        assert_eq!(check("email,phone", "vatNumber"), Ok(()));
        assert_eq!(
            check("email", "phone").unwrap_err().to_string(),
            "organization 7 does not match by phone; switch it on with \
             `contact-hub organization set --id 7 --match-by email,phone`"
        );
        assert_eq!(
            check("email,phone", "phone").unwrap_err().to_string(),
            "phone is being filled for organization 7: 20 of about 50 contacts are done"
        );
    }
}
