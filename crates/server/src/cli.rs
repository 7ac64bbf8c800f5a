//! The command line.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;
use tokio::runtime;

use crate::commands::backup::MakeBackup;
use crate::commands::check::CheckDatabase;
use crate::commands::copy::CopyDatabase;
use crate::commands::health::CheckHealth;
use crate::commands::migrate::Migrate;
use crate::commands::organization::{CreateOrganization, SetOrganization};
use crate::commands::token::{CreateToken, ListTokens, RevokeToken, RotateToken};
use crate::commands::{backup, check, copy, health, migrate, organization, token};
use crate::config::{self, ConfigCommand, GlobalFlags, ServeFlags, SettingsFile};
use crate::failure::Failure;
#[cfg(feature = "otlp")]
use crate::traces::Traces;
use crate::version::version;
use crate::{clock, logging, printing, serve};

/// Takes the contacts of many organizations in bulk and answers each with one exact result
///
/// Without a command, it serves the SQLite file contact-hub.db of the working directory on
/// 127.0.0.1:8080. The other commands but `copy` also work while a server runs, which sees their
/// changes within a second.
#[derive(Debug, Parser)]
#[command(
    name = "contact-hub",
    version = version(),
    after_help = "Every option can be a CONTACT_HUB_* variable or a line of a TOML file instead; \
                  options win over variables, and variables over the file."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: GlobalFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM or Ctrl-C (the default command)
    ///
    /// On a new database, the server creates organization 1 and a first token. It prints the token
    /// if standard output is a terminal; otherwise it prints the path of a file that only its user
    /// can read: DATABASE.first-token. When it accepts requests, it prints its address: `listening on http://ADDR`. After
    /// SIGTERM or Ctrl-C the requests in flight may finish; a second one ends it at once.
    Serve(ServeFlags),
    /// Create the schema of the database or bring it up to date, and print what was done
    Migrate(Migrate),
    /// Add, list and change organizations, the tenants that contacts belong to
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Create, list, rotate and revoke tokens, which authenticate requests
    #[command(subcommand)]
    Token(TokenCommand),
    /// Copy a SQLite database into a file, also while a server runs
    ///
    /// The copy holds what was committed at one moment. FILE appears when the copy is complete,
    /// checked and safe from power loss; an existing file is never replaced. It refuses PostgreSQL and
    /// says how to run `pg_dump`.
    Backup(MakeBackup),
    /// Copy a database to a new one of any kind, offline
    ///
    /// Stop the servers first: while it is copied, nobody can write to either database. All is copied
    /// in one transaction, with ids, tokens, history and feed tokens, read back and compared;
    /// interrupted, it has copied nothing and may be run again. It prints the number of rows and a
    /// hash of each organization.
    Copy(CopyDatabase),
    /// Compare every contact with its document, also while a server runs
    ///
    /// The search columns, the relations and the intercom entry of a contact follow from its
    /// document. The command prints a line for each that differs. The exit code is 0 if no
    /// difference is left, and 1 otherwise.
    Check(CheckDatabase),
    /// Ask the server of this machine whether it is up; for health checks of containers
    Health(CheckHealth),
    /// Show or check the settings, or print a file that explains them
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual, a page for each command, into a folder, made if it is missing
    Man {
        /// The folder, such as /usr/local/share/man/man1
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum OrganizationCommand {
    /// Add an organization
    Create(CreateOrganization),
    /// List the organizations with their settings, and the keys that are being filled
    List,
    /// Change an organization, also while servers run
    ///
    /// A key that is switched on is filled for every contact, one that is switched off is emptied, and
    /// a new region fills the phone keys anew. That may be interrupted: a server, or the same command,
    /// goes on where it ended. Until it is done, requests that match by the key are refused.
    Set(SetOrganization),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token and print it, alone, on standard output; only its digest is stored
    Create(CreateToken),
    /// List the tokens, oldest first, by their first characters
    List(ListTokens),
    /// Replace a token by a new one with the same rights, and print that, alone, on standard output
    ///
    /// The old token stays valid for a while, so that its client can change over without a gap. A
    /// client has at most two valid tokens.
    Rotate(RotateToken),
    /// Revoke a token; a running server refuses it within a second
    Revoke(RevokeToken),
}

/// Runs the command of the command line. Clap prints an error in the call itself and ends the
/// program with 2.
///
/// # Errors
///
/// If the command fails.
pub(crate) fn run() -> Result<(), Failure> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let parse = |file: &SettingsFile| {
        let matches = parse(&arguments, file).unwrap_or_else(|error| error.exit());
        let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        (matches, cli)
    };
    // First for the name of the settings file, then with its settings.
    let file = parse(&SettingsFile::default()).1.global.file()?;
    let (matches, Cli { global, command }) = parse(&file);
    let settings = global.settings()?;
    // It is exported until the end of the command.
    #[cfg(feature = "otlp")]
    let traces = match &command {
        Some(Command::Serve(flags)) => flags.otlp_endpoint().map(Traces::start).transpose()?,
        _ => None,
    };
    #[cfg(feature = "otlp")]
    let exported = traces.as_ref().map(Traces::layer);
    #[cfg(not(feature = "otlp"))]
    let exported = None;
    logging::start(&settings.log, settings.log_format, exported)?;
    let variables = || env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for message in config::unknown_variables(variables()) {
        tracing::warn!("{message}");
    }
    clock::check()?;
    let command = command.unwrap_or_else(|| {
        let message = "a command is missing";
        Cli::command().error(ErrorKind::MissingSubcommand, message).exit()
    });
    match command {
        Command::Serve(flags) => {
            let matches = matches.subcommand_matches("serve").unwrap_or(&matches);
            let changed = config::changed(matches, &file);
            runtime(runtime::Builder::new_multi_thread())?.block_on(serve::run(
                &settings.database,
                flags.settings(),
                &changed,
            ))
        }
        Command::Migrate(migrate) => {
            single_threaded()?.block_on(migrate::run(settings.database, migrate))
        }
        Command::Organization(OrganizationCommand::Create(create)) => {
            single_threaded()?.block_on(organization::create(&settings.database, create))
        }
        Command::Organization(OrganizationCommand::List) => {
            single_threaded()?.block_on(organization::list(&settings.database))
        }
        Command::Organization(OrganizationCommand::Set(set)) => {
            single_threaded()?.block_on(organization::set(&settings.database, set))
        }
        Command::Token(TokenCommand::Create(create)) => {
            let create = create.checked().unwrap_or_else(|message| exit_with_usage(message));
            single_threaded()?.block_on(token::create(&settings.database, create))
        }
        Command::Token(TokenCommand::List(list)) => {
            single_threaded()?.block_on(token::list(&settings.database, &list))
        }
        Command::Token(TokenCommand::Rotate(rotate)) => {
            single_threaded()?.block_on(token::rotate(&settings.database, rotate))
        }
        Command::Token(TokenCommand::Revoke(revoke)) => {
            single_threaded()?.block_on(token::revoke(&settings.database, revoke))
        }
        Command::Check(check) => {
            single_threaded()?.block_on(check::run(&settings.database, &check))
        }
        Command::Copy(copy) => single_threaded()?.block_on(copy::run(&settings.database, &copy)),
        Command::Backup(backup) => backup::make(&settings.database.url, &backup),
        Command::Health(check) => health::check(&check),
        Command::Config(ConfigCommand::Show(_)) => {
            let config = matches.subcommand_matches("config");
            let show = config.and_then(|config| config.subcommand_matches("show"));
            config::show(show.unwrap_or(&matches), &file)
        }
        Command::Config(ConfigCommand::Check(check)) => config::check(check, variables()),
        Command::Config(ConfigCommand::Sample) => printing::print(config::sample().trim_end()),
        Command::Completions { shell } => {
            let mut command = file.beneath(Cli::command());
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "contact-hub", &mut script);
            printing::print(String::from_utf8_lossy(&script).trim_end())
        }
        Command::Man { folder } => {
            // With the defaults of the program, not of a settings file.
            let command = SettingsFile::default().beneath(Cli::command());
            let written = fs::create_dir_all(&folder)
                .and_then(|()| clap_mangen::generate_to(command, &folder));
            written.map_err(|error| {
                let remedy = "name a folder that can be written";
                Failure::because(format_args!("cannot write {}", folder.display()), &error, remedy)
            })
        }
    }
}

