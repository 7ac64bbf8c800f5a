//! Organizations and tokens, managed while a server runs.

use std::fs;
use std::io::{BufRead as _, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use contacts_adapters_postgres::testing::TestDatabase;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::program::{BATCH, Server, done, each, people, program, run, served};

#[test]
fn revoked_token_is_refused() {
    let (folder, server, token) = served();
    // Before its first use: a server remembers a token for a second.
    done(folder.path(), &["token", "revoke", "1"]);
    assert_eq!(server.batch(&token, &people([1])).status, 401);

    let again = run(folder.path(), &["token", "revoke", "1"]);
    assert_eq!(again.status.code(), Some(1), "it was revoked before");
}

#[test]
fn revoked_token_is_refused_by_every_server_within_a_second() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let servers = [(); 2].map(|()| {
        let mut command = program(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        // Nobody reads the lines of hundreds of requests.
        Server::spawn(command.stderr(Stdio::null()))
    });
    let token = servers.iter().find_map(Server::first_token).unwrap();
    let list = "/v1/contacts?limit=1";
    for server in &servers {
        assert_eq!(server.get(list, &token).status, 200);
    }
    done(folder.path(), &["token", "revoke", "1", "--database-url", &url]);
    let revoked = Instant::now();
    for server in &servers {
        loop {
            let asked = revoked.elapsed();
            let status = server.get(list, &token).status;
            if status == 401 {
                break;
            }
            assert!(status == 200 && asked < Duration::from_secs(1), "{status} after {asked:?}");
        }
    }
}

#[test]
fn new_organization_is_usable_at_once() {
    let (folder, server, first) = served();
    done(folder.path(), &["organization", "create", "--id", "7", "--name", "Muster AG"]);
    let token = done(folder.path(), &["token", "create", "--organization", "7"]);
    let created = server.batch(&token, &people([1]));
    assert_eq!(each(&created, "/freshRow/version"), [1]);

    // Organizations do not share contacts.
    let other = server.batch(&first, &people([1]));
    assert_ne!(each(&other, "/freshRow/id"), each(&created, "/freshRow/id"));
    let foreign = server.post(
        BATCH,
        &[("WEAL-TOKEN", &first), ("TARGET-ORGANIZATION-ID", "7")],
        &people([2]),
    );
    assert_eq!(foreign.status, 403);
}

#[test]
fn organization_is_created_once() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["organization", "create", "--id", "7", "--name", "Muster AG"];
    done(folder.path(), &["migrate"]);
    done(folder.path(), &create);
    let again = run(folder.path(), &create);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(again.stderr).unwrap(),
        "contact-hub: organization 7 exists already; choose another --id\n"
    );
}

#[test]
fn keys_are_switched_while_a_server_runs() {
    let (folder, server, token) = served();
    server.batch(&token, &people(0..3));
    let set = |keys| ["organization", "set", "--id", "1", "--match-by", keys];
    let both: Vec<_> = [(); 2]
        .iter()
        .map(|()| program(folder.path()).args(set("phone")).spawn().unwrap())
        .collect();
    for mut child in both {
        assert!(child.wait().unwrap().success(), "switched on twice at once");
    }
    let listed = done(folder.path(), &["organization", "list"]);
    let expected = "ID  REGION  MATCH BY  RESPELLING  BEING FILLED  NAME
1   CH      phone     take        -             Organization 1";
    assert_eq!(listed, expected);
    done(folder.path(), &["check"]);

    let rename = ["organization", "set", "--id", "1", "--name", "Muster AG"];
    assert_eq!(done(folder.path(), &rename), "organization 1 is set");
    let keep = ["organization", "set", "--id", "1", "--respelling", "keep"];
    assert_eq!(done(folder.path(), &keep), "organization 1 is set");
    let expected = "ID  REGION  MATCH BY  RESPELLING  BEING FILLED  NAME
1   CH      phone     keep        -             Muster AG";
    assert_eq!(done(folder.path(), &["organization", "list"]), expected);
}

#[test]
fn server_finishes_filling_that_was_killed() {
    let (folder, server, token) = served();
    for thousand in 0..6 {
        let person = |id| json!({"contactType": "PERSON", "lastName": "Rochat", "phone": format!("+4179{id:07}")});
        let items: Vec<_> = (0..1000).map(|id| person(thousand * 1000 + id)).collect();
        assert_eq!(server.batch(&token, &json!(items).to_string()).status, 200);
    }
    drop(server);

    let file = Connection::open(folder.path().join("contact-hub.db")).unwrap();
    let filled = || -> (String, i64, i64) {
        let sql = "SELECT filling, filled_count, to_fill FROM organization";
        file.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    let with_phone = || -> i64 {
        let sql = "SELECT count(*) FROM contact WHERE phone IS NOT NULL";
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let set = ["organization", "set", "--id", "1", "--match-by", "email,phone"];
    let mut command = program(folder.path()).args(set).stderr(Stdio::null()).spawn().unwrap();
    while filled().1 == 0 {
        assert_eq!(command.try_wait().unwrap(), None);
    }
    command.kill().unwrap();
    command.wait().unwrap();
    let (keys, count, of) = filled();
    assert_eq!((keys.as_str(), of), ("phone", 6000));
    assert!(count < of, "it was killed too late");
    assert_eq!(with_phone(), count);

    let mut server = Server::start(folder.path());
    let mut log = server.errors.by_ref().lines().map(Result::unwrap);
    assert!(log.any(|line| line.contains("filled keys")));
    assert_eq!(filled().0, "none");
    assert_eq!(with_phone(), 6000);
    done(folder.path(), &["check"]);
}

#[test]
fn unknown_organization_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["migrate"]);
    let set = run(folder.path(), &["organization", "set", "--id", "9", "--match-by", "none"]);
    assert_eq!(set.status.code(), Some(1));
    let errors = String::from_utf8(set.stderr).unwrap();
    assert!(
        errors.starts_with("contact-hub: organization 9 does not exist; create it"),
        "{errors}"
    );
}

