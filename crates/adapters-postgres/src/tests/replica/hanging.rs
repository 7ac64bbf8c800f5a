//! A standby that does not answer.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use super::super::log::Log;
use super::{
    NO_PAUSE, ON_PRIMARY, listed, place, played, reader, reader_from, returns, usual, warning,
};
use crate::PostgresOptions;

/// How long a test waits for what does not come.
const SHORT: Duration = Duration::from_millis(100);

/// How many connections were made there.
fn connections_to(listener: &TcpListener) -> usize {
    listener.set_nonblocking(true).unwrap();
    listener.incoming().take_while(Result::is_ok).count()
}

#[tokio::test]
async fn silent_standby_is_waited_for_once() {
    let (log, _guard, _other) = Log::start();
    // The operating system accepts connections that the program never accepts.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let there: SocketAddr = silent.local_addr().unwrap();
    let options = PostgresOptions { wait: SHORT, ..usual() };
    let (_primary, store) = reader_from(&format!("postgres://u:secret@{there}/hub"), options).await;
    for _ in 0..3 {
        assert_eq!(listed(&store).await, ON_PRIMARY);
    }
    let cause = "it did not answer within 0.1 s";
    assert_eq!(log.lines(), [warning(&there.to_string(), cause)]);
    assert_eq!(connections_to(&silent), 1);
}

/// Waits for the holder of the lock.
const WAIT: &str = "SELECT pg_advisory_xact_lock_shared(7)";

#[tokio::test]
async fn standby_hanging_at_check_is_given_up() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    returns(&standby, "pg_is_in_recovery", "bool", &format!("{WAIT}; SELECT true"));
    let holder = standby.connect().await;
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    let options = PostgresOptions { wait: SHORT, ..usual() };
    let (_primary, store) = reader(&standby, options).await;
    assert_eq!(listed(&store).await, ON_PRIMARY);
    assert_eq!(log.lines(), [warning(&place(&standby), "it did not answer within 0.1 s")]);
}

#[tokio::test]
async fn standby_hanging_during_list_is_given_up() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    // It ignores the limit of the statement, as if it hung.
    standby.execute(&format!(
        "CREATE FUNCTION played.hang() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN LOOP
             BEGIN PERFORM ({WAIT}); RETURN true; EXCEPTION WHEN query_canceled THEN END;
         END LOOP; END $$;
         CREATE VIEW played.contact_intercom AS
             SELECT * FROM public.contact_intercom WHERE played.hang()"
    ));
    let options = PostgresOptions { statement_timeout: Duration::from_secs(1), ..usual() };
    let (_primary, store) = reader(&standby, options).await;
    let holder = standby.connect().await;
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    assert_eq!(listed(&store).await, ON_PRIMARY);
    assert_eq!(log.lines(), [warning(&place(&standby), "it did not answer within 1 s")]);
}

#[tokio::test]
async fn lists_that_wait_for_standby_leave_primary_to_others() {
    let standby = played().await;
    returns(&standby, "pg_is_in_recovery", "bool", &format!("{WAIT}; SELECT true"));
    let holder = standby.connect().await;
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    // One connection to the primary is for lists, and each list waits for the standby just as long
    // as a list may wait for that connection.
    let options = PostgresOptions { wait: Duration::from_secs(1), ..NO_PAUSE };
    let (_primary, store) = reader(&standby, options).await;
    let (first, second, third) = tokio::join!(listed(&store), listed(&store), listed(&store));
    assert_eq!([first, second, third], [ON_PRIMARY; 3]);
}
