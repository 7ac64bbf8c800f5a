//! Queries by one key or by many. Each is prepared once per connection.
//!
//! Each repeats the condition of the partial index that it uses, with the organization first; a test
//! checks the plan of every query. None has a `LIMIT`: SQLite plans with the value of a bound limit,
//! so it would prepare the statement each time. Callers stop fetching rows instead.

use diesel::dsl::{Filter, auto_type};
use diesel::expression::ValidGrouping;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

use super::row::email_hash;
use crate::schema::{contact, contact_alias, contact_intercom, contact_relation};

/// The source of the aliases that this service makes.
pub(crate) const OWN: &str = "";

/// The living contacts of an organization.
#[auto_type]
pub(crate) fn living(organization: i32) -> _ {
    contact::table
        .filter(contact::organization_id.eq(organization))
        .filter(contact::deleted_at.is_null())
}

#[auto_type]
pub(crate) fn by_id(organization: i32, id: i64) -> _ {
    let living: living = living(organization);
    living.filter(contact::id.eq(id))
}

#[auto_type]
pub(crate) fn deleted_by_id(organization: i32, id: i64) -> _ {
    contact::table
        .filter(contact::organization_id.eq(organization))
        .filter(contact::deleted_at.is_not_null())
        .filter(contact::id.eq(id))
}

/// The contact of an id, living or deleted.
#[auto_type]
pub(crate) fn by_id_in_any_state(organization: i32, id: i64) -> _ {
    contact::table.filter(contact::organization_id.eq(organization)).filter(contact::id.eq(id))
}

/// The contacts of all organizations after an id, living or deleted, by id.
#[auto_type]
pub(crate) fn all_after(id: i64) -> _ {
    contact::table.filter(contact::id.gt(id)).order(contact::id)
}

/// The contacts of an organization after an id, living or deleted, by id.
#[auto_type]
pub(crate) fn ids_after(organization: i32, id: i64) -> _ {
    let all: all_after = all_after(id);
    all.filter(contact::organization_id.eq(organization))
}

/// The relations of the contacts in a range of ids.
#[auto_type]
pub(crate) fn relations_from(organization: i32, first: i64, last: i64) -> _ {
    contact_relation::table
        .filter(contact_relation::organization_id.eq(organization))
        .filter(contact_relation::from_id.between(first, last))
}

/// The entries of the contacts in a range of ids.
#[auto_type]
pub(crate) fn entries_of(organization: i32, first: i64, last: i64) -> _ {
    contact_intercom::table
        .filter(contact_intercom::organization_id.eq(organization))
        .filter(contact_intercom::contact_id.between(first, last))
}

#[auto_type]
pub(crate) fn by_external_id<'a>(organization: i32, key: &'a str) -> _ {
    let living: living = living(organization);
    living.filter(contact::external_id.eq(key))
}

/// The living contacts that have one of the external ids of a JSON array.
pub(crate) fn by_external_ids(organization: i32, keys: &str) -> Filter<living, HasExternalId<'_>> {
    living(organization).filter(HasExternalId(keys))
}

#[auto_type]
pub(crate) fn by_link_id<'a>(organization: i32, key: &'a str) -> _ {
    let living: living = living(organization);
    living.filter(contact::link_id.eq(key))
}

#[auto_type]
pub(crate) fn by_email<'a>(organization: i32, key: &'a str) -> _ {
    let living: living = living(organization);
    let hash: i64 = email_hash(key);
    living.filter(contact::email_hash.eq(hash)).filter(contact::email.eq(key)).order(contact::id)
}

#[auto_type]
pub(crate) fn by_phone<'a>(organization: i32, key: &'a str) -> _ {
    let living: living = living(organization);
    living.filter(contact::phone.eq(key)).order(contact::id)
}

#[auto_type]
pub(crate) fn by_mobile<'a>(organization: i32, key: &'a str) -> _ {
    let living: living = living(organization);
    living.filter(contact::mobile.eq(key)).order(contact::id)
}

#[auto_type]
pub(crate) fn by_vat_number<'a>(organization: i32, key: &'a str) -> _ {
    let living: living = living(organization);
    living.filter(contact::vat_number.eq(key)).order(contact::id)
}

