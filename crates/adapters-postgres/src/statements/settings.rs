//! Organizations with their settings.

use std::fmt::Display;

use contacts_application::access::{Filling, Organization, SettingsChange};
use contacts_application::ports::FillingStep;
use contacts_domain::value::CountryCode;
use contacts_domain::{OrganizationId, Respelling, Settings};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::locks::lock_settings;
use super::row::organization_id;
use crate::connect::{Failure, Parameter, Session};

macro_rules! columns {
    () => {
        "id, name, region, settings_version, match_by, filling, filled_to, filled_count, to_fill, \
         respelling"
    };
}

/// All organizations.
pub(crate) const ORGANIZATIONS: &str =
    concat!("SELECT ", columns!(), " FROM organization ORDER BY id");

/// The organization of that id.
pub(crate) const ORGANIZATION: &str =
    concat!("SELECT ", columns!(), " FROM organization WHERE id = $1");

/// Adds an organization, unless its id is taken.
pub(crate) const ADD: &str = concat!(
    "INSERT INTO organization (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
);

const UPDATE: &str = "
    UPDATE organization
       SET name = $2, region = $3, settings_version = $4, match_by = $5, filling = $6,
           filled_to = $7, filled_count = $8, to_fill = $9, respelling = $10
     WHERE id = $1";

const VERSION: &str = "SELECT settings_version FROM organization WHERE id = $1";

/// Moves the progress of filling on, from these to those numbers.
const MOVE_ON: &str = "
    UPDATE organization SET filling = $2, filled_to = $3, filled_count = $4
     WHERE id = $1 AND settings_version = $5 AND filled_to = $6 AND filled_count = $7
       AND filling <> 'none'";

/// An organization as the values of its columns.
pub(crate) struct OrganizationValues {
    id: i32,
    version: i64,
    texts: [String; 4],
    filling: Filling,
    respelling: &'static str,
}

impl OrganizationValues {
    pub(crate) fn of(organization: Organization) -> Self {
        let Organization { id, name, settings, filling } = organization;
        let region = settings.region.as_str().to_owned();
        let keys = [settings.match_by, settings.filling].map(|keys| keys.to_string());
        let [match_by, keys_to_fill] = keys;
        let texts = [name, region, match_by, keys_to_fill];
        let respelling = settings.respelling.as_str();
        Self { id: id.get(), version: settings.version, texts, filling, respelling }
    }

    /// In the order of the columns.
    pub(crate) fn parameters(&self) -> [Parameter<'_>; 10] {
        let [name, region, match_by, filling] = &self.texts;
        fn text(text: &String) -> Parameter<'_> {
            (text, Type::TEXT)
        }
        fn number(number: &(dyn ToSql + Sync)) -> Parameter<'_> {
            (number, Type::INT8)
        }
        [
            (&self.id, Type::INT4),
            text(name),
            text(region),
            number(&self.version),
            text(match_by),
            text(filling),
            number(&self.filling.to),
            number(&self.filling.done),
            number(&self.filling.of),
            (&self.respelling, Type::TEXT),
        ]
    }
}

/// The organization in a row.
pub(crate) fn organization(row: &Row) -> Result<Organization, Failure> {
    let id = organization_id(row.try_get(0)?)?;
    let corrupt =
        |error: &dyn Display| Failure::corrupt(format_args!("organization {id}: {error}"));
    let [region, match_by, filling, respelling]: [&str; 4] =
        [row.try_get(2)?, row.try_get(4)?, row.try_get(5)?, row.try_get(9)?];
    let settings = Settings {
        version: row.try_get(3)?,
        region: CountryCode::parse(region).map_err(|error| corrupt(&error))?,
        match_by: match_by.parse().map_err(|error| corrupt(&error))?,
        respelling: Respelling::parse(respelling)
            .ok_or_else(|| corrupt(&"its respelling is unknown"))?,
        filling: filling.parse().map_err(|error| corrupt(&error))?,
    };
    let filling = Filling { to: row.try_get(6)?, done: row.try_get(7)?, of: row.try_get(8)? };
    Ok(Organization { id, name: row.try_get(1)?, settings, filling })
}

/// Fails if the settings of an organization have another version, in a transaction that
/// [keeps](super::locks::keep_settings) them.
pub(crate) async fn check_version(
    session: &Session,
    organization: OrganizationId,
    version: i64,
) -> Result<(), Failure> {
    let rows = session.query(VERSION, &[(&organization.get(), Type::INT4)]).await?;
    let present: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    match present {
        Some(present) if present != version => {
            Err(Failure::contention("the settings of the organization have changed"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Changes an organization of about that many contacts, in a transaction that has begun.
pub(crate) async fn change(
    session: &Session,
    id: OrganizationId,
    change: SettingsChange,
    contacts: i64,
) -> Result<Option<Organization>, Failure> {
    lock_settings(session, id).await?;
    let rows = session.query(ORGANIZATION, &[(&id.get(), Type::INT4)]).await?;
    let Some(stored) = rows.first().map(organization).transpose()? else { return Ok(None) };
    let changed = stored.changed(change, contacts);
    session.execute(UPDATE, &OrganizationValues::of(changed.clone()).parameters()).await?;
    Ok(Some(changed))
}

/// Moves the progress of filling on, in a transaction that keeps the settings. Returns `false`, and
/// changes nothing, if the progress or the settings are not those that the step is for. Others that
/// fill wait until the transaction ends.
pub(crate) async fn move_on(session: &Session, step: &FillingStep) -> Result<bool, Failure> {
    let FillingStep { repair, from, to, left } = step;
    let parameters: [Parameter<'_>; 7] = [
        (&repair.organization().get(), Type::INT4),
        (&left.to_string(), Type::TEXT),
        (&to.to, Type::INT8),
        (&to.done, Type::INT8),
        (&repair.settings_version(), Type::INT8),
        (&from.to, Type::INT8),
        (&from.done, Type::INT8),
    ];
    Ok(session.execute(MOVE_ON, &parameters).await? == 1)
}
