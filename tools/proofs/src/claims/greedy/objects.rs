//! Objects and arrays with many members, for look-ups that get slow.

use anyhow::{Context as _, Result};
use server_process::client::Prepared;

use super::client::{Tally, Target, array, members};
use crate::load::BATCH;

/// One item with 100,000 members that no contact has.
pub(super) fn unknown_members(target: &Target) -> Result<Tally> {
    let unknown = members(100_000, |number| format!(r#""u{number}":{number}"#));
    let body =
        format!(r#"[{{"contactType":"PERSON","externalId":"unknown","lastName":"U",{unknown}}}]"#);
    target.send_at_once(&Prepared::post(BATCH, &target.token, &body), 4)
}

/// A stored `region` of 1,000 members, and ten items of a few bytes that change one of them.
pub(super) fn large_region(target: &Target) -> Result<Tally> {
    let region = members(1_000, |number| format!(r#""name-{number}":{number}"#));
    let stored = target.store(&format!(
        r#"[{{"contactType":"PERSON","externalId":"region","lastName":"R",
              "addresses":[{{"name":"A","region":{{{region}}}}}]}}]"#
    ))?;
    let id = stored.pointer("/items/0/freshData/addresses/0/id").context("no id of an address")?;
    let items = array(10, |number| {
        format!(
            r#"{{"externalId":"region","addresses":[{{"id":{id},"region":{{"name-{number}":0}}}}]}}"#
        )
    });
    target.send_at_once(&Prepared::post(BATCH, &target.token, &items), 8)
}

/// A stored contact of 1,000 addresses, and items that bring 1,000 others each.
pub(super) fn elements_without_match(target: &Target) -> Result<Tally> {
    let addresses =
        |of: usize| array(1_000, |number| format!(r#"{{"name":"A","line1":"{of}-{number}"}}"#));
    target.store(&format!(
        r#"[{{"contactType":"PERSON","externalId":"elements","lastName":"E","addresses":{}}}]"#,
        addresses(0)
    ))?;
    let items = array(30, |number| {
        format!(r#"{{"externalId":"elements","addresses":{}}}"#, addresses(number + 1))
    });
    target.send_at_once(&Prepared::post(BATCH, &target.token, &items), 2)
}
