//! Prints a file that is written by code: `cargo xtask codegen` compares it or puts it in place.
//!
//! An example of the server and not of `cargo xtask`, so that the menu of chores needs none of our
//! crates; and one for all files, because the server builds every crate with the features that
//! users get.

use std::error::Error;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    let contents = match std::env::args().nth(1).as_deref() {
        Some("openapi") => contacts_adapters_http::openapi().to_pretty_json()? + "\n",
        Some("rules") => contacts_domain::contact::rules::render(),
        _ => return Err("say which file: openapi or rules".into()),
    };
    std::io::stdout().write_all(contents.as_bytes())?;
    Ok(())
}
