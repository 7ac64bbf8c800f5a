//! Words that the project does not use: names that the glossary of docs/architecture.md replaces, and
//! `door` for an API.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use xtask::workspace::TextFile;

/// Names that may not occur in code; each has a word of the field.
const NAMES: &str = "
    Standing Likeness Own Mirror Received Whole Scalars Numbering Findings Flaw Subject Sealing World
    Sent Found Wanted Denied NewOrganizationError Setback Lessons Eagerness Terms Silence Exchange Rest
    Obstacle Hub Sight is_not_why is_not_in hear_out Patience Place Shelf Dice Door Doors door
    doors setback lessons sight patience obstacle dice
";

/// Names that may not occur in that folder.
const NAMES_IN_TREE: (&str, [&str; 2]) = ("crates/domain/src/tree", ["Role", "Merging"]);

/// What may follow the word in prose: a door panel is a `door`.
const PANELS: [&str; 6] = ["panel", "panels", "phone", "phones", "station", "monitors"];

/// Names in the code of Rust files, and words in comments and Markdown.
pub(super) fn check(files: &[TextFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        if file.extension() == "rs"
            && let Ok(tokens) = file.text.parse()
        {
            let mut names = BTreeSet::new();
            collect(tokens, &mut names);
            let found = names.iter().filter(|(_, name)| is_refused(name, &file.path));
            let of = |(line, name): &(usize, String)| {
                file.finding(*line, &format!("`{name}`: see the glossary of docs/architecture.md"))
            };
            findings.extend(found.map(of));
        }
        let is_prose = |line: &str| match file.extension() {
            "md" => true,
            "rs" => line.trim_start().starts_with("//"),
            _ => false,
        };
        let lines = file.lines().filter(|(_, line)| is_prose(line) && names_door(line));
        findings.extend(lines.map(|(line, _)| file.finding(line, "`door`: write API or contract")));
    }
    findings
}

fn is_refused(name: &str, path: &str) -> bool {
    let (tree, names) = &NAMES_IN_TREE;
    NAMES.split_whitespace().any(|refused| refused == name)
        || (path.starts_with(tree) && names.contains(&name))
}

/// The identifiers, each with its line.
fn collect(tokens: TokenStream, names: &mut BTreeSet<(usize, String)>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Ident(ident) => {
                names.insert((ident.span().start().line, ident.to_string()));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Whether the line has the word for something other than a door panel. Code in backticks is left out.
fn names_door(line: &str) -> bool {
    let prose = line.split('`').step_by(2).collect::<Vec<_>>().join(" code ");
    let words = prose.split(|c: char| !c.is_alphanumeric() && !"-:.\"".contains(c));
    let words = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>();
    words.iter().enumerate().any(|(place, word)| {
        let is_door = ["door", "doors"].contains(&word.trim_matches(['.', ':']));
        is_door
            && !words
                .get(place + 1)
                .is_some_and(|next| PANELS.contains(&next.trim_matches(['.', ':'])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_words_are_found() {
        for (path, text, is_found) in [
            ("crates/a.rs", "struct Hub;", true),
            ("crates/a.rs", "fn f() { g(Hub::new(\"x\")) }", true),
            ("crates/a.rs", "// Hub\nconst A: &str = \"Hub\";", false),
            ("crates/domain/src/tree/a.rs", "enum Role {}", true),
            ("crates/a.rs", "enum Role {}", false),
            ("crates/a.rs", "/// A door panel, or `door`.", false),
            ("crates/a.rs", "/// The front door.", true),
            ("docs/a.md", "At the door: an item.", true),
            ("docs/a.md", "Door monitors, sip:door@example.org", false),
        ] {
            let file = TextFile { path: path.into(), text: text.into() };
            assert_eq!(!check(&[file]).is_empty(), is_found, "{text}");
        }
    }
}
