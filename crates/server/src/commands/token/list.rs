//! `contact-hub token list`.

use clap::Args;
use contacts_application::access::{Reach, Token};
use contacts_application::ports::Clock as _;
use contacts_domain::Timestamp;
use serde_json::{Value, json};

use crate::clock::SystemClock;
use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::Store;

const HEADINGS: [&str; 8] =
    ["ID", "TOKEN", "STATE", "ORGANIZATIONS", "SCOPES", "CREATED", "LAST USED", "NAME"];

/// The arguments of `contact-hub token list`.
#[derive(Debug, Args)]
pub(crate) struct ListTokens {
    /// Print a JSON array instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints the tokens as a table, or as JSON with times in RFC 3339.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn list(database: &DatabaseSettings, list: &ListTokens) -> Result<(), Failure> {
    let store = Store::open_existing(database).await?;
    let (tokens, now) = (store.manage_access().tokens().await?, SystemClock.now());
    printing::print(&match list.json {
        true => json(&tokens, now),
        false => table(&tokens, now),
    })
}

fn table(tokens: &[Token], now: Timestamp) -> String {
    let rows = tokens.iter().map(|token| row(token, now));
    printing::table(&[HEADINGS.map(str::to_owned)].into_iter().chain(rows).collect::<Vec<_>>())
}

fn json(tokens: &[Token], now: Timestamp) -> String {
    let all = tokens.iter().map(|token| {
        let scopes: Vec<&str> = token.scopes.as_names().collect();
        let organizations = match &token.reach {
            Reach::Everywhere => json!("all"),
            Reach::Organizations(ids) => ids.iter().map(|id| id.get()).collect(),
        };
        json!({
            "id": token.id.0,
            "prefix": token.prefix,
            "name": token.name,
            "isValid": token.is_valid(now),
            "organizations": organizations,
            "scopes": scopes,
            "createdAt": token.created_at.to_string(),
            "expiresAt": token.expires_at.map(|at| at.to_string()),
            "revokedAt": token.revoked_at.map(|at| at.to_string()),
            "lastUsedAt": token.last_used_at.map(|at| at.to_string()),
            "replaces": token.replaces.map(|id| id.0),
        })
    });
    format!("{:#}", Value::Array(all.collect()))
}

fn row(token: &Token, now: Timestamp) -> [String; HEADINGS.len()] {
    let organizations = match &token.reach {
        Reach::Everywhere => "all".to_owned(),
        Reach::Organizations(ids) => {
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }
    };
    [
        token.id.0.to_string(),
        format!("{}…", token.prefix),
        state(token, now),
        organizations,
        token.scopes.to_string().replace(' ', ","),
        day(token.created_at),
        token.last_used_at.map_or_else(|| "-".to_owned(), day),
        printing::escaped(&token.name),
    ]
}

fn state(token: &Token, now: Timestamp) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", day(at)),
        (None, Some(end)) if token.is_valid(now) => format!("until {}", day(end)),
        (None, Some(end)) => format!("expired {}", day(end)),
        (None, None) => "valid".to_owned(),
    }
}

/// The date of an instant in UTC.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use contacts_application::access::{Scopes, TokenId};
    use contacts_domain::OrganizationId;

    use super::*;

    #[test]
    fn tokens_are_listed_in_columns() {
        let at = |days: i64| Timestamp::from_micros((20_000 + days) * 86_400_000_000);
        let token = Token {
            id: TokenId(1),
            prefix: "chub_0a1b2c3d".to_owned(),
            name: "nightly import".to_owned(),
            reach: Reach::Organizations(
                [1, 20].into_iter().filter_map(OrganizationId::new).collect(),
            ),
            scopes: Scopes::all_but_admin(),
            created_at: at(0),
            expires_at: None,
            revoked_at: None,
            replaces: None,
            last_used_at: Some(at(3)),
        };
        let everywhere = Token {
            id: TokenId(12),
            name: String::new(),
            reach: Reach::Everywhere,
            expires_at: Some(at(2)),
            last_used_at: None,
            ..token.clone()
        };
        let revoked = Token { id: TokenId(13), revoked_at: Some(at(1)), ..everywhere.clone() };
        assert_eq!(
            table(&[token, everywhere, revoked], at(3)),
            "\
ID  TOKEN           STATE               ORGANIZATIONS  SCOPES                   CREATED     LAST USED   NAME
1   chub_0a1b2c3d…  valid               1,20           read,write,delete,staff  2024-10-04  2024-10-07  nightly import
12  chub_0a1b2c3d…  expired 2024-10-06  all            read,write,delete,staff  2024-10-04  -
13  chub_0a1b2c3d…  revoked 2024-10-05  all            read,write,delete,staff  2024-10-04  -"
        );
    }
}
