//! The dashboard: that Grafana can show each panel, as far as its file says.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use xshell::cmd;
use xtask::workspace;

/// Checks what each panel needs, has Prometheus parse every expression, and looks for variables that
/// nothing declares.
pub(super) fn run() -> Result<()> {
    let shell = workspace::shell()?;
    let file_text = shell.read_file("docs/deploy/grafana.json")?;
    let dashboard: Value = serde_json::from_str(&file_text)?;
    let declared: Vec<_> =
        list(&dashboard, "/templating/list").map(|it| text(it, "/name")).collect();
    for variable in variables(&file_text) {
        // Those of Grafana itself begin with two underscores.
        let is_known = variable.starts_with("__") || declared.contains(&Some(variable));
        ensure!(is_known, "the dashboard uses the variable {variable}, and does not declare it");
    }

    let (mut rules, mut ids) = (Vec::new(), BTreeSet::new());
    for panel in list(&dashboard, "/panels") {
        let title = text(panel, "/title").context("a panel has no title")?;
        let id = panel.pointer("/id").and_then(Value::as_u64);
        ensure!(id.is_some() && ids.insert(id), "the panel {title} has no id of its own");
        let is_placed = ["x", "y", "w", "h"]
            .iter()
            .all(|side| panel.pointer(&format!("/gridPos/{side}")).is_some_and(Value::is_u64));
        let is_complete =
            text(panel, "/type").is_some() && text(panel, "/datasource/uid").is_some();
        ensure!(is_placed && is_complete, "the panel {title} lacks its type, source or place");
        ensure!(list(panel, "/targets").count() > 0, "the panel {title} shows nothing");
        for target in list(panel, "/targets") {
            let expression = text(target, "/expr").with_context(|| format!("{title}: no expr"))?;
            // A duration where Grafana puts one, a text elsewhere.
            let expression = expression.replace("$__rate_interval", "5m").replace('$', "");
            rules.push(json!({"record": format!("panel:{}", rules.len()), "expr": expression}));
        }
    }
    ensure!(!rules.is_empty(), "the dashboard has no panel");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rules.yaml");
    // JSON is YAML.
    let groups = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    shell.write_file(&file, groups.to_string())?;
    Ok(cmd!(shell, "promtool check rules {file}").run()?)
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The variables in a text, `$name` or `${name}`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
        rest.split(|character| !is_part(character)).next().unwrap_or_default()
    })
}
