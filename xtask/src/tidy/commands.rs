//! Commands that Markdown names exist: the verbs of `cargo xtask` and the subcommands of
//! `contact-hub`, in prose and in blocks.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Command;
use xshell::cmd;
use xtask::workspace::{self, TextFile};

use super::markdown::{code_spans, lines};

/// The named commands that do not exist.
pub(super) fn check(menu: &Command, files: &[TextFile]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (command, places) in &named(files) {
        let exists = match command.split_once(' ') {
            Some(("xtask", verb)) => menu.find_subcommand(verb).is_some(),
            Some(("contact-hub", subcommand)) => has_subcommand(subcommand)?,
            _ => true,
        };
        if !exists {
            findings.extend(places.iter().map(|place| format!("{place}: no command `{command}`")));
        }
    }
    Ok(findings)
}

/// Asks the server for the help of that subcommand.
fn has_subcommand(words: &str) -> Result<bool> {
    let shell = workspace::shell()?;
    let help = cmd!(shell, "cargo run --quiet --package contact-hub --").args(words.split(' '));
    Ok(help.arg("--help").quiet().ignore_status().output()?.status.success())
}

/// `xtask VERB` and `contact-hub SUBCOMMAND`, each with the places that name it.
fn named(files: &[TextFile]) -> BTreeMap<String, Vec<String>> {
    let mut named = BTreeMap::<_, Vec<_>>::new();
    for line in lines(files) {
        let snippets =
            if line.is_fenced { vec![line.text] } else { code_spans(line.text).collect() };
        for command in snippets.into_iter().filter_map(command) {
            named.entry(command).or_default().push(format!("{}:{}", line.file.path, line.number));
        }
    }
    named
}

/// The command that a snippet calls, up to its subcommand.
fn command(snippet: &str) -> Option<String> {
    let mut words = snippet.trim_start().trim_start_matches("$ ").split_whitespace();
    let program = words.next()?;
    let (name, depth) = match program.rsplit('/').next()? {
        "cargo" if words.next() == Some("xtask") => ("xtask", 1),
        "contact-hub" => ("contact-hub", 2),
        _ => return None,
    };
    let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let words = words.take_while(is_word).filter(|word| !word.starts_with('-')).take(depth);
    let words = words.collect::<Vec<_>>();
    (!words.is_empty()).then(|| format!("{name} {}", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_recognized() {
        for (snippet, found) in [
            ("cargo xtask codegen rules", Some("xtask codegen")),
            ("$ cargo xtask test --store sqlite", Some("xtask test")),
            ("cargo test", None),
            ("./target/release/contact-hub token revoke 3", Some("contact-hub token revoke")),
            ("contact-hub organization create --id N", Some("contact-hub organization create")),
            ("contact-hub --config FILE serve", None),
            ("contact-hub", None),
        ] {
            assert_eq!(command(snippet).as_deref(), found, "{snippet}");
        }
    }

    #[test]
    fn missing_verb_is_found() {
        let text = "Run `cargo xtask tidy`, then:\n\n```sh\ncargo xtask frobnicate\n```\n";
        let file = TextFile { path: "README.md".into(), text: text.into() };
        let menu = Command::new("xtask").subcommand(Command::new("tidy"));
        assert_eq!(check(&menu, &[file]).unwrap(), ["README.md:4: no command `xtask frobnicate`"]);
    }
}