/// Reads the command line. Without a command, it is that of `serve`.
fn parse(arguments: &[OsString], file: &SettingsFile) -> Result<ArgMatches, clap::Error> {
    let command = file.beneath(Cli::command());
    let names_command = arguments.iter().any(|word| command.find_subcommand(word).is_some());
    let parsed = command.clone().try_get_matches_from(arguments);
    let is_serve = match &parsed {
        Ok(matches) => matches.subcommand().is_none(),
        Err(error) => error.kind() == ErrorKind::UnknownArgument && !names_command,
    };
    if !is_serve {
        return parsed;
    }
    let (program, flags) = arguments.split_at(1.min(arguments.len()));
    command.try_get_matches_from([program, &["serve".into()], flags].concat())
}

/// Ends the program as clap does for a wrong call of `token create`.
fn exit_with_usage(message: &str) -> ! {
    let mut cli = Cli::command();
    cli.build();
    let token = cli.find_subcommand_mut("token");
    let create = token.and_then(|token| token.find_subcommand_mut("create"));
    let kind = ErrorKind::ValueValidation;
    create.map_or_else(Cli::command, |create| create.clone()).error(kind, message).exit()
}

fn single_threaded() -> Result<runtime::Runtime, Failure> {
    runtime(runtime::Builder::new_current_thread())
}

