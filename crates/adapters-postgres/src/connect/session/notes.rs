//! Records the statements that a task sends, for tests.

use std::cell::RefCell;

use tokio_postgres::types::Type;

use super::Parameter;
use crate::tests::plans::assert_expected;

/// A statement, and the types of its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SentStatement {
    pub(crate) sql: String,
    pub(crate) types: Vec<Type>,
}

tokio::task_local! {
    static NOTES: RefCell<Vec<SentStatement>>;
}

/// Returns the statements that the work sends.
pub(crate) async fn statements_of(work: impl Future<Output = ()>) -> Vec<SentStatement> {
    let noted = async {
        work.await;
        NOTES.with(RefCell::take)
    };
    NOTES.scope(RefCell::default(), noted).await
}

/// Records a statement, after checking that its plan is expected.
pub(crate) fn note(sql: &str, parameters: &[Parameter<'_>]) {
    assert_expected(sql);
    add(sql, parameters);
}

/// Records statements that are sent as a script and not planned with values.
pub(crate) fn note_script(sql: &str) {
    add(sql, &[]);
}

fn add(sql: &str, parameters: &[Parameter<'_>]) {
    let types = parameters.iter().map(|(_, of_type)| of_type.clone()).collect();
    let sent = SentStatement { sql: sql.to_owned(), types };
    // Fails for a task whose statements are not recorded.
    let _ = NOTES.try_with(|notes| notes.borrow_mut().push(sent));
}
