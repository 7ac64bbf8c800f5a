//! `contact-hub organization list`.

use contacts_application::access::Organization;

use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::Store;

const HEADINGS: [&str; 6] = ["ID", "REGION", "MATCH BY", "RESPELLING", "BEING FILLED", "NAME"];

/// Prints the organizations as a table.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn list(database: &DatabaseSettings) -> Result<(), Failure> {
    let store = Store::open_existing(database).await?;
    let organizations = store.set_organization().organizations().await?;
    printing::print(&table(&organizations))
}

fn table(organizations: &[Organization]) -> String {
    let rows = organizations.iter().map(row);
    printing::table(&[HEADINGS.map(str::to_owned)].into_iter().chain(rows).collect::<Vec<_>>())
}

fn row(organization: &Organization) -> [String; HEADINGS.len()] {
    let Organization { id, name, settings, filling } = organization;
    let being_filled = match organization.is_being_filled() {
        true => format!("{}: {} of about {}", settings.filling, filling.done, filling.of),
        false => "-".to_owned(),
    };
    [
        id.to_string(),
        settings.region.to_string(),
        settings.match_by.to_string(),
        settings.respelling.as_str().to_owned(),
        being_filled,
        printing::escaped(name),
    ]
}

#[cfg(test)]
mod tests {
    use contacts_application::access::{Filling, SettingsChange};
    use contacts_domain::value::CountryCode;
    use contacts_domain::{MatchBy, OrganizationId};

    use super::*;

    #[test]
    fn organizations_are_listed_in_columns() {
        let region = CountryCode::parse("CH").unwrap();
        let organization = |id, name: &str| {
            Organization::new(OrganizationId::new(id).unwrap(), name.to_owned(), region)
        };
        let change = SettingsChange { match_by: Some(MatchBy::ALL), ..SettingsChange::default() };
        let mut filled = organization(20, "Muster\nAG").changed(change, 90);
        filled.filling = Filling { done: 40, ..filled.filling };
        assert_eq!(
            table(&[organization(1, "Rhône"), filled]),
            "\
ID  REGION  MATCH BY               RESPELLING  BEING FILLED                     NAME
1   CH      email                  take        -                                Rhône
20  CH      email,phone,vatNumber  take        phone,vatNumber: 40 of about 90  Muster\\nAG"
        );
    }
}
