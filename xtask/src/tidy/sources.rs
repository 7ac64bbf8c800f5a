//! The names and sizes of files, and faults of single lines.

use xtask::workspace::TextFile;

/// 150 to 400 lines is a normal file; a longer one than this has to be split.
const MOST_LINES: usize = 500;

/// Names that do not describe the contents.
const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"];

/// Endings of type names that add nothing, or belong to another layer.
const EMPTY_ENDINGS: [&str; 6] = ["Dto", "Entity", "Impl", "Manager", "Helper", "Utils"];

/// Folders of a developer's machine, split so that this file may contain them.
const MACHINE_FOLDERS: [&str; 4] =
    [concat!("/home", "/"), concat!("/root", "/"), concat!("/Users", "/"), concat!("/work", "/")];

pub(super) fn check(files: &[TextFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !is_generated(file)) {
        for (number, line) in file.lines() {
            if line.ends_with([' ', '\t']) {
                findings.push(file.finding(number, "white space at the end"));
            }
            if MACHINE_FOLDERS.iter().any(|folder| names_folder(line, folder)) {
                findings.push(file.finding(number, "a path of a developer's machine"));
            }
        }
        // Requests are data, byte for byte.
        let is_data = file.extension() == "json";
        if !is_data && !file.text.is_empty() && !file.text.ends_with('\n') {
            findings.push(file.finding(file.text.lines().count(), "no new line at the end"));
        }
        if file.extension() == "rs" {
            findings.extend(check_source(file));
        }
    }
    findings
}

fn check_source(file: &TextFile) -> Vec<String> {
    let mut findings = Vec::new();
    let mut parts = file.path.split('/').map(|part| part.trim_end_matches(".rs"));
    if let Some(name) = parts.find(|part| EMPTY_NAMES.contains(part)) {
        findings.push(file.finding(1, &format!("`{name}` does not describe the contents")));
    }
    if file.path.ends_with("/mod.rs") {
        findings.push(file.finding(1, "name it after its folder and put it beside it, not mod.rs"));
    }
    let lines = file.text.lines().count();
    let is_product = file.path.starts_with("crates/") && file.path.contains("/src/");
    if is_product && lines > MOST_LINES && !file.path.ends_with("schema.rs") {
        findings.push(file.finding(lines, &format!("more than {MOST_LINES} lines; split it")));
    }
    for (number, line) in file.lines() {
        if let Some(name) = declared_type(line)
            && EMPTY_ENDINGS.iter().any(|ending| name.ends_with(ending))
        {
            findings.push(file.finding(number, &format!("`{name}`: a bare noun is enough")));
        }
    }
    findings
}

/// Whether an absolute path starts with the folder: not a route, and not a part of another path.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-*".contains(c))
    })
}

fn declared_type(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let keyword = words.next()?;
    let name = words.next().filter(|_| ["struct", "enum", "trait", "type"].contains(&keyword))?;
    name.split(|c: char| !c.is_alphanumeric()).next()
}

fn is_generated(file: &TextFile) -> bool {
    file.path.ends_with("Cargo.lock") || file.path.ends_with(".snap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_found() {
        let machine = format!("let path = \"{}someone/x\";\n", MACHINE_FOLDERS[0]);
        let long = "\n".repeat(MOST_LINES + 1);
        for (path, text, fault) in [
            ("docs/a.md", "text \n", "white space"),
            ("docs/a.md", "text", "no new line"),
            ("crates/server/src/a.rs", machine.as_str(), "developer's machine"),
            ("crates/server/src/utils.rs", "\n", "does not describe"),
            ("crates/server/tests/common/a.rs", "\n", "does not describe"),
            ("crates/server/src/a/mod.rs", "\n", "not mod.rs"),
            ("crates/server/src/a.rs", long.as_str(), "split it"),
            ("crates/server/src/a.rs", "pub(crate) struct ContactDto {\n", "a bare noun"),
        ] {
            let found = check(&[TextFile { path: path.into(), text: text.into() }]);
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert!(found[0].contains(fault), "{found:?}");
        }
    }

    #[test]
    fn sound_file_passes() {
        let text = "struct Contact;\n// GET /v1/work/7 and https://example.org/home/ are routes\n";
        let file = TextFile { path: "crates/server/src/contact.rs".into(), text: text.into() };
        assert_eq!(check(&[file]), Vec::<String>::new());
    }
}
