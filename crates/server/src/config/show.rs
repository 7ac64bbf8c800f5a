//! `contact-hub config`.

use std::net::ToSocketAddrs as _;

use clap::builder::StyledStr;
use clap::{Arg, ArgMatches, Args, Subcommand};

use super::file::{DEFAULT, SettingsFile};
use super::flags::ServeFlags;
use super::settings::{settings, unknown_variables};
use crate::certificate::CertificateFiles;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::printing;

/// The commands of `contact-hub config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show each setting, its value and where that comes from; without passwords
    Show(ShowSettings),
    /// Check the settings, without a server or a database; the exit code is 0 if they are valid
    Check(ShowSettings),
    /// Print a settings file that explains every setting and holds the defaults
    Sample,
}

/// The arguments of `contact-hub config show` and `check`: those of every command and of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ShowSettings {
    #[command(flatten)]
    serve: ServeFlags,
}

/// Prints a table of the settings that these arguments lead to.
///
/// # Errors
///
/// If standard output is closed.
pub(crate) fn show(matches: &ArgMatches, file: &SettingsFile) -> Result<(), Failure> {
    let head = ["SETTING", "VALUE", "FROM"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(rows(matches, file)).collect();
    printing::print(&printing::table(&rows))
}

/// Checks what reading the settings has not: that no variable is unknown, that the certificate belongs
/// to its key, and that the addresses are known to this machine.
///
/// # Errors
///
/// If one is not, or standard output is closed.
pub(crate) fn check(
    settings: ShowSettings,
    variables: impl Iterator<Item = String>,
) -> Result<(), Failure> {
    let unknown = unknown_variables(variables);
    if !unknown.is_empty() {
        return Err(Failure::new(unknown.join("; "), "correct or remove the variable"));
    }
    let settings = settings.serve.settings();
    let [certificate, key] = settings.tls;
    if let Some(files) = CertificateFiles::of(certificate, key)? {
        files.read()?;
    }
    for listen in [Some(settings.listen), settings.metrics_listen].into_iter().flatten() {
        let found = listen.to_socket_addrs().map(|mut found| found.next().is_some());
        match found {
            Ok(true) => {}
            Ok(false) => {
                return Err(Failure::new(format!("{listen} is no address"), ADDRESS));
            }
            Err(error) => {
                return Err(Failure::because(
                    format_args!("cannot listen on {listen}"),
                    &error,
                    ADDRESS,
                ));
            }
        }
    }
    printing::print("the settings are valid")
}

/// What an address looks like.
const ADDRESS: &str = "name one as HOST:PORT";

/// The settings that are not the default, for the log: `max_items=500, …`.
pub(crate) fn changed(matches: &ArgMatches, file: &SettingsFile) -> String {
    let changed = rows(matches, file).filter(|[_, _, source]| source != DEFAULT);
    changed.map(|[id, value, _]| format!("{id}={value}")).collect::<Vec<_>>().join(", ")
}

/// Each setting, its value and where that comes from.
fn rows(matches: &ArgMatches, file: &SettingsFile) -> impl Iterator<Item = [String; 3]> {
    settings().into_iter().map(|setting| {
        let id = setting.get_id().as_str();
        let texts = matches.get_raw(id).into_iter().flatten();
        let texts = texts.map(|text| shown(id, &text.to_string_lossy())).collect::<Vec<_>>();
        [id.to_owned(), texts.join(","), file.source(id, matches)]
    })
}

/// A value without a password.
fn shown(id: &str, text: &str) -> String {
    if !id.ends_with("database_url") {
        return text.to_owned();
    }
    text.parse::<DatabaseUrl>().map_or_else(|_| "…".to_owned(), |url| url.without_password())
}

/// The widest line of a settings file.
const WIDTH: usize = 100;

const INTRODUCTION: &str = "\
Every setting of contact-hub with its default. Name a file like this with `--config FILE` or \
CONTACT_HUB_CONFIG; an unknown key is an error. Each setting is also a flag (`--max-items`) and a \
variable (CONTACT_HUB_MAX_ITEMS): flags win over variables, and variables over the file. Those of \
the database and of the log apply to every command, the others to `contact-hub serve`.";

/// A settings file with the defaults. Each comment is the help of the setting.
pub(crate) fn sample() -> String {
    let mut text = comment(INTRODUCTION);
    for setting in settings() {
        text.push('\n');
        let help = setting.get_long_help().or(setting.get_help()).map(StyledStr::to_string);
        let mut help = help.unwrap_or_default().replace("\n\n", ". ");
        let unit = unit(&setting);
        if ["SECONDS", "BYTES"].contains(&unit) && !help.contains("per second") {
            help = format!("{help}; in {}", unit.to_lowercase());
        }
        let all = values(&setting);
        if !all.is_empty() {
            help = format!("{help}; one of {all}");
        }
        text.push_str(&comment(&format!("{}.", help.trim_end_matches('.'))));
        text.push_str(&line(&setting));
    }
    text
}

fn comment(text: &str) -> String {
    let lines = textwrap::wrap(text, WIDTH - 2);
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

fn unit(setting: &Arg) -> &str {
    setting.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str())
}

/// The values that a setting may have, if they are few.
fn values(setting: &Arg) -> String {
    let all = setting.get_possible_values();
    let all = all.iter().map(|value| match value.get_help() {
        Some(help) => format!("\"{}\" ({})", value.get_name(), uncapitalized(&help.to_string())),
        None => format!("\"{}\"", value.get_name()),
    });
    if unit(setting) == "BOOL" { String::new() } else { all.collect::<Vec<_>>().join(", ") }
}

fn uncapitalized(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + rest
}

/// The line that sets the default; a comment where there is none.
fn line(setting: &Arg) -> String {
    let key = setting.get_id();
    let default = setting.get_default_values().first().map(|text| text.to_string_lossy());
    match default {
        Some(text) if text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() => {
            format!("{key} = {text}\n")
        }
        Some(text) => format!("{key} = \"{text}\"\n"),
        None if unit(setting) == "N" => format!("# {key} = {}\n", unit(setting)),
        None => format!("# {key} = \"{}\"\n", unit(setting)),
    }
}
