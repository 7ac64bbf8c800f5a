//! The settings as a TOML file.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error};
use toml::{Spanned, Value};

use super::settings::{has_variable, no_setting, settings, variable};
use crate::failure::Failure;

/// Where a value comes from that nobody has set.
pub(super) const DEFAULT: &str = "default";

/// The settings of a TOML file.
#[derive(Debug, Default)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    /// The texts of each setting: several of one that may be repeated.
    values: BTreeMap<String, Vec<String>>,
}

impl SettingsFile {
    /// Reads a settings file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, or has an unknown key or a wrong value.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            let remedy = "name a TOML file with --config, or leave the flag out";
            Failure::because(format_args!("cannot read {shown}"), &error, remedy)
        })?;
        // Only the message of an error: the line may hold a password.
        let wrong = |start: usize, message: &str| {
            let line = text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1;
            let cause = format!("{shown} line {line}: {message}");
            Failure::new(cause, "correct the file; docs/contact-hub.toml shows every setting")
        };
        let table: BTreeMap<Spanned<String>, Spanned<Value>> = toml::from_str(&text)
            .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message()))?;
        let known = settings();
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let setting = known.iter().find(|setting| setting.get_id() == key.get_ref().as_str());
            let setting = setting.ok_or_else(|| {
                let names = known.iter().map(|setting| setting.get_id().as_str());
                wrong(key.span().start, &no_setting(key.get_ref(), names))
            })?;
            let start = value.span().start;
            let texts = texts(value.into_inner(), setting)
                .and_then(|texts| check(setting, &texts).map(|()| texts))
                .map_err(|message| wrong(start, &format!("`{}` {message}", key.get_ref())))?;
            values.insert(key.into_inner(), texts);
        }
        Ok(Self { path: path.to_owned(), values })
    }

    /// The command, and those below it, with the values of the file as defaults, over which variables
    /// and flags win.
    pub(crate) fn beneath(&self, command: Command) -> Command {
        self.beneath_settings(command, &settings())
    }

    fn beneath_settings(&self, command: Command, settings: &[Arg]) -> Command {
        let command = command.mut_args(|argument| {
            let id = argument.get_id().to_string();
            if !has_variable(&id, settings) {
                return argument;
            }
            let argument = argument.env(variable(&id));
            match self.values.get(&id) {
                Some(values) => argument.default_values(values.clone()),
                None => argument,
            }
        });
        command.mut_subcommands(|below| self.beneath_settings(below, settings))
    }

    /// Where the value of a setting comes from.
    pub(super) fn source(&self, id: &str, matches: &ArgMatches) -> String {
        match matches.value_source(id) {
            Some(ValueSource::CommandLine) => format!("--{}", id.replace('_', "-")),
            Some(ValueSource::EnvVariable) => variable(id),
            _ if self.values.contains_key(id) => self.path.display().to_string(),
            _ => DEFAULT.to_owned(),
        }
    }
}

/// The texts of a value, as a flag would have them.
fn texts(value: Value, setting: &Arg) -> Result<Vec<String>, String> {
    let parsed = setting.get_value_parser().type_id();
    let is_text = [TypeId::of::<String>(), TypeId::of::<PathBuf>()].iter().any(|id| parsed == *id);
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Integer(number) if !is_text => Ok(vec![number.to_string()]),
        Value::Boolean(flag) if !is_text => Ok(vec![flag.to_string()]),
        Value::Array(values) => {
            let texts: Result<Vec<_>, _> =
                values.into_iter().map(|value| texts(value, setting)).collect();
            Ok(texts?.concat())
        }
        other => Err(format!("cannot be of type {}", other.type_str())),
    }
}

/// Checks the texts as if they were given by flags.
fn check(setting: &Arg, texts: &[String]) -> Result<(), String> {
    let flag = setting.get_long().unwrap_or_default();
    let arguments = texts.iter().map(|text| format!("--{flag}={text}"));
    let command = Command::new("file").no_binary_name(true).arg(setting.clone());
    match command.try_get_matches_from(arguments) {
        Ok(_) => Ok(()),
        Err(error) => Err(reason(&error)),
    }
}

/// Why clap refuses a value, without the flag.
fn reason(error: &Error) -> String {
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => format!("cannot be `{value}`"),
        _ => "cannot be set like this".to_owned(),
    };
    match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => format!("{value}: {source}"),
        (None, Some(ContextValue::Strings(all))) => {
            format!("{value}; it is one of {}", all.join(", "))
        }
        _ => value,
    }
}
