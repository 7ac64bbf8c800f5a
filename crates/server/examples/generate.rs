//! Prints a generated file: `cargo xtask codegen` writes it or compares it with the committed one.
//!
//! It is an example of the server, so that xtask depends on none of our crates, and so that the
//! crates have the features of the released program.

use std::error::Error;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    let contents = match std::env::args().nth(1).as_deref() {
        Some("openapi") => contacts_adapters_http::openapi().to_pretty_json()? + "\n",
        Some("rules") => contacts_domain::contact::rules::render(),
        _ => return Err("name a file: openapi or rules".into()),
    };
    std::io::stdout().write_all(contents.as_bytes())?;
    Ok(())
}
