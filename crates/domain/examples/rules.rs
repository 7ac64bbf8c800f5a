//! Prints `docs/rules.md`: `cargo run -p contacts-domain --example rules`.

#![expect(clippy::print_stdout, reason = "printing is all it does")]

fn main() {
    print!("{}", contacts_domain::contact::rules::render());
}
