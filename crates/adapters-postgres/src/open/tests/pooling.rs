//! Poolers that mix prepared statements up are found before anything is asked through them.

mod transaction_pooler;

use self::transaction_pooler::{Order, TransactionPooler};
use super::super::pooler::{Probe, mixes_up};
use super::*;
use tokio_postgres::types::Type;

fn prepared(on: bool) -> PostgresOptions {
    PostgresOptions { prepared_statements: on, ..PostgresOptions::default() }
}

#[tokio::test]
async fn a_pooler_that_mixes_statements_up_is_found_whichever_connection_it_hands_out() {
    let database = TestDatabase::migrated();
    for order in [Order::NewestFirst, Order::OldestFirst, Order::Single] {
        let pooler = TransactionPooler::start(&database.url(), order).await;
        let error = open(&pooler.url, prepared(true)).await.unwrap_err();
        let line = format!(
            "a pooler before the database on {} mixes prepared statements up",
            pooler.place
        );
        assert_eq!((error.kind(), error.to_string()), (OpenErrorKind::Pooler, line), "{order:?}");

        let opened = open(&pooler.url, prepared(false)).await;
        assert!(opened.is_ok(), "{order:?}: {opened:?}");
    }
}

#[tokio::test]
async fn nothing_is_mixed_up_on_the_way_to_the_server_itself() {
    let database = TestDatabase::empty();
    let url = database.url().parse().unwrap();
    assert!(!mixes_up(&url, &prepared(true)).await);
}

#[tokio::test]
async fn the_answer_of_another_statement_of_that_name_is_told_from_ours() {
    const NAME: &str = "SELECT name FROM pg_prepared_statements WHERE statement = $1";
    let database = TestDatabase::empty();
    let pool = Pool::new(&database.url().parse().unwrap(), prepared(true)).unwrap();
    for (other, mixed_up) in [
        ("SELECT 'contact-hub 0'::text", true),
        ("SELECT 7::bigint", true),
        ("SELECT ''::text WHERE false", true),
        ("SELECT $1::text", true),
        ("", true),
        ("itself", false),
    ] {
        let (session, probe) = (pool.session().await.unwrap(), Probe::new());
        let statement = session.prepare(&probe.sql).await.unwrap();
        let rows = session.query_once(NAME, &[(&probe.sql, Type::TEXT)]).await.unwrap();
        let name: String = rows[0].get(0);
        let replaced = match other {
            "itself" => String::new(),
            "" => format!("DEALLOCATE {name}"),
            other => format!("DEALLOCATE {name}; PREPARE {name} AS {other}"),
        };
        session.batch(&replaced).await.unwrap();
        let found = probe.is_mixed_up(session.run(&statement).await);
        assert_eq!(found.unwrap(), mixed_up, "{other}");
    }
}
