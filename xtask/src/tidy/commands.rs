//! Every command that Markdown names exists: the verbs of `cargo xtask` and the subcommands of
//! `contact-hub`, in prose and in blocks.

use std::collections::BTreeMap;

use clap::CommandFactory;
use xtask::Failure;
use xtask::command::Step;
use xtask::workspace::TextFile;

use super::links::code_spans;
use crate::Menu;

/// The commands that are named and do not exist.
pub(super) fn check(files: &[TextFile]) -> Result<Vec<String>, Failure> {
    let named = named(files);
    let menu = Menu::command();
    let mut findings = Vec::new();
    for (command, places) in &named {
        let exists = match command.split_once(' ') {
            Some(("xtask", verb)) => menu.find_subcommand(verb).is_some(),
            Some(("contact-hub", subcommand)) => has_subcommand(subcommand)?,
            _ => true,
        };
        if !exists {
            let findings_of = places.iter().map(|place| format!("{place}: no command `{command}`"));
            findings.extend(findings_of);
        }
    }
    Ok(findings)
}

/// Asks the server for the help of that subcommand: nobody knows better what it understands.
fn has_subcommand(words: &str) -> Result<bool, Failure> {
    Step::cargo(["run", "--quiet", "--package", "contact-hub", "--"])
        .arguments(words.split(' '))
        .arguments(["--help"])
        .succeeds()
}

/// `xtask VERB` and `contact-hub SUBCOMMAND` to where each is named.
fn named(files: &[TextFile]) -> BTreeMap<String, Vec<String>> {
    let mut named = BTreeMap::<_, Vec<_>>::new();
    for file in files.iter().filter(|file| file.extension() == "md") {
        let mut fenced = false;
        for (number, line) in file.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            let snippets = if fenced { vec![line] } else { code_spans(line).collect() };
            for command in snippets.into_iter().filter_map(command) {
                named.entry(command).or_default().push(format!("{}:{number}", file.path));
            }
        }
    }
    named
}

/// The command that a snippet calls, without what follows the subcommand.
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
    fn commands_are_told_from_other_text() {
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
    fn a_verb_that_does_not_exist_is_found() {
        let text = "Run `cargo xtask tidy`, then:\n\n```sh\ncargo xtask frobnicate\n```\n";
        let file = TextFile { path: "README.md".into(), text: text.into() };
        assert_eq!(check(&[file]).unwrap(), ["README.md:4: no command `xtask frobnicate`"]);
    }
}
