//! Every id is handed out once.

use contacts_domain::{IdBlock, MAX_SAFE_INTEGER};
use tokio_postgres::Client;

use crate::PostgresOptions;
use crate::connect::{Failure, Pool};
use crate::store::ids::Ids;
use crate::testing::TestDatabase;

const BLOCK: i64 = 100_000;

fn pool(database: &TestDatabase) -> Pool {
    Pool::new(&database.url().parse().unwrap(), PostgresOptions::default()).unwrap()
}

async fn reserve(ids: &Ids, pool: &Pool, count: i64) -> Result<IdBlock, Failure> {
    ids.reserve(pool, "BEGIN", count).await
}

async fn counter(client: &Client) -> i64 {
    client.query_one("SELECT next_id FROM id_counter", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn ids_are_reserved_in_blocks() {
    let database = TestDatabase::migrated();
    let (pool, client) = (pool(&database), database.connect().await);
    let (one, other) = (Ids::new(), Ids::new());
    assert_eq!(reserve(&one, &pool, 10).await.unwrap(), IdBlock::new(1, 10));
    assert_eq!(counter(&client).await, 1 + BLOCK);
    assert_eq!(reserve(&other, &pool, 1).await.unwrap(), IdBlock::new(1 + BLOCK, 1));
    assert_eq!(reserve(&one, &pool, 10).await.unwrap(), IdBlock::new(11, 10));
    assert_eq!(counter(&client).await, 1 + 2 * BLOCK);
}

#[tokio::test]
async fn zero_ids_cost_no_write() {
    let database = TestDatabase::migrated();
    let (pool, client) = (pool(&database), database.connect().await);
    assert_eq!(reserve(&Ids::new(), &pool, 0).await.unwrap().left(), 0);
    assert_eq!(counter(&client).await, 1);
}

#[tokio::test]
async fn request_may_exceed_a_block() {
    let database = TestDatabase::migrated();
    let (pool, client) = (pool(&database), database.connect().await);
    let block = reserve(&Ids::new(), &pool, 3 * BLOCK).await.unwrap();
    assert_eq!(block, IdBlock::new(1, 3 * BLOCK));
    assert_eq!(counter(&client).await, 1 + 3 * BLOCK);
}

#[tokio::test]
async fn unused_ids_are_handed_out_unless_others_followed() {
    let database = TestDatabase::migrated();
    let pool = pool(&database);
    let ids = Ids::new();
    let mut block = reserve(&ids, &pool, 10).await.unwrap();
    assert_eq!([block.take(), block.take()], [Some(1), Some(2)]);
    ids.give_back(block);
    let mut early = reserve(&ids, &pool, 10).await.unwrap();
    assert_eq!(early, IdBlock::new(3, 10));

    let late = reserve(&ids, &pool, 10).await.unwrap();
    assert_eq!(late, IdBlock::new(13, 10));
    assert_eq!(early.take(), Some(3));
    ids.give_back(early);
    assert_eq!(reserve(&ids, &pool, 1).await.unwrap(), IdBlock::new(23, 1));
}

#[tokio::test]
async fn ids_end_below_2_to_53() {
    let database = TestDatabase::migrated();
    let (pool, client) = (pool(&database), database.connect().await);
    let last = MAX_SAFE_INTEGER - BLOCK;
    client.execute("UPDATE id_counter SET next_id = $1", &[&last]).await.unwrap();
    let block = reserve(&Ids::new(), &pool, 1).await.unwrap();
    assert_eq!(block.next(), last);
    let refused = reserve(&Ids::new(), &pool, 1).await.unwrap_err();
    assert_eq!(refused.to_string(), "there are no more ids below 2^53");
    assert_eq!(counter(&client).await, MAX_SAFE_INTEGER);
}
