//! Bodies that should be JSON, and the problems of those that are not.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Error, Map, Value};

use crate::problem::{Kind, Problem, cut};
use crate::v1::word::did_you_mean;

/// How much of a name is quoted, in characters.
const MAX_NAME: usize = 100;

/// A byte order mark, which RFC 8259 §8.1 lets a reader ignore.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The body as text. The problem of a body that is not UTF-8 says where.
pub(crate) fn decode(body: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(body).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let (line, column) = position_after(valid.unwrap_or_default());
        let detail = format!("a byte is not UTF-8 at line {line} column {column}");
        Problem::new(Kind::BodyNotUtf8, detail)
    })
}

/// The text without a byte order mark. Refuses an empty one: it has to be `expected`.
pub(crate) fn trim<'t>(text: &'t str, expected: &str) -> Result<&'t str, Problem> {
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if json.trim_ascii().is_empty() {
        return Err(Problem::new(Kind::BodyEmpty, format!("the body has to be {expected}")));
    }
    Ok(json)
}

/// The body as an object of that type, and nothing else: serde would take an array for a struct.
pub(crate) fn object<T: DeserializeOwned>(body: Vec<u8>, expected: &str) -> Result<T, Problem> {
    let text = decode(body)?;
    let json = trim(&text, expected)?;
    if !json.trim_ascii_start().starts_with('{') {
        let refused = serde_json::from_str::<Map<String, Value>>(json).err();
        return Err(refused.map_or_else(
            || Problem::new(Kind::BodyOfWrongShape, expected),
            |error| refusal(&error, expected),
        ));
    }
    serde_json::from_str(json).map_err(|error| refusal(&error, expected))
}

/// The problem of a text that cannot be read as what is `expected`.
pub(crate) fn refusal(error: &Error, expected: &str) -> Problem {
    // serde_json reports column 0 for the very beginning.
    let (line, column) = (error.line(), error.column().max(1));
    if let Some(detail) = unknown_member(&error.to_string()) {
        return Problem::new(Kind::BodyOfWrongShape, detail);
    }
    match error.classify() {
        Category::Data => {
            let detail = format!(
                "the body has to be {expected}; at line {line} column {column} it is something else"
            );
            Problem::new(Kind::BodyOfWrongShape, detail)
        }
        // These texts name the position and what is missing there. They quote nothing.
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::new(Kind::BodyNotJson, error.to_string())
        }
    }
}

/// What to tell about a member that is not known, by the text of serde: "unknown field `a`, expected one
/// of `b`, `c`".
fn unknown_member(error: &str) -> Option<String> {
    let (sent, rest) = error.strip_prefix("unknown field `")?.rsplit_once("`, expected ")?;
    let known: Vec<_> = rest.split('`').skip(1).step_by(2).collect();
    let proposal = did_you_mean(sent, &known).map(|word| format!("; did you mean {word}?"));
    let (sent, proposal) = (cut(sent, MAX_NAME), proposal.unwrap_or_default());
    Some(format!("there is no member {sent}{proposal}; there are {}", known.join(", ")))
}

/// Line and column, counted from 1 and in bytes, of what follows the text.
fn position_after(text: &[u8]) -> (usize, usize) {
    let lines = text.split(|byte| *byte == b'\n');
    lines.fold((0, 0), |(line, _), text| (line + 1, text.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_member_is_named_with_a_proposal() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[expect(dead_code, reason = "nothing reads what is not accepted")]
        struct Example {
            dry_run: bool,
            ids: Vec<i64>,
        }
        for (body, detail) in [
            (
                r#"{"dryrun": true}"#,
                "no member dryrun; did you mean dryRun?; there are dryRun, ids",
            ),
            (r#"{"x`, expected `": 1}"#, "no member x`, expected `; there are dryRun, ids"),
            (r#"{"ids": 1}"#, "the body has to be this; at line 1 column 9 it is something else"),
        ] {
            let refused = format!("{:?}", object::<Example>(body.into(), "this").unwrap_err());
            assert!(refused.contains(detail), "{refused}");
        }
    }

    #[test]
    fn position_counts_lines_and_bytes_from_one() {
        for (before, position) in [("", (1, 1)), ("ab", (1, 3)), ("a\nbc", (2, 3)), ("a\n", (2, 1))]
        {
            assert_eq!(position_after(before.as_bytes()), position, "{before:?}");
        }
    }
}
