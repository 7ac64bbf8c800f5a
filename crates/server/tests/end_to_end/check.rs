//! `contact-hub check`.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::program::{Server, each, people, run, served, unchanged};

const REALISTIC: &str = include_str!("../data/erp-batch-realistic.json");

/// Runs SQL on the database file.
fn execute(folder: &Path, sql: &str) {
    let connection = Connection::open(folder.join("contact-hub.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// Runs a check. Returns its standard output, standard error and exit code.
fn check(folder: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let arguments: Vec<&str> = ["check"].iter().chain(arguments).copied().collect();
    let Output { stdout, stderr, status } = run(folder, &arguments);
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), status.code())
}

/// The result of a check that leaves no difference.
fn sound(contacts: u32, mended: u32) -> (String, String, Option<i32>) {
    let summary = format!("contacts checked: {contacts}, mended: {mended}, left as they are: 0\n");
    (summary, String::new(), Some(0))
}

/// Lets the server write contacts with relations, a merge and updates.
pub(crate) fn write_contacts(server: &Server, token: &str) {
    let first = server.batch(token, REALISTIC);
    assert_eq!(each(&first, "/error"), [false, false]);
    assert_eq!(first.status, 200);
    server.batch(token, &people(1..=20));
    let ids: Vec<i64> = each(&server.batch(token, &people(1..=20)), "/freshRow/id")
        .into_iter()
        .map(|id| id.as_i64().unwrap())
        .collect();
    let changes = json!([
        {"id": ids[0], "relatedContactIds": [ids[1], ids[2]], "phone": "021 555 12 12"},
        {"id": ids[3], "email": "Rochat@Rhone.example", "relatedContactIds": [ids[4]]},
        {"id": ids[5], "externalId": null},
    ]);
    assert_eq!(each(&server.batch(token, &changes.to_string()), "/error"), [false; 3]);
    let merge = json!({"targetId": ids[0], "sourceId": ids[4]});
    let merged =
        server.post("/api-v1/contact/merging", &[("WEAL-TOKEN", token)], &merge.to_string());
    assert_eq!(merged.status, 200, "{merged:?}");
}

#[test]
fn contacts_of_a_server_are_sound() {
    let (folder, server, token) = served();
    assert_eq!(check(folder.path(), &[]), sound(0, 0));
    write_contacts(&server, &token);
    assert_eq!(check(folder.path(), &[]), sound(22, 0));
    assert_eq!(check(folder.path(), &["--repair"]), sound(22, 0));
    server.stop();
    assert_eq!(check(folder.path(), &[]), sound(22, 0));
}

#[test]
fn repair_works_while_a_server_runs() {
    let (folder, server, token) = served();
    server.batch(&token, &people(1..=3));
    let related = json!([{"externalId": "ERP-1", "email": "Ada@Rhone.example",
        "relatedContactIds": [2]}]);
    let before = server.batch(&token, &related.to_string());
    execute(
        folder.path(),
        "UPDATE contact SET email = 'berta@rhone.example', archived = 1 WHERE id = 1;
         UPDATE contact SET external_id = NULL WHERE id = 3;
         DELETE FROM contact_relation",
    );

    let (found, errors, code) = check(folder.path(), &[]);
    assert_eq!(
        found,
        "organization 1, contact 1: email does not follow from the document\n\
         organization 1, contact 1: archived does not follow from the document\n\
         organization 1, contact 1: relations does not follow from the document\n\
         organization 1, contact 3: external_id does not follow from the document\n\
         contacts checked: 3, mended: 0, left as they are: 2\n"
    );
    assert_eq!(
        errors,
        "contact-hub: the database is not as it should be; `contact-hub check --repair` mends \
         what follows from the documents\n"
    );
    assert_eq!(code, Some(1));

    assert_eq!(
        check(folder.path(), &["--repair", "--show-values"]),
        (
            "organization 1, contact 1: email does not follow from the document (is \
             \"berta@rhone.example, which no look-up finds\", should be \
             \"ada@rhone.example\"); mended\n\
             organization 1, contact 1: archived does not follow from the document (is \"true\", \
             should be \"false\"); mended\n\
             organization 1, contact 1: relations does not follow from the document (is nothing, \
             should be \"2\"); mended\n\
             organization 1, contact 3: external_id does not follow from the document (is \
             nothing, should be \"ERP-3\"); mended\n\
             contacts checked: 3, mended: 2, left as they are: 0\n"
                .to_owned(),
            String::new(),
            Some(0)
        )
    );
    assert_eq!(check(folder.path(), &[]), sound(3, 0));
    assert_eq!(server.batch(&token, &related.to_string()).body, unchanged(&before));
    assert_eq!(each(&server.batch(&token, &people([3])), "/freshRow/version"), [1]);
}

#[test]
fn irreparable_differences_are_listed_with_exit_code_1() {
    let (folder, server, token) = served();
    server.batch(&token, &people(1..=4));
    execute(folder.path(), "UPDATE contact SET external_id = NULL WHERE id = 1");
    server.batch(&token, &people([1]));
    execute(
        folder.path(),
        r#"UPDATE contact SET document = '{"dog":"Rex"}' WHERE id = 2;
           UPDATE contact SET organization_id = 7 WHERE id = 3;
           UPDATE contact SET document_version = 99, email = 'x' WHERE id = 4"#,
    );
    let (found, errors, code) = check(folder.path(), &["--repair"]);
    assert_eq!(
        found,
        "organization 1, contact 2: the stored document does not fit its shape\n\
         organization 7, contact 3: the organization does not exist\n\
         organization 1, contact 4: the document is stored in shape 99, and this release reads up \
         to 1\n\
         organization 1, contact 1: external_id does not follow from the document; left, because \
         contact 5 has its external id\n\
         contacts checked: 5, mended: 0, left as they are: 4\n"
    );
    assert_eq!(errors, "contact-hub: the database is not as it should be; see docs/backup.md\n");
    assert_eq!(code, Some(1));
}

#[test]
fn next_id_in_use_is_found() {
    let (folder, server, token) = served();
    server.batch(&token, &people(1..=4));
    server.stop();
    execute(folder.path(), "UPDATE id_counter SET next_id = 3");
    let (found, errors, code) = check(folder.path(), &["--repair"]);
    assert_eq!(found, "contacts checked: 4, mended: 0, left as they are: 0\n");
    assert_eq!(
        errors,
        "contact-hub: the next id is 3, and ids up to 4 are in use; see docs/backup.md\n"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn check_creates_no_database_and_no_schema() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        check(folder.path(), &[]),
        (
            String::new(),
            "contact-hub: there is no database contact-hub.db; name another with --database-url; \
             `contact-hub serve` or `contact-hub migrate` makes a new one\n"
                .to_owned(),
            Some(1)
        )
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    execute(folder.path(), "CREATE TABLE recipe (name TEXT)");
    let (found, errors, code) = check(folder.path(), &[]);
    assert_eq!((found.as_str(), code), ("", Some(1)));
    assert!(errors.starts_with("contact-hub: ") && errors.lines().count() == 1, "{errors}");
    execute(folder.path(), "SELECT name FROM recipe");
    let connection = Connection::open(folder.path().join("contact-hub.db")).unwrap();
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
    assert_eq!(tables, Ok(1), "nothing was created");
}

#[test]
fn check_beside_a_busy_server_finds_nothing() {
    let (folder, server, token) = served();
    server.batch(&token, &people(1..=100));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let items = (1..=100).map(|id| {
                    json!({
                        "externalId": format!("ERP-{id}"),
                        "email": format!("a{id}@round{round}.example"),
                        "relatedContactIds": [1 + (id + round) % 100],
                    })
                });
                let answer = server.batch(&token, &items.collect::<Value>().to_string());
                assert!(each(&answer, "/error").iter().all(|error| **error == false));
            }
        });
        let checks: Vec<_> = (0..5).map(|_| check(folder.path(), &["--repair"])).collect();
        done.store(true, Ordering::Relaxed);
        for result in checks {
            assert_eq!(result, sound(100, 0));
        }
    });
}
