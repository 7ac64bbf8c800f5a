//! The settings and their names.

use clap::{Arg, Args as _, Command};

use super::flags::{CONFIG, GlobalFlags, ServeFlags};

/// The arguments that are settings, in the order of the help.
pub(super) fn settings() -> Vec<Arg> {
    let serve = ServeFlags::augment_args(Command::new("serve"));
    let global = GlobalFlags::augment_args(Command::new("global"));
    let all = global.get_arguments().chain(serve.get_arguments());
    all.filter(|setting| setting.get_id() != CONFIG).cloned().collect()
}

/// The variable of a setting, or of the settings file.
pub(super) fn variable(id: &str) -> String {
    format!("CONTACT_HUB_{}", id.to_ascii_uppercase())
}

/// Whether an argument is read from a variable: a setting, or the name of the settings file.
pub(super) fn has_variable(id: &str, settings: &[Arg]) -> bool {
    id == CONFIG || settings.iter().any(|setting| setting.get_id() == id)
}

/// What is wrong with those of these variables that look like a setting and are none.
pub(crate) fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = settings();
    let known = known.iter().map(|setting| setting.get_id().as_str()).chain([CONFIG]);
    let known: Vec<String> = known.map(variable).collect();
    let unknown = names.filter(|name| name.starts_with(&variable("")) && !known.contains(name));
    unknown.map(|name| no_setting(&name, known.iter().map(String::as_str))).collect()
}

/// That there is no such setting, and which one may have been meant.
pub(super) fn no_setting<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let distance = |other: &&str| strsim::levenshtein(name, other);
    let closest = known.min_by_key(distance);
    match closest.filter(|closest| distance(closest) <= 2) {
        Some(closest) => format!("there is no setting `{name}`; did you mean `{closest}`?"),
        None => format!("there is no setting `{name}`"),
    }
}
