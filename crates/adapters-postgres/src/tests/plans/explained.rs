//! `EXPLAIN` of the statements that a store sent.

use std::collections::BTreeSet;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::partitions::Partitions;
use crate::connect::session::notes::SentStatement;

/// Statements of a store, prepared on one connection.
pub(in crate::tests) struct Explained<'a> {
    client: Client,
    partitions: Partitions,
    sent: &'a [SentStatement],
}

impl<'a> Explained<'a> {
    /// Prepares the statements on the tables in their current state.
    pub(in crate::tests) async fn prepare(client: Client, sent: &'a [SentStatement]) -> Self {
        let explained = Self { partitions: Partitions::of(&client).await, client, sent };
        for (at, SentStatement { sql, types }) in sent.iter().enumerate() {
            if explained.number(sql) == at && !is_for_the_session(sql) {
                let types = listed(types.iter().map(Type::name));
                let prepare = format!("PREPARE explained_{at}{types} AS {sql}");
                explained.client.batch_execute(&prepare).await.unwrap();
            }
        }
        explained
    }

    /// The statements, each with its indexes and their searched columns.
    pub(in crate::tests) async fn scans(&self) -> Vec<(&'a str, String)> {
        let mut all: Vec<(&str, String)> = Vec::new();
        for (sql, plan) in self.plans().await {
            let scans = scans(&plan);
            match all.iter().find(|(other, _)| *other == sql) {
                Some((_, others)) => assert_eq!(&scans, others, "{sql} is run in two ways"),
                None => all.push((sql, scans)),
            }
        }
        all
    }

    /// The statements with the lines of their plans. They are explained in the order in which they were
    /// sent, so that the planner settings of each transaction apply.
    pub(in crate::tests) async fn plans(&self) -> Vec<(&'a str, Vec<String>)> {
        let mut all: Vec<(&str, Vec<String>)> = Vec::new();
        for SentStatement { sql, types } in self.sent {
            if is_for_the_session(sql) {
                let sql = if sql == "COMMIT" { "ROLLBACK" } else { sql };
                self.client.batch_execute(sql).await.unwrap();
                continue;
            }
            let values = listed(types.iter().map(literal));
            let number = self.number(sql);
            let explain = format!("EXPLAIN (COSTS OFF) EXECUTE explained_{number}{values}");
            let rows = self.client.query(&explain, &[]).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let scanned = self.partitions.scanned(&plan);
            assert!(scanned.len() <= 1 || !names_the_organization(sql), "{sql}: {plan:#?}");
            all.push((sql, plan.iter().map(|line| self.partitions.whole(line)).collect()));
        }
        all
    }

    fn number(&self, sql: &str) -> usize {
        self.sent.iter().position(|other| other.sql == sql).unwrap()
    }
}

fn is_for_the_session(sql: &str) -> bool {
    matches!(sql.split_whitespace().next(), Some("BEGIN" | "SET" | "COMMIT" | "ROLLBACK"))
}

/// Whether a statement takes the organization of all rows from its first parameter. Where a row says
/// it, PostgreSQL leaves the other partitions out only when it comes there.
fn names_the_organization(sql: &str) -> bool {
    let count = |what| sql.matches(what).count();
    (1..=count("organization_id = $1")).contains(&count("organization_id = "))
}

/// Names in parentheses, unless there are none.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// A value of a type, as a literal.
fn literal(of: &Type) -> &'static str {
    match *of {
        Type::INT4 | Type::INT8 => "1",
        Type::TEXT => "'A'",
        Type::BOOL => "false",
        Type::BYTEA => r"'\x07'",
        Type::TIMESTAMPTZ => "now()",
        Type::UUID => "'6f9619ff-8b86-d011-b42d-00cf4fc964ff'",
        Type::INT2_ARRAY | Type::INT4_ARRAY | Type::INT8_ARRAY => "'{1, 2, 3}'",
        Type::TEXT_ARRAY => "'{A, B, C}'",
        Type::BOOL_ARRAY => "'{t, f, t}'",
        Type::UUID_ARRAY | Type::TIMESTAMPTZ_ARRAY | Type::JSON_ARRAY | Type::BYTEA_ARRAY => "'{}'",
        ref other => panic!("{other}"),
    }
}

/// The scans of tables in a plan, each once.
fn scans(plan: &[String]) -> String {
    let mut scans = BTreeSet::new();
    for (at, line) in plan.iter().enumerate() {
        let line = line.trim_start_matches(|c: char| " ->".contains(c));
        let after = |word: &str| {
            let mut words = line.split_whitespace().skip_while(|other| *other != word);
            words.nth(1).map(str::to_owned)
        };
        if let Some(index) = line.strip_prefix("Conflict Arbiter Indexes: ") {
            scans.insert(format!("{index}(conflict)"));
        } else if line.starts_with("Seq Scan") {
            scans.insert(format!("all of {}", after("on").unwrap()));
        } else if line.contains("Index") && line.contains(" Scan ") {
            let index = after("using").or_else(|| after("on")).unwrap();
            let next = plan.get(at + 1).map(|next| next.trim()).unwrap_or_default();
            let columns = next.strip_prefix("Index Cond: ").map(columns).unwrap_or_default();
            scans.insert(match (index.as_str(), columns.as_str()) {
                (_, "") => format!("all of {}", after("on").unwrap()),
                // Both indexes find out at the same cost whether an organization has any alias.
                ("contact_alias_contact_id", "organization_id") => {
                    "contact_alias_pkey(organization_id,source)".to_owned()
                }
                _ => format!("{index}({columns})"),
            });
        }
    }
    scans.into_iter().collect::<Vec<_>>().join(" ")
}

/// The columns of a condition, each of which, or a row of which, stands left of an operator.
fn columns(condition: &str) -> String {
    let column = |part: &str| {
        let operators = [" = ", " < ", " <= ", " > ", " >= ", " @@ "];
        let operator = operators.iter().filter_map(|operator| part.find(operator)).min();
        let left = operator.map_or(part, |at| &part[..at]);
        left.replace("ROW", "").replace(['(', ')', ' '], "")
    };
    condition.split(" AND ").map(column).collect::<Vec<_>>().join(",")
}
