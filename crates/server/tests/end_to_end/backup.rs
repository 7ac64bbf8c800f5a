//! Backups of the database.

use std::fs;

use super::program::{Server, done, people, run, served, unchanged};

#[test]
fn backup_of_a_running_server_can_be_served() {
    let (folder, server, token) = served();
    let stored = server.batch(&token, &people(1..=200));
    let printed = done(folder.path(), &["backup", "copy.db"]);
    let bytes = fs::metadata(folder.path().join("copy.db")).unwrap().len();
    assert_eq!(printed, format!("copy.db is complete; contacts: 200, bytes: {bytes}"));

    // A later contact is not in the backup.
    server.batch(&token, &people([201]));
    let copy = folder.path().join("copy.db").display().to_string();
    let url = format!("sqlite://{copy}");
    let restored = Server::start_with(folder.path(), &["--database-url", &url], &[]);
    assert_eq!(restored.batch(&token, &people(1..=200)).body, unchanged(&stored));
    restored.stop();
    let second = done(folder.path(), &["backup", "second.db", "--database-url", &url]);
    assert!(second.starts_with("second.db is complete; contacts: 200, "), "{second}");
}

#[test]
fn failed_backup_prints_one_line_and_leaves_no_file() {
    let (folder, _server, _) = served();
    fs::write(folder.path().join("letter"), "to somebody").unwrap();
    let before = names(&folder);
    for (arguments, expected) in [
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
        assert_eq!(errors, format!("contact-hub: {expected}\n"), "{arguments:?}");
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
