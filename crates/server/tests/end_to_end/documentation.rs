//! The documented commands and settings.

use serde_json::Value;

use super::program::{done, served};

const README: &str = include_str!("../../../../README.md");
const SETTINGS: &str = include_str!("../../../../docs/contact-hub.toml");

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
