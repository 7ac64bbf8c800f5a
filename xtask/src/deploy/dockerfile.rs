//! The Dockerfile: its instructions, as far as the checks need them.

use anyhow::{Context as _, Result, ensure};
use xtask::workspace;

/// A stage: its instructions, from `FROM` on.
pub(super) struct Stage(Vec<(String, String)>);

/// The stage that builds, and the one that is the image.
pub(super) fn read() -> Result<[Stage; 2]> {
    let text = workspace::shell()?.read_file("docs/deploy/Dockerfile")?;
    let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let mut stages: Vec<Stage> = Vec::new();
    for line in lines.replace("\\\n", " ").lines().filter(|line| !line.is_empty()) {
        let (instruction, rest) = line.split_once(' ').context(line.to_owned())?;
        if instruction == "FROM" {
            stages.push(Stage(Vec::new()));
        }
        let stage = stages.last_mut().context("the Dockerfile does not begin with FROM")?;
        stage.0.push((instruction.to_owned(), rest.trim().to_owned()));
    }
    let count = stages.len();
    stages.try_into().ok().with_context(|| format!("the Dockerfile has {count} stages, not 2"))
}

impl Stage {
    /// What follows each instruction of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, rest)| rest.as_str())
    }

    /// What follows the only instruction of that name.
    pub(super) fn one(&self, name: &str) -> Result<&str> {
        let found: Vec<_> = self.all(name).collect();
        let [only] = *found else { anyhow::bail!("a stage has {} times {name}", found.len()) };
        Ok(only)
    }

    /// The variables of `ENV`.
    pub(super) fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all("ENV").flat_map(str::split_whitespace).filter_map(|set| set.split_once('='))
    }

    /// The command of an instruction, in its form without a shell.
    pub(super) fn command(&self, name: &str) -> Result<Vec<String>> {
        let text = self.one(name)?;
        let begin = text.find('[').with_context(|| format!("{name} needs a shell: {text}"))?;
        let command: Vec<String> = serde_json::from_str(text.split_at(begin).1)?;
        ensure!(!command.is_empty(), "{name} has no command");
        Ok(command)
    }
}