#[test]
fn phone_numbers_follow_the_region_of_the_organization() {
    let (folder, server, _) = served();
    let create = ["organization", "create", "--id", "49", "--name", "GmbH", "--region", "DE"];
    done(folder.path(), &create);
    let token = done(folder.path(), &["token", "create", "--organization", "49"]);
    let body =
        r#"[{"contactType":"PERSON","externalId":"A","lastName":"Maier","phone":"030 901820"}]"#;
    let answer = server.batch(&token, body);
    let details = each(&answer, "/errorCode/errorDetailValues");
    assert_eq!(details, [&Value::Array(Vec::new())], "it is a number of Berlin");
}

#[test]
fn tokens_are_listed_as_json() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["migrate"]);
    let create = ["token", "create", "--organization", "1", "--scope", "read", "--name", "look"];
    let token = done(folder.path(), &create);
    done(folder.path(), &["token", "create", "--scope", "admin", "--expires-in-days", "1"]);
    done(folder.path(), &["token", "revoke", "1"]);

    let listed = done(folder.path(), &["token", "list", "--json"]);
    let mut listed: Value = serde_json::from_str(&listed).unwrap();
    for time in ["/0/createdAt", "/0/revokedAt", "/1/createdAt", "/1/expiresAt"] {
        let time = listed.pointer_mut(time).unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
        *time = json!("");
    }
    let admin_prefix = listed[1]["prefix"].take();
    assert!(admin_prefix.as_str().unwrap().starts_with("chub_"));
    assert_eq!(
        listed,
        json!([
            {
                "id": 1, "prefix": token[..13], "name": "look", "isValid": false,
                "organizations": [1], "scopes": ["read"],
                "createdAt": "", "expiresAt": null, "revokedAt": "",
                "lastUsedAt": null, "replaces": null,
            },
            {
                "id": 2, "prefix": null, "name": "", "isValid": true,
                "organizations": "all", "scopes": ["admin"],
                "createdAt": "", "expiresAt": "", "revokedAt": null,
                "lastUsedAt": null, "replaces": null,
            },
        ])
    );
}

#[test]
fn token_is_stored_as_a_digest_only() {
    let (folder, server, first) = served();
    let create = ["token", "create", "--organization", "1", "--name", "nightly import"];
    let token = done(folder.path(), &create);
    assert!(token.strip_prefix("chub_").is_some_and(|bits| bits.len() == 64), "{token}");

    let listed = done(folder.path(), &["token", "list"]);
    assert!(listed.contains("nightly import"), "{listed}");
    server.stop();
    for secret in [first, token] {
        assert!(!listed.contains(&secret));
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("contact-hub.first-token") {
                continue;
            }
            let bytes = fs::read(path).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[test]
fn scopes_limit_a_token() {
    let (folder, server, _) = served();
    let token = |scope: &str| {
        done(folder.path(), &["token", "create", "--organization", "1", "--scope", scope])
    };
    assert_eq!(server.batch(&token("read"), &people([1])).status, 403);
    assert_eq!(server.batch(&token("read,write"), &people([1])).status, 200);
}

#[test]
fn admin_must_name_the_organization() {
    let (folder, server, _) = served();
    let token = done(folder.path(), &["token", "create", "--scope", "admin,read,write"]);
    assert_eq!(server.batch(&token, &people([1])).status, 400, "no organization is named");
    for (organization, status) in [("1", 200), ("2", 404)] {
        let headers = [("WEAL-TOKEN", token.as_str()), ("TARGET-ORGANIZATION-ID", organization)];
        assert_eq!(server.post(BATCH, &headers, &people([1])).status, status);
    }
}

#[test]
fn rotated_client_has_two_valid_tokens() {
    let (folder, server, first) = served();
    let second = done(folder.path(), &["token", "rotate", "1"]);
    for token in [&first, &second] {
        assert_eq!(server.batch(token, &people([1])).status, 200);
    }
    let third = run(folder.path(), &["token", "rotate", "2"]);
    assert_eq!(
        String::from_utf8(third.stderr).unwrap(),
        "contact-hub: token 2 replaces token 1, which is still valid; wait until that has expired, \
         or run `contact-hub token revoke 1`\n"
    );
    done(folder.path(), &["token", "revoke", "1"]);
    let third = done(folder.path(), &["token", "rotate", "2", "--keep-days", "0"]);
    assert_eq!(server.batch(&third, &people([1])).status, 200);
}

#[test]
fn last_use_of_a_token_is_listed() {
    let (folder, server, token) = served();
    done(folder.path(), &["token", "create", "--organization", "1"]);
    assert_eq!(server.batch(&token, &people([1])).status, 200);
    server.stop();
    let listed = done(folder.path(), &["token", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert!(listed[0]["lastUsedAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{listed}");
    assert_eq!(listed[1]["lastUsedAt"], Value::Null);
}
