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
use crate::{backup, check, logging, migrate, organization, serve, token};

/// Takes the contacts of many organizations in bulk and answers for each what became of it
///
/// Without a command it serves: a SQLite file contact-hub.db in the working directory, on
/// 127.0.0.1:8080. The other commands work beside a running server, which heeds them from its next
/// request on.
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
    /// Serve until SIGTERM or Ctrl-C (this is what happens without a command)
    ///
    /// On a new database, organization 1 and a first token are made, and the token is printed once.
    /// When requests are accepted, the address is printed: `listening on http://ADDR`.
    Serve(ServeFlags),
    /// Make the schema of the database, or bring it up to date, and say what was done
    Migrate,
    /// Add organizations, the tenants that contacts belong to
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Make, list and revoke tokens, which requests name themselves by
    #[command(subcommand)]
    Token(TokenCommand),
    /// Copy the database into a file, beside a running server
    ///
    /// The copy holds what was committed at one moment. FILE appears when the copy is complete,
    /// checked and safe from loss of power; a file that is there already is left alone. For SQLite;
    /// PostgreSQL has `pg_dump`.
    Backup(MakeBackup),
    /// Compare every contact with its document, also beside a running server
    ///
    /// What a contact is searched and matched by, its relations and its entry in the directory of
    /// intercoms follow from its document. Each that does not is printed as a line; the exit code
    /// is 0 when nothing is left that is not as it should be, and 1 otherwise.
    Check(CheckDatabase),
}

#[derive(Debug, Subcommand)]
enum OrganizationCommand {
    /// Add an organization
    Create(CreateOrganization),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, alone, on standard output; only its digest is stored
    Create(CreateToken),
    /// List the tokens, oldest first, by their first characters
    List,
    /// Revoke a token; the server's next request counts it as unknown
    Revoke(RevokeToken),
}

/// Runs the command that the program was called with.
///
/// # Errors
///
/// When the command fails. What is wrong with the call itself is printed by clap, which ends the
/// program with 2.
pub(crate) fn run() -> Result<(), Failure> {
    let Cli { global, command } = Cli::parse();
    let command = match command {
        Some(command) => command,
        // Parsed once more, so that the variables of `serve` are read.
        None => match Cli::parse_from(std::env::args_os().chain(["serve".into()])).command {
            Some(command) => command,
            None => Command::Serve(ServeFlags::default()),
        },
    };
    let sources = Sources::read(global)?;
    let settings = sources.global()?;
    logging::start(&settings.log, settings.log_format)?;
    match command {
        Command::Serve(flags) => {
            let serve = sources.serve(flags);
            runtime(runtime::Builder::new_multi_thread())?
                .block_on(serve::run(&settings.database, serve))
        }
        Command::Migrate => beside()?.block_on(migrate::run(settings.database)),
        Command::Organization(OrganizationCommand::Create(create)) => {
            beside()?.block_on(organization::create(&settings.database, create))
        }
        Command::Token(TokenCommand::Create(create)) => {
            let create = create.checked().unwrap_or_else(|message| wrong_token(message));
            beside()?.block_on(token::create(&settings.database, create))
        }
        Command::Token(TokenCommand::List) => beside()?.block_on(token::list(&settings.database)),
        Command::Token(TokenCommand::Revoke(revoke)) => {
            beside()?.block_on(token::revoke(&settings.database, revoke))
        }
        Command::Check(check) => beside()?.block_on(check::run(&settings.database, &check)),
        Command::Backup(backup) => backup::make(&settings.database.url, &backup),
    }
}

/// Ends the program the way clap does when `token create` is called wrongly.
fn wrong_token(message: &str) -> ! {
    let mut cli = Cli::command();
    cli.build();
    let token = cli.find_subcommand_mut("token");
    let create = token.and_then(|token| token.find_subcommand_mut("create"));
    let kind = ErrorKind::MissingRequiredArgument;
    create.map_or_else(Cli::command, |create| create.clone()).error(kind, message).exit()
}

/// A runtime for a command that does one thing.
fn beside() -> Result<runtime::Runtime, Failure> {
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
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_go_before_and_after_a_command() {
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
    fn what_makes_no_sense_is_a_usage_error() {
        for line in [
            "contact-hub frobnicate",
            "contact-hub organization create --id 0 --name Muster",
            "contact-hub organization create --id 7 --name Muster --region UK",
            "contact-hub token create --organization 1 --scope everything",
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
