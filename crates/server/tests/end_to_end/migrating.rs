//! `contact-hub migrate` on a database file.

use super::program::{Server, done, program, run};

#[test]
fn migrate_creates_the_schema_that_no_migrate_expects() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--no-migrate"]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    let start = format!("contact-hub: {} lacks the schema 2", database(&folder));
    assert!(errors.starts_with(&start), "{errors}");
    assert!(errors.ends_with("; run `contact-hub migrate`\n"), "{errors}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was created");

    // `migrate` ignores the setting.
    let mut migrate = program(folder.path());
    let output = migrate.arg("migrate").env("CONTACT_HUB_NO_MIGRATE", "true").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.starts_with("made the schema 2"), "{printed}");
    assert_eq!(done(folder.path(), &["migrate"]), "the schema is up to date");

    let server = Server::start_with(folder.path(), &["--no-migrate"], &[]);
    assert!(server.first_token().is_some(), "the database counts as new");
}

#[test]
fn partitions_of_sqlite_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["migrate", "--partitions", "16"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "contact-hub: the tables of a SQLite database cannot be partitioned; leave --partitions \
         out, or name a PostgreSQL database by --database-url\n"
    );
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was created");
}

fn database(folder: &tempfile::TempDir) -> String {
    folder.path().canonicalize().unwrap().join("contact-hub.db").display().to_string()
}