/// Whether the external id is one of a JSON array: one statement for many keys.
#[derive(ValidGrouping)]
pub(crate) struct HasExternalId<'a>(&'a str);

impl QueryId for HasExternalId<'_> {
    type QueryId = HasExternalId<'static>;
}

impl Expression for HasExternalId<'_> {
    type SqlType = Bool;
}

impl AppearsOnTable<contact::table> for HasExternalId<'_> {}

impl QueryFragment<Sqlite> for HasExternalId<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("external_id IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(self.0)?;
        out.push_sql("))");
        Ok(())
    }
}

/// The living contacts whose relations name a contact.
#[auto_type]
pub(crate) fn referring_to(organization: i32, id: i64) -> _ {
    contact_relation::table
        .inner_join(contact::table.on(contact::id.eq(contact_relation::from_id)))
        .filter(contact_relation::organization_id.eq(organization))
        .filter(contact_relation::to_id.eq(id))
        .filter(contact::deleted_at.is_null())
}

/// The living contact that an alias leads to.
#[auto_type]
pub(crate) fn by_alias<'a>(organization: i32, kind: &'a str, value: &'a str) -> _ {
    let own: &'static str = OWN;
    contact_alias::table
        .inner_join(contact::table.on(contact::id.eq(contact_alias::contact_id)))
        .filter(contact_alias::organization_id.eq(organization))
        .filter(contact_alias::source.eq(own))
        .filter(contact_alias::kind.eq(kind))
        .filter(contact_alias::value.eq(value))
        .filter(contact::deleted_at.is_null())
}

/// The contact that an alias leads to, living or deleted.
#[auto_type]
pub(crate) fn alias<'a>(organization: i32, kind: &'a str, value: &'a str) -> _ {
    let aliases: aliases = aliases(organization);
    aliases.filter(contact_alias::kind.eq(kind)).filter(contact_alias::value.eq(value))
}

/// The aliases of an organization.
#[auto_type]
pub(crate) fn aliases(organization: i32) -> _ {
    let own: &'static str = OWN;
    contact_alias::table
        .filter(contact_alias::organization_id.eq(organization))
        .filter(contact_alias::source.eq(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan;

    #[test]
    fn every_query_uses_an_index_and_sorts_nothing() {
        let by_key = |index| format!("SEARCH contact USING INDEX {index} (organization_id=? AND");
        let by_rowid = "SEARCH contact USING INTEGER PRIMARY KEY (rowid=?)".to_owned();
        for (plan, expected) in [
            (plan(&by_id(1, 1)), by_rowid.clone()),
            (plan(&deleted_by_id(1, 1)), by_rowid.clone()),
            (plan(&by_id_in_any_state(1, 1)), by_rowid.clone()),
            (plan(&all_after(1)), "SEARCH contact USING INTEGER PRIMARY KEY (rowid>?)".to_owned()),
            (
                plan(&relations_from(1, 1, 2)),
                "USING COVERING INDEX contact_relation_from_id (organization_id=? AND".to_owned(),
            ),
            (
                plan(&entries_of(1, 1, 2)),
                "USING PRIMARY KEY (organization_id=? AND contact_id>?".to_owned(),
            ),
            (plan(&by_external_id(1, "k")), by_key("contact_external_id")),
            (plan(&by_external_ids(1, "[]")), by_key("contact_external_id")),
            (plan(&by_link_id(1, "k")), by_key("contact_link_id")),
            (plan(&by_email(1, "k")), by_key("contact_email")),
            (plan(&by_phone(1, "k")), by_key("contact_phone")),
            (plan(&by_mobile(1, "k")), by_key("contact_mobile")),
            (plan(&by_vat_number(1, "k")), by_key("contact_vat_number")),
            (plan(&referring_to(1, 1)), by_rowid.clone()),
            (plan(&by_alias(1, "k", "v")), by_rowid),
            (plan(&alias(1, "k", "v")), "SEARCH contact_alias USING PRIMARY KEY".to_owned()),
            (plan(&aliases(1)), "SEARCH contact_alias USING PRIMARY KEY".to_owned()),
        ] {
            assert!(plan.contains(&expected), "{plan}");
            let plan = plan.replace("SCAN json_each", "");
            assert!(!plan.contains("SCAN") && !plan.contains("B-TREE"), "{plan}");
        }
    }
}
