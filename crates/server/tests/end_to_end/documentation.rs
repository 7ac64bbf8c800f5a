//! The documented commands and settings.

use serde_json::Value;

use std::fs;
use std::path::Path;
use std::process::Command;

use contacts_adapters_postgres::testing::TestDatabase;

use super::program::{Server, done, served};

const README: &str = include_str!("../../../../README.md");
const SETTINGS: &str = include_str!("../../../../docs/contact-hub.toml");

const OPERATING: &str = include_str!("../../../../docs/operating.md");
const DASHBOARD: &str = include_str!("../../../../docs/deploy/grafana.json");
const ALERTS: &str = include_str!("../../../../docs/deploy/alerts.yaml");

/// The first code block of that language that contains `text`.
fn block(language: &str, text: &str) -> &'static str {
    let blocks = README.split("\n```").skip(1).step_by(2);
    let mut blocks = blocks.filter_map(|block| block.strip_prefix(language));
    blocks.find(|block| block.contains(text)).expect(text)
}

#[test]
fn readme_batch_gets_the_answer_shown() {
    let (_folder, server, token) = served();
    let command = block("sh", "curl ")
        .replace("127.0.0.1:8080", &server.address.to_string())
        .replace("chub_…", &token);
    let mut answer = server.curl(&command).body;
    let mut shown: Value = serde_json::from_str(block("json", "freshData")).unwrap();
    for body in [&mut answer, &mut shown] {
        let time = body.pointer_mut("/items/0/freshRow/updatedAt").unwrap();
        assert!(time.take().is_string());
    }
    assert_eq!(shown, answer);
}

#[test]
fn readme_device_request_gets_the_answer_shown() {
    let (_folder, server, token) = served();
    let command = block("sh", "list_items")
        .replace("127.0.0.1:8080", &server.address.to_string())
        .replace("chub_…", &token);
    let shown: Value = serde_json::from_str(block("json", "extended_info")).unwrap();
    assert_eq!(server.curl(&command).body, shown);
}

#[test]
fn readme_dry_run_and_undo_get_the_answers_shown() {
    let (_folder, server, token) = served();
    let send = |block: &str| {
        let address = server.address.to_string();
        server.curl(&block.replace("127.0.0.1:8080", &address).replace("chub_…", &token)).body
    };
    let shown = |text| serde_json::from_str::<Value>(block("json", text)).unwrap();
    send(block("sh", "curl "));
    let dry_run = block("sh", "dryRun");
    assert_eq!(send(dry_run), shown("\"run\": null"));
    assert_eq!(send(&dry_run.replace("?dryRun=true", ""))["run"], 2);
    assert_eq!(send(block("sh", "/undo")), shown("reverted"));
}

#[test]
fn settings_file_lists_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let help = done(folder.path(), &["serve", "--help"]);
    let words = help.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let settings = words.filter_map(|word| word.strip_prefix("CONTACT_HUB_"));
    let settings = settings.filter(|setting| *setting != "CONFIG").collect::<Vec<_>>();
    assert!(settings.len() > 5, "{help}");
    for setting in settings {
        let key = format!("{} = ", setting.to_ascii_lowercase());
        assert!(SETTINGS.contains(&key), "docs/contact-hub.toml lacks {key}");
    }
}

#[test]
fn manual_explains_settings_and_shows_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hub.toml"), "database_url = 'postgres://u:secret@h/d'").unwrap();
    done(folder.path(), &["man", "share/man1", "--config", "hub.toml"]);
    let page = |name| fs::read_to_string(folder.path().join("share/man1").join(name)).unwrap();
    assert!(page("contact-hub.1").contains("CONTACT_HUB_DATABASE_URL"));
    for name in ["contact-hub.1", "contact-hub-serve.1", "contact-hub-token-create.1"] {
        assert!(!page(name).contains("secret"), "{name}");
    }
}

#[test]
fn operating_page_runs_from_top_to_bottom() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let blocks = OPERATING.split("\n```").skip(1).step_by(2);
    let blocks: Vec<_> = blocks.filter_map(|block| block.strip_prefix("sh\n")).collect();
    let script = blocks.join("\n").replace("postgres://hub@db.example.org/contacts", &url);
    let program = Path::new(env!("CARGO_BIN_EXE_contact-hub")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-eux", "-c", &script]).current_dir(folder.path());
    let output = shell.env_clear().env("PATH", path).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("everything is copied, and equal"), "{printed}");
}

#[test]
fn dashboard_and_alerts_name_metrics_that_exist() {
    let database = TestDatabase::empty();
    let mut existing = String::new();
    for arguments in [&[][..], &["--database-url", &database.url()]] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start_with(folder.path(), arguments, &[]);
        let token = server.first_token().unwrap();
        server.batch(&token, r#"[{"contactType": "PERSON", "lastName": "Abt"}, {}]"#);
        existing += &server.text("/metrics");
    }
    // Only with TLS, see `tls.rs`.
    existing += " contact_hub_certificate_expiry_seconds ";
    let existing: Vec<_> = existing.split(['{', ' ', '\n']).collect();
    let is_part = |character: char| character.is_ascii_lowercase() || character == '_';
    let named = [DASHBOARD, ALERTS].map(|file| file.split(|character| !is_part(character)));
    let named = named.into_iter().flatten().filter(|word| word.starts_with("contact_hub_"));
    let named: Vec<_> = named.collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(existing.contains(&name), "there is no metric {name}");
    }
}
