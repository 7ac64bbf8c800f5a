//! The command line.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use tokio::runtime;

use crate::backup::MakeBackup;
use crate::check::CheckDatabase;
use crate::config::{GlobalFlags, ServeFlags, Sources};
use crate::failure::Failure;
use crate::organization::CreateOrganization;
use crate::token::{CreateToken, RevokeToken};
use crate::{backup, check, clock, logging, migrate, organization, serve, token};

/// Takes the contacts of many organizations in bulk and answers each with one exact result
///
/// Without a command, it serves the SQLite file contact-hub.db of the working directory on
/// 127.0.0.1:8080. The other commands also work while a server runs, which sees their changes from
/// its next request on.
#[derive(Debug, Parser)]
#[command(
    name = "contact-hub",
    version,
    disable_help_subcommand = true,
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
    Migrate,
    /// Add organizations, the tenants that contacts belong to
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Create, list and revoke tokens, which authenticate requests
    #[command(subcommand)]
    Token(TokenCommand),
    /// Copy a SQLite database into a file, also while a server runs
    ///
    /// The copy holds what was committed at one moment. FILE appears when the copy is complete,
    /// checked and safe from power loss; an existing file is never replaced. For PostgreSQL, the
    /// command prints how to run `pg_dump`.
    Backup(MakeBackup),
    /// Compare every contact with its document, also while a server runs
    ///
    /// The search columns, the relations and the intercom entry of a contact follow from its
    /// document. The command prints a line for each that differs. The exit code is 0 if no
    /// difference is left, and 1 otherwise.
    Check(CheckDatabase),
}

#[derive(Debug, Subcommand)]
enum OrganizationCommand {
    /// Add an organization
    Create(CreateOrganization),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token and print it, alone, on standard output; only its digest is stored
    Create(CreateToken),
    /// List the tokens, oldest first, by their first characters
    List,
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
    let Cli { global, command } = Cli::parse();
    let command = match command {
        Some(command) => command,
        // Parsed again, so that clap reads the variables of `serve`.
        None => match Cli::parse_from(std::env::args_os().chain(["serve".into()])).command {
            Some(command) => command,
            None => Command::Serve(ServeFlags::default()),
        },
    };
    let sources = Sources::read(global)?;
    let settings = sources.global()?;
    logging::start(&settings.log, settings.log_format)?;
    clock::check()?;
    match command {
        Command::Serve(flags) => {
            let serve = sources.serve(flags);
            runtime(runtime::Builder::new_multi_thread())?
                .block_on(serve::run(&settings.database, serve))
        }
        Command::Migrate => single_threaded()?.block_on(migrate::run(settings.database)),
        Command::Organization(OrganizationCommand::Create(create)) => {
            single_threaded()?.block_on(organization::create(&settings.database, create))
        }
        Command::Token(TokenCommand::Create(create)) => {
            let create = create.checked().unwrap_or_else(|message| exit_with_usage(message));
            single_threaded()?.block_on(token::create(&settings.database, create))
        }
        Command::Token(TokenCommand::List) => {
            single_threaded()?.block_on(token::list(&settings.database))
        }
        Command::Token(TokenCommand::Revoke(revoke)) => {
            single_threaded()?.block_on(token::revoke(&settings.database, revoke))
        }
        Command::Check(check) => {
            single_threaded()?.block_on(check::run(&settings.database, &check))
        }
        Command::Backup(backup) => backup::make(&settings.database.url, &backup),
    }
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
            "contact-hub organization create --id 7 --name Muster --region DE",
            "contact-hub token create --organization 1 --organization 2 --scope read,write",
            "contact-hub token create --organization 1 --scope read --scope staff --name erp",
            "contact-hub token create --scope admin --expires-in-days 30",
            "contact-hub token revoke 3",
            "contact-hub backup copy.db",
            "contact-hub check --repair --show-values",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_call_exits_with_2() {
        for line in [
            "contact-hub frobnicate",
            "contact-hub organization create --id 0 --name Muster",
            "contact-hub organization create --id 7 --name Muster --region UK",
            "contact-hub token create --organization 1 --scope everything",
            "contact-hub organization create --id 7 --name",
            "contact-hub token create --organization 1 --name=",
            "contact-hub token revoke first",
            "contact-hub serve --max-items many",
            "contact-hub serve --max-items 0",
            "contact-hub serve --max-body-bytes 0",
            "contact-hub serve --max-body-pause-seconds 0",
            "contact-hub serve --max-in-flight 0",
            "contact-hub backup",
            "contact-hub check everything",
            "contact-hub backup copy.db other.db",
            "contact-hub serve --database-connections 0",
            "contact-hub serve --database-timeout 0",
            "contact-hub serve --prepared-statements maybe",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
