//! JSON Patch.

use super::*;

fn apply(document: &str, patch: &str) -> Result<String, JsonPatchError> {
    super::apply(document, patch, &["id"])
}

/// The examples of RFC 6902, appendix A, and the numbers of contacts.
#[test]
fn operations_apply_as_the_standard_says() {
    for (document, patch, expected) in [
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
            r#"{"foo":"bar","baz":"qux"}"#,
        ),
        (
            r#"{"foo":["bar","baz"]}"#,
            r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            r#"{"foo":["bar","qux","baz"]}"#,
        ),
        (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
        (
            r#"{"foo":["a","b","c"]}"#,
            r#"[{"op":"remove","path":"/foo/1"}]"#,
            r#"{"foo":["a","c"]}"#,
        ),
        (
            r#"{"baz":"qux"}"#,
            r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            r#"{"baz":"boo"}"#,
        ),
        (
            r#"{"foo":{"a":1,"b":2},"qux":{"c":3}}"#,
            r#"[{"op":"move","from":"/foo/b","path":"/qux/d"}]"#,
            r#"{"foo":{"a":1},"qux":{"c":3,"d":2}}"#,
        ),
        (
            r#"{"foo":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            r#"{"foo":["all","cows","eat","grass"]}"#,
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/a/-","value":2}]"#,
            r#"{"a":[1,2],"b":[1]}"#,
        ),
        (
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":10},{"op":"test","path":"/~1","value":9.0}]"#,
            r#"{"/":9,"~1":10}"#,
        ),
        (
            r#"{"a":{"b":1,"c":[2]}}"#,
            r#"[{"op":"test","path":"/a","value":{"c":[2],"b":1}}]"#,
            r#"{"a":{"b":1,"c":[2]}}"#,
        ),
        (r#"{"a":1.10}"#, r#"[{"op":"add","path":"/b","value":1e3}]"#, r#"{"a":1.10,"b":1e3}"#),
        ("{}", "[]", "{}"),
    ] {
        assert_eq!(apply(document, patch).as_deref(), Ok(expected), "{patch}");
    }
}

#[test]
fn refused_operation_names_its_place() {
    let document = r#"{"foo":["a"],"bar":"x"}"#;
    let no_place = |pointer: &str| {
        Err(JsonPatchError::NoSuchPlace { operation: 0, pointer: pointer.to_owned() })
    };
    for (patch, pointer) in [
        (r#"[{"op":"add","path":"/baz/bat","value":1}]"#, "/baz/bat"),
        (r#"[{"op":"add","path":"/foo/2","value":1}]"#, "/foo/2"),
        (r#"[{"op":"add","path":"/foo/01","value":1}]"#, "/foo/01"),
        (r#"[{"op":"remove","path":"/foo/-"}]"#, "/foo/-"),
        (r#"[{"op":"replace","path":"/bar/x","value":1}]"#, "/bar/x"),
        (r#"[{"op":"move","from":"/foo","path":"/foo/0"}]"#, "/foo/0"),
        (r#"[{"op":"test","path":"/no","value":null}]"#, "/no"),
    ] {
        assert_eq!(apply(document, patch), no_place(pointer), "{patch}");
    }
    let test = r#"[{"op":"test","path":"/bar","value":"X"}]"#;
    let failed = JsonPatchError::TestFailed { operation: 0, pointer: "/bar".to_owned() };
    assert_eq!(apply(document, test), Err(failed));
}

#[test]
fn what_is_no_patch_is_refused() {
    let many = format!("[{}]", vec![r#"{"op":"test","path":"","value":1}"#; 1_001].join(","));
    for patch in [
        "",
        "{}",
        "[1]",
        r#"[{"path":"/a"}]"#,
        r#"[{"op":"add","path":"a","value":1}]"#,
        r#"[{"op":"add","path":"/a"}]"#,
        r#"[{"op":"spread","path":"/a"}]"#,
        r#"[{"op":"move","path":"/a"}]"#,
        &many,
    ] {
        let refused = apply("{}", patch);
        assert!(matches!(refused, Err(JsonPatchError::Malformed(_))), "{patch}: {refused:?}");
    }
}

#[test]
fn size_and_nesting_have_a_limit() {
    let document = r#"{"a":["x"],"b":{}}"#;
    let patch = |operation: String, times| format!("[{}]", vec![operation; times].join(","));
    let twice = r#"{"op":"copy","from":"/a","path":"/a/-"}"#.to_owned();
    let deep = format!(r#"{{"op":"add","path":"/b{}","value":{{}}}}"#, "/b".repeat(16));
    let more = r#"{"op":"add","path":"/a/0","value":1}"#.to_owned();
    for (patch, operation) in [(patch(twice, 40), 13), (patch(deep, 1), 0)] {
        let too_large = Err(JsonPatchError::TooLarge { operation });
        assert_eq!(apply(document, &patch), too_large, "{patch}");
    }
    let document_of_text = format!(r#"{{"a":"{}"}}"#, "x".repeat(200_000));
    let copies = patch(r#"{"op":"copy","from":"/a","path":"/b"}"#.to_owned(), 6);
    assert_eq!(apply(&document_of_text, &copies), Err(JsonPatchError::TooLarge { operation: 5 }));
    let many = patch(more, 1_000);
    assert_eq!(apply(document, &many), Err(JsonPatchError::TooLarge { operation: 999 }));
}

#[test]
fn fixed_member_stays() {
    for patch in [
        r#"[{"op":"remove","path":"/id"}]"#,
        r#"[{"op":"replace","path":"/id","value":2}]"#,
        r#"[{"op":"replace","path":"","value":[]}]"#,
    ] {
        assert_eq!(apply(r#"{"id":1}"#, patch), Err(JsonPatchError::Fixed { member: "id" }));
    }
    let test = r#"[{"op":"test","path":"/id","value":1},{"op":"replace","path":"/id","value":1}]"#;
    assert!(apply(r#"{"id":1}"#, test).is_ok());
}
