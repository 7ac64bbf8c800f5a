//! What anybody may send to contact-hub, as functions of bytes. Each panics if a promise is broken.
//!
//! `cargo xtask fuzz` has libFuzzer look for such bytes, `cargo fuzz` too. The test below runs the
//! functions on the committed corpus: with what was found before, on every machine.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a promise that is broken ends the program"
)]

mod app;
mod domain;
mod native;
mod others;

/// A function of bytes that somebody sent.
pub type Target = fn(&[u8]);

/// Every target, by the name of its program and of its corpus.
pub const TARGETS: [(&str, Target); 10] = [
    ("batch", native::batch),
    ("cursor", native::cursor),
    ("device_filter", others::device_filter),
    ("idempotency_key", native::idempotency_key),
    ("item", domain::item),
    ("json_patch", native::json_patch),
    ("merging", native::merging),
    ("postgres_url", others::postgres_url),
    ("prefer", others::prefer),
    ("stream", native::stream),
];

/// Runs the target of that name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.expect("a target of this name");
    target(data);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_target_has_its_program_and_corpus() {
        let names = TARGETS.map(|(name, _)| name.to_owned());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
        let programs = manifest.split("\n[[bin]]\n").skip(1);
        let programs: Vec<String> =
            programs.map(|program| program.lines().take(2).collect()).collect();
        let expected = names.each_ref().map(|name| {
            let path = format!("fuzz_targets/{name}.rs");
            let program = fs::read_to_string(folder.join(&path)).expect(name);
            assert!(program.contains(&format!("run({name:?}, data)")), "{name}");
            format!("name = {name:?}path = {path:?}")
        });
        assert_eq!(programs, expected);
        let mut corpora: Vec<_> = fs::read_dir(folder.join("corpus"))
            .expect("the corpus")
            .map(|corpus| corpus.expect("a folder").file_name().into_string().expect("a name"))
            .collect();
        corpora.sort_unstable();
        assert_eq!(corpora, names);
    }

    #[test]
    fn corpus_breaks_no_promise() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
        for (name, target) in TARGETS {
            let inputs: Vec<_> = fs::read_dir(corpus.join(name)).expect(name).collect();
            assert!(!inputs.is_empty(), "{name} has no corpus");
            for input in inputs {
                let path = input.expect(name).path();
                eprintln!("{}", path.display());
                target(&fs::read(&path).expect(name));
            }
        }
    }
}
