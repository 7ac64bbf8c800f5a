//! Tests that diesel's tables are those that the migrations make.

use diesel::expression::Expression;
use diesel::prelude::*;
use diesel::query_source::Column;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};

use crate::schema::{
    api_token, contact, contact_alias, contact_intercom, contact_relation, id_counter, kept_answer,
    kept_plan, ledger, organization, purged_contact, run,
};
use crate::testing::memory;

/// A column as SQLite describes it.
#[derive(Debug, PartialEq, QueryableByName)]
struct Declared {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    type_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

trait TypeName {
    const NAME: &'static str;
    const NULLABLE: bool = false;
}

macro_rules! type_names {
    ($($sql_type:ty => $name:literal),+) => {$(
        impl TypeName for $sql_type {
            const NAME: &'static str = $name;
        }
    )+};
}

type_names!(BigInt => "INTEGER", Integer => "INTEGER", Bool => "INTEGER", Text => "TEXT",
    Binary => "BLOB");

impl<T: TypeName + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>>
    TypeName for Nullable<T>
{
    const NAME: &'static str = T::NAME;
    const NULLABLE: bool = true;
}

/// All columns of a `table!`, as a tuple.
trait Columns {
    fn declared() -> Vec<Declared>;
}

macro_rules! columns {
    ($first:ident $($rest:ident)*) => {
        impl<$first, $($rest),*> Columns for ($first, $($rest,)*)
        where
            $first: Column + Expression<SqlType: TypeName>,
            $($rest: Column + Expression<SqlType: TypeName>,)*
        {
            fn declared() -> Vec<Declared> {
                vec![declared::<$first>(), $(declared::<$rest>()),*]
            }
        }
        columns!($($rest)*);
    };
    () => {};
}

columns!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z);

fn declared<C: Column + Expression<SqlType: TypeName>>() -> Declared {
    Declared {
        name: C::NAME.to_owned(),
        type_name: C::SqlType::NAME.to_owned(),
        nullable: C::SqlType::NULLABLE,
    }
}

fn catalogue<T: Table<AllColumns: Columns>>(name: &str) -> (Vec<Declared>, Vec<Declared>) {
    let found = sql_query(
        "SELECT name, type AS type_name, \"notnull\" = 0 AS nullable
         FROM pragma_table_info(?) ORDER BY cid",
    )
    .bind::<Text, _>(name)
    .load(&mut memory())
    .unwrap();
    (found, T::AllColumns::declared())
}

#[test]
fn tables_match_the_migrations() {
    for (name, (found, expected)) in [
        ("organization", catalogue::<organization::table>("organization")),
        ("api_token", catalogue::<api_token::table>("api_token")),
        ("id_counter", catalogue::<id_counter::table>("id_counter")),
        ("contact", catalogue::<contact::table>("contact")),
        ("contact_relation", catalogue::<contact_relation::table>("contact_relation")),
        ("contact_alias", catalogue::<contact_alias::table>("contact_alias")),
        ("contact_intercom", catalogue::<contact_intercom::table>("contact_intercom")),
        ("kept_answer", catalogue::<kept_answer::table>("kept_answer")),
        ("kept_plan", catalogue::<kept_plan::table>("kept_plan")),
        ("run", catalogue::<run::table>("run")),
        ("purged_contact", catalogue::<purged_contact::table>("purged_contact")),
        ("ledger", catalogue::<ledger::table>("ledger")),
    ] {
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_table_is_compared() {
    let names: Vec<Name> = sql_query(
        "SELECT name FROM sqlite_schema WHERE type = 'table'
         AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_!_diesel%' ESCAPE '!'
         AND name NOT LIKE 'search!_%' ESCAPE '!'
         ORDER BY name",
    )
    .load(&mut memory())
    .unwrap();
    let names: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "api_token",
            "contact",
            "contact_alias",
            "contact_intercom",
            "contact_relation",
            "id_counter",
            "kept_answer",
            "kept_plan",
            "ledger",
            "organization",
            "purged_contact",
            "run",
        ]
    );
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}
