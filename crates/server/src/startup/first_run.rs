//! Sets up a new database: an organization, a token, and a command to try it with.

use std::io::{self, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use contacts_application::access::{NewToken, Organization, Reach, Scopes};
use contacts_application::ports::Clock as _;
use contacts_application::use_cases::ManageAccessError;
use contacts_domain::OrganizationId;
use contacts_domain::value::CountryCode;

use super::Store;
use super::token_file::TokenFile;
use crate::clock::SystemClock;
use crate::commands::organization::DEFAULT_REGION;
use crate::commands::token::Secret;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;

/// An example contact. Without apostrophes: it is quoted by two in a shell command.
const CONTACT: &str = r#"[{"contactType":"PERSON","externalId":"ERP-1","firstName":"Amélie","lastName":"Rochat","email":"amelie.rochat@boulangerie-rhone.example","mobile":"079 111 22 33","addresses":[{"name":"Domicile","line1":"Rue de Carouge","houseNumber":"12","postCode":"1205","city":"Genève","countryCode2":"CH"}]}]"#;

/// Creates organization 1 and its first token in a new database. Returns the greeting to print, or
/// `None` if the database is in use already or nothing can keep the token.
///
/// The greeting shows the token on a terminal. Elsewhere standard output is often a log, which others
/// read: then a file keeps the token.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn first_run(
    store: &Store,
    database: &DatabaseUrl,
    scheme: &str,
    address: SocketAddr,
) -> Result<Option<String>, Failure> {
    let access = store.manage_access();
    // Of two servers that start on one new database, only one adds the organization and goes on.
    if !first_organization(store).await? {
        if access.tokens().await?.is_empty() {
            tracing::warn!("no token yet: run `contact-hub token create --organization N`");
        }
        return Ok(None);
    }
    let secret = Secret::new()?;
    let file = match io::stdout().is_terminal() {
        true => None,
        false => match TokenFile::create(&database.first_token_file(), secret.reveal()) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!(
                    file = %database.first_token_file().display(),
                    %error,
                    "cannot keep a first token: run `contact-hub token create --organization 1`"
                );
                return Ok(None);
            }
        },
    };
    let token = NewToken {
        digest: secret.digest(),
        prefix: secret.prefix(),
        name: "first token".to_owned(),
        reach: Reach::Organizations(vec![first_id()?]),
        scopes: Scopes::all_but_admin(),
        created_at: SystemClock.now(),
        expires_at: None,
        replaces: None,
    };
    if let Err(error) = access.create_token(token).await {
        if let Some(file) = file {
            file.remove();
        }
        return Err(error.into());
    }
    Ok(Some(match file {
        Some(file) => greeting_with_file(&file, scheme, address),
        None => greeting(secret.reveal(), scheme, address),
    }))
}

/// Creates organization 1 in a database without tokens. Returns whether it did.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn first_organization(store: &Store) -> Result<bool, Failure> {
    let access = store.manage_access();
    if !access.tokens().await?.is_empty() {
        return Ok(false);
    }
    let region = CountryCode::parse(DEFAULT_REGION)
        .map_err(|error| Failure::because("no default region", &error, "please report this"))?;
    let organization = Organization::new(first_id()?, "Organization 1".to_owned(), region);
    match access.create_organization(organization).await {
        Ok(()) => Ok(true),
        Err(ManageAccessError::OrganizationExists(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn first_id() -> Result<OrganizationId, Failure> {
    let missing = || Failure::new("1 is no organization", "please report this");
    OrganizationId::new(1).ok_or_else(missing)
}

fn greeting(token: &str, scheme: &str, address: SocketAddr) -> String {
    format!(
        "A new database, with organization 1 and this token for it, shown once:\n\n  {token}\n\n{}",
        trial(&format!("'WEAL-TOKEN: {token}'"), scheme, address)
    )
}

fn greeting_with_file(file: &TokenFile, scheme: &str, address: SocketAddr) -> String {
    let path = file.path();
    let quoted = path.replace('\'', r"'\''");
    format!(
        "A new database, with organization 1. A token for it is in this file, which only this user \
         can read:\n\n  {path}\n\n{}",
        trial(&format!("\"WEAL-TOKEN: $(cat '{quoted}')\""), scheme, address)
    )
}

/// A command to try the token with, whose header is quoted for a shell.
fn trial(header: &str, scheme: &str, address: SocketAddr) -> String {
    let address = reachable(address);
    format!(
        "Try it:\n\n  curl {scheme}://{address}/api-v1/contact/batch -H {header} \
         -H 'Content-Type: application/json' -d '{CONTACT}'\n"
    )
}

/// An address to connect to: loopback for a server that listens on every address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greeting_holds_one_line_for_a_shell() {
        let text = greeting("chub_0", "http", "0.0.0.0:8080".parse().unwrap());
        let line = text.lines().find(|line| line.contains("curl")).unwrap();
        assert!(line.contains("http://127.0.0.1:8080/"), "{line}");
        assert_eq!(line.matches('\'').count(), 6, "{line}");
        assert!(line.ends_with("}]'"), "{line}");
    }

    #[test]
    fn ipv6_address_stands_in_brackets() {
        let text = greeting("chub_0", "http", "[::]:80".parse().unwrap());
        assert!(text.contains("http://[::1]:80/"), "{text}");
    }
}
