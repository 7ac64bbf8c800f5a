//! Organizations with their settings.

use std::fmt::Display;

use contacts_application::access::{Filling, Organization, SettingsChange};
use contacts_application::ports::{FillingStep, StoreError};
use contacts_domain::value::CountryCode;
use contacts_domain::{OrganizationId, Respelling, Settings};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::row::organization_id;
use crate::connect::Failure;
use crate::schema::organization;

/// An organization.
#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = organization, check_for_backend(Sqlite))]
pub(crate) struct OrganizationRow {
    id: i32,
    name: String,
    region: String,
    settings_version: i64,
    match_by: String,
    filling: String,
    filled_to: i64,
    filled_count: i64,
    to_fill: i64,
    respelling: String,
}

impl From<Organization> for OrganizationRow {
    fn from(organization: Organization) -> Self {
        let Organization { id, name, settings, filling } = organization;
        Self {
            id: id.get(),
            name,
            region: settings.region.as_str().to_owned(),
            settings_version: settings.version,
            match_by: settings.match_by.to_string(),
            filling: settings.filling.to_string(),
            filled_to: filling.to,
            filled_count: filling.done,
            to_fill: filling.of,
            respelling: settings.respelling.as_str().to_owned(),
        }
    }
}

impl TryFrom<OrganizationRow> for Organization {
    type Error = Failure;

    fn try_from(row: OrganizationRow) -> Result<Self, Failure> {
        let id = organization_id(row.id)?;
        let corrupt =
            |error: &dyn Display| StoreError::corrupt(format!("organization {id}: {error}"));
        let settings = Settings {
            version: row.settings_version,
            region: CountryCode::parse(&row.region).map_err(|error| corrupt(&error))?,
            match_by: row.match_by.parse().map_err(|error| corrupt(&error))?,
            respelling: Respelling::parse(&row.respelling)
                .ok_or_else(|| corrupt(&"its respelling is unknown"))?,
            filling: row.filling.parse().map_err(|error| corrupt(&error))?,
        };
        let filling = Filling { to: row.filled_to, done: row.filled_count, of: row.to_fill };
        Ok(Self { id, name: row.name, settings, filling })
    }
}

/// The organization of that id.
pub(crate) fn find(
    connection: &mut SqliteConnection,
    id: OrganizationId,
) -> Result<Option<Organization>, Failure> {
    let found: Option<OrganizationRow> = organization::table
        .find(id.get())
        .select(OrganizationRow::as_select())
        .get_result(connection)
        .optional()?;
    found.map(Organization::try_from).transpose()
}

/// Fails if the settings of an organization have another version. Inside a write transaction nobody
/// changes them.
pub(crate) fn check_version(
    connection: &mut SqliteConnection,
    id: OrganizationId,
    version: i64,
) -> Result<(), Failure> {
    let present: Option<i64> = organization::table
        .find(id.get())
        .select(organization::settings_version)
        .get_result(connection)
        .optional()?;
    match present {
        Some(present) if present != version => {
            let message = "the settings of the organization have changed";
            Err(StoreError::contention(message).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Changes an organization of about that many contacts.
pub(crate) fn change(
    connection: &mut SqliteConnection,
    id: OrganizationId,
    change: SettingsChange,
    contacts: i64,
) -> Result<Option<Organization>, Failure> {
    let Some(stored) = find(connection, id)? else { return Ok(None) };
    let changed = stored.changed(change, contacts);
    let row = OrganizationRow::from(changed.clone());
    diesel::update(organization::table.find(id.get())).set(row).execute(connection)?;
    Ok(Some(changed))
}

/// Moves the progress of filling on. Returns `false`, and changes nothing, if the progress or the
/// settings are not those that the step is for.
pub(crate) fn move_on(
    connection: &mut SqliteConnection,
    step: &FillingStep,
) -> Result<bool, Failure> {
    let FillingStep { repair, from, to, left } = step;
    let id = repair.organization();
    let is_next = |stored: &Organization| {
        stored.settings.version == repair.settings_version()
            && stored.filling == *from
            && stored.is_being_filled()
    };
    let Some(mut stored) = find(connection, id)?.filter(is_next) else { return Ok(false) };
    stored.filling = *to;
    stored.settings.filling = *left;
    let row = OrganizationRow::from(stored);
    diesel::update(organization::table.find(id.get())).set(row).execute(connection)?;
    Ok(true)
}
