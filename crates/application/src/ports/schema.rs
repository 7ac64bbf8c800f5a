//! Which migrations a database has.

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
}
