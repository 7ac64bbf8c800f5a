//! Which migrations a database has.

use super::StoreError;

/// The schema of a database, compared with the migrations that this release knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState<M> {
    /// Every migration was run.
    Current,
    /// These migrations were not run, oldest first.
    Behind(Vec<M>),
    /// A migration of a newer release was run; the version of the newest one.
    Newer(String),
    /// Every migration that was run is unknown: they belong to another application.
    Foreign,
}

impl<M> SchemaState<M> {
    /// Compares `known` migrations with the versions of those that were `applied`, both oldest
    /// first.
    ///
    /// ```
    /// use contacts_application::ports::SchemaState;
    ///
    /// let known = |name: &&'static str| name[..4].to_owned();
    /// let state = |applied: &[String]| SchemaState::of(["2026_contacts", "2027_tags"], known, applied);
    /// assert_eq!(state(&["2026".to_owned()]), SchemaState::Behind(vec!["2027_tags"]));
    /// assert_eq!(state(&["2020".to_owned()]), SchemaState::Foreign);
    /// ```
    pub fn of(
        known: impl IntoIterator<Item = M>,
        version: impl Fn(&M) -> String,
        applied: &[String],
    ) -> Self {
        let (run, missing): (Vec<M>, Vec<M>) =
            known.into_iter().partition(|migration| applied.contains(&version(migration)));
        if run.is_empty() && !applied.is_empty() {
            return Self::Foreign;
        }
        let run: Vec<String> = run.iter().map(version).collect();
        match applied.iter().rfind(|version| !run.contains(version)) {
            Some(newer) => Self::Newer(newer.clone()),
            None if missing.is_empty() => Self::Current,
            None => Self::Behind(missing),
        }
    }

    /// Fails unless the schema is current. One that was current when the store was opened may have
    /// been changed by another release since.
    ///
    /// # Errors
    ///
    /// `Unavailable`, with what the schema is as cause.
    pub fn require_current(&self, version: impl Fn(&M) -> String) -> Result<(), StoreError> {
        let cause = match self {
            Self::Current => return Ok(()),
            Self::Behind(missing) => {
                let newest = missing.last().map(version).unwrap_or_default();
                format!("the database lacks the schema {newest} by now")
            }
            Self::Newer(version) => {
                format!("the database has the schema {version} of a newer release by now")
            }
            Self::Foreign => "the database holds something else by now".to_owned(),
        };
        Err(StoreError::unavailable(cause))
    }
}
