//! Copies of the database.

use std::fs;

use super::program::{Server, done, people, run, served};

#[test]
fn a_backup_of_a_running_server_is_restored_by_serving_it() {
    let (folder, server, token) = served();
    let stored = server.batch(&token, &people(1..=200));
    let said = done(folder.path(), &["backup", "copy.db"]);
    let bytes = fs::metadata(folder.path().join("copy.db")).unwrap().len();
    assert_eq!(said, format!("copy.db is complete; contacts: 200, bytes: {bytes}"));

    // What comes later is not in it.
    server.batch(&token, &people([201]));
    let copy = folder.path().join("copy.db").display().to_string();
    let url = format!("sqlite://{copy}");
    let restored = Server::start_with(folder.path(), &["--database-url", &url], &[]);
    assert_eq!(restored.batch(&token, &people(1..=200)).body, stored.body);
    restored.stop();
    let second = done(folder.path(), &["backup", "second.db", "--database-url", &url]);
    assert!(second.starts_with("second.db is complete; contacts: 200, "), "{second}");
}

#[test]
fn a_backup_that_cannot_be_made_is_one_line_and_leaves_nothing() {
    let (folder, _server, _) = served();
    fs::write(folder.path().join("letter"), "to somebody").unwrap();
    let before = names(&folder);
    for (arguments, said) in [
        (&["backup", "letter"][..], "letter exists already; name another file, or remove it"),
        (
            &["backup", "nowhere/copy.db"],
            "the directory nowhere does not exist; create it, or name another file",
        ),
        (&["backup", ".."], "`..` cannot be the path of a backup; name a file, in UTF-8"),
        (
            &["backup", "copy.db", "--database-url", "sqlite://missing.db"],
            "there is no database missing.db; name another with --database-url",
        ),
        (
            &["backup", "letter/copy.db"],
            "the directory letter does not exist; create it, or name another file",
        ),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors, format!("contact-hub: {said}\n"), "{arguments:?}");
        assert_eq!(names(&folder), before, "{arguments:?}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("letter")).unwrap(), "to somebody");
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