fn runtime(mut builder: runtime::Builder) -> Result<runtime::Runtime, Failure> {
    builder.enable_all().build().map_err(|error| {
        Failure::because("cannot start", &error, "allow the process more threads and files")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Cli::from_arg_matches(&parse(&arguments, &SettingsFile::default())?)
    }

    #[test]
    fn command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_command() {
        for line in [
            "contact-hub --database-url sqlite://a.db token list",
            "contact-hub token --database-url sqlite://a.db list",
            "contact-hub token list --database-url sqlite://a.db",
            "contact-hub --database-url sqlite://a.db",
            "contact-hub serve --listen 127.0.0.1:0 --config hub.toml",
            "contact-hub serve --database-connections 4 --database-wait 1 --prepared-statements off",
            "contact-hub token list --no-migrate",
            "contact-hub --no-migrate=false migrate",
            "contact-hub migrate --partitions 16",
            "contact-hub organization create --id 7 --name Muster --region DE",
            "contact-hub organization create --id 7 --name Muster --match-by email,phone",
            "contact-hub organization list",
            "contact-hub organization set --id 7 --match-by none",
            "contact-hub organization set --id 7 --name Muster --region DE --match-by vatNumber",
            "contact-hub token create --organization 1 --organization 2 --scope read,write",
            "contact-hub token create --organization 1 --scope read --scope staff --name erp",
            "contact-hub token create --scope admin --expires-in-days 30",
            "contact-hub token create --organization 1 --scope staff:read,staff:write",
            "contact-hub token revoke 3",
            "contact-hub token rotate 3 --keep-days 0 --expires-in-days 90",
            "contact-hub backup copy.db",
            "contact-hub check --repair --show-values",
            "contact-hub copy --from sqlite://a.db --to postgres://hub@db/contacts",
            "contact-hub --listen 127.0.0.1:0 --log debug",
            "contact-hub config show --max-items 7",
            "contact-hub health --listen 0.0.0.0:8080",
            "contact-hub config check --config hub.toml",
            "contact-hub token list --json",
            "contact-hub completions bash",
            "contact-hub man man1",
        ] {
            assert!(parsed(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_call_exits_with_2() {
        for line in [
            "contact-hub frobnicate",
            "contact-hub organization create --id 0 --name Muster",
            "contact-hub organization create --id 7 --name Muster --region UK",
            "contact-hub organization create --id 7 --name Muster --match-by mail",
            "contact-hub organization set --id 7",
            "contact-hub organization set --name Muster",
            "contact-hub organization set --id 7 --match-by mail",
            "contact-hub organization set --id 7 --match-by email,email",
            "contact-hub organization set --id 7 --match-by=",
            "contact-hub organization set --id 7 --match-by none,email",
            "contact-hub token create --organization 1 --scope everything",
            "contact-hub organization create --id 7 --name",
            "contact-hub token create --organization 1 --name=",
            "contact-hub token revoke first",
            "contact-hub token rotate",
            "contact-hub serve --max-items many",
            "contact-hub serve --max-items 0",
            "contact-hub serve --max-body-bytes 0",
            "contact-hub serve --max-body-pause-seconds 0",
            "contact-hub serve --max-in-flight 0",
            "contact-hub backup",
            "contact-hub check everything",
            "contact-hub copy --to sqlite://a.db",
            "contact-hub backup copy.db other.db",
            "contact-hub serve --database-connections 0",
            "contact-hub serve --database-timeout 0",
            "contact-hub serve --prepared-statements maybe",
        ] {
            assert_eq!(parsed(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn help_is_a_command_and_an_option() {
        for line in
            ["contact-hub help", "contact-hub --help", "contact-hub help token", "contact-hub -V"]
        {
            let error = parsed(line).unwrap_err();
            assert_eq!(error.exit_code(), 0, "{line}: {error}");
        }
    }

    #[test]
    fn wrong_word_is_named() {
        for (line, expected) in [
            ("contact-hub srve", "unrecognized subcommand 'srve'"),
            ("contact-hub --listen", "a value is required for '--listen <ADDR>'"),
            ("contact-hub --listn 1", "a similar argument exists: '--listen'"),
            ("contact-hub --listen 127.0.0.1:0 token list", "unexpected argument '--listen'"),
        ] {
            let error = parsed(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
