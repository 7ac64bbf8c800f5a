//! Errors about missing rights, with the SQL that grants them.

use super::*;
use contacts_application::ports::StoreErrorKind;

use crate::connect::Failure;

/// A role without rights in a database; dropped together with it.
struct Role {
    name: String,
    database: TestDatabase,
}

impl Role {
    fn on(database: TestDatabase) -> Self {
        let name = format!("{}_role", database.name());
        database.execute(&format!(
            "CREATE ROLE {name} LOGIN PASSWORD 'secret';
             REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {name}"
        ));
        Self { name, database }
    }

    fn url(&self) -> String {
        let url = self.database.url();
        let (_, place) = url.split_once('@').unwrap();
        format!("postgres://{}:secret@{place}", self.name)
    }

    /// Runs that as the superuser; `ROLE` and `DB` stand for the names.
    fn given(&self, sql: &str) {
        let sql = sql.replace("DB", self.database.name()).replace("ROLE", &self.name);
        self.database.execute(&sql);
    }

    /// The kind of the error, its message, and its remedy.
    async fn refused(&self, options: PostgresOptions) -> (OpenErrorKind, String, String) {
        let error = open(&self.url(), options).await.unwrap_err();
        let shown =
            |text: &str| text.replace(&self.name, "ROLE").replace(self.database.name(), "DB");
        (error.kind(), shown(&error.to_string()), shown(error.remedy()))
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let name = &self.name;
        self.database.execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"));
    }
}

fn expected(kind: OpenErrorKind, cause: &str, remedy: &str) -> (OpenErrorKind, String, String) {
    (kind, cause.to_owned(), remedy.to_owned())
}

const ALL: &str = "api_token, contact, contact_alias, contact_intercom, contact_relation, id_counter, \
     kept_answer, kept_plan, ledger, organization, purged_contact, run, search_position, search_words";

#[tokio::test]
async fn missing_table_rights_are_named_with_grant() {
    let role = Role::on(TestDatabase::migrated());
    assert_eq!(
        role.refused(PostgresOptions::default()).await,
        expected(
            OpenErrorKind::Unusable,
            "the user lacks a right in the database `DB`: \
             permission denied for table __diesel_schema_migrations (SQLSTATE 42501)",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        )
    );
    role.given("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE");
    assert_eq!(
        role.refused(PostgresOptions::default()).await,
        expected(
            OpenErrorKind::Unusable,
            &format!("the user lacks DELETE, INSERT, UPDATE on {ALL} in the database `DB`"),
            &format!("GRANT DELETE, INSERT, UPDATE ON {ALL} TO ROLE"),
        )
    );
    role.given("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE");
    assert!(open(&role.url(), PostgresOptions::default()).await.is_ok());
    role.given("REVOKE DELETE ON contact_relation FROM ROLE");
    assert_eq!(
        role.refused(PostgresOptions::default()).await,
        expected(
            OpenErrorKind::Unusable,
            "the user lacks DELETE on contact_relation in the database `DB`",
            "GRANT DELETE ON contact_relation TO ROLE",
        )
    );
}

#[tokio::test]
async fn rights_of_every_table_are_checked() {
    const TABLES: &str = "
        SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT relispartition AND relname NOT LIKE '\\_\\_diesel%'";
    let database = TestDatabase::migrated();
    let row = database.connect().await.query_one(TABLES, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), ALL);
}

#[tokio::test]
async fn missing_create_right_is_named_with_grant() {
    let role = Role::on(TestDatabase::empty());
    assert_eq!(
        role.refused(PostgresOptions::default()).await,
        expected(
            OpenErrorKind::Unusable,
            "the user lacks a right in the database `DB`: \
             permission denied for schema public (SQLSTATE 42501)",
            "GRANT CREATE ON SCHEMA public TO ROLE, or migrate as the owner of the tables",
        )
    );
    role.given("GRANT CREATE ON SCHEMA public TO ROLE");
    assert!(open(&role.url(), PostgresOptions::default()).await.is_ok());
}

#[tokio::test]
async fn missing_schema_usage_is_named_with_grant() {
    let role = Role::on(TestDatabase::migrated());
    role.given("REVOKE USAGE ON SCHEMA public FROM ROLE");
    for migrate in [true, false] {
        assert_eq!(
            role.refused(PostgresOptions { migrate, ..PostgresOptions::default() }).await,
            expected(
                OpenErrorKind::Unusable,
                "the user may use no schema of its search_path (\"$user\", public) \
                 in the database `DB`",
                "GRANT USAGE ON SCHEMA public TO ROLE, or correct the search_path",
            )
        );
    }
}

#[tokio::test]
async fn refused_connection_is_named_with_remedy() {
    let role = Role::on(TestDatabase::empty());
    role.given("REVOKE CONNECT ON DATABASE DB FROM PUBLIC");
    assert_eq!(
        role.refused(PostgresOptions::default()).await,
        expected(
            OpenErrorKind::Unusable,
            "the user may not connect to `DB`: \
             permission denied for database \"DB\" (SQLSTATE 42501)",
            "GRANT CONNECT ON DATABASE \"DB\" TO \"ROLE\"",
        )
    );
    role.given("GRANT CONNECT ON DATABASE DB TO ROLE; ALTER USER ROLE CONNECTION LIMIT 0");
    let (kind, cause, remedy) = role.refused(PostgresOptions::default()).await;
    let of_role = "takes no more connections: \
                   too many connections for role \"ROLE\" (SQLSTATE 53300)";
    assert!(kind == OpenErrorKind::Unavailable && cause.ends_with(of_role), "{cause}");
    assert!(remedy.contains("max_connections") && remedy.contains("CONNECTION LIMIT"), "{remedy}");
}

#[tokio::test]
async fn closed_database_is_named_and_later_unavailable() {
    let database = TestDatabase::migrated();
    let store = Pool::new(&database.url().parse().unwrap(), PostgresOptions::default()).unwrap();
    let server = TestDatabase::empty();
    let (name, url) = (database.name(), database.url());
    server.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    let error = open(&url, PostgresOptions::default()).await.unwrap_err();
    let cause = format!(
        "the database `{name}` lets nobody in: database \"{name}\" is not currently accepting \
         connections (SQLSTATE 55000)"
    );
    assert_eq!((error.kind(), error.to_string()), (OpenErrorKind::Unusable, cause));
    let remedy =
        format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true, or correct the database URL");
    assert_eq!(error.remedy(), remedy);
    let failure = store.session().await.err().unwrap();
    assert_eq!(failure.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn refusal_by_pooler_is_named_with_remedy() {
    let database = TestDatabase::empty();
    let client = database.connect().await;
    let sql = "DO $$ BEGIN RAISE EXCEPTION 'no such database: hub' USING ERRCODE = '08P01'; END $$";
    let failure: Failure = client.batch_execute(sql).await.unwrap_err().into();
    let error = error::refused(&"postgres://hub:secret@db/hub".parse().unwrap(), &failure);
    assert_eq!(error.kind(), OpenErrorKind::Unusable);
    assert_eq!(
        error.to_string(),
        "the database on db:5432, or a pooler before it, refuses the connection: \
         no such database: hub (SQLSTATE 08P01)"
    );
    assert_eq!(
        error.remedy(),
        "correct user, password and database in the database URL, or what the pooler knows of them"
    );
}
