//! Reads JSON text from its start to its end.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Reads text that `serde_json` has found to be valid, so that only lone surrogates are left to
/// check. Of other text it makes something, in linear time.
pub(crate) struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(raw: &'t RawValue) -> Self {
        Self::of_text(raw.get())
    }

    pub(crate) fn of_text(rest: &'t str) -> Self {
        Self { rest }
    }

    /// Goes past one value, however deep, and returns its text.
    pub(crate) fn skip(&mut self) -> &'t str {
        self.peek();
        let all = self.rest;
        self.go_past();
        all.get(..all.len() - self.rest.len()).unwrap_or_default()
    }

    fn go_past(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'{' | b'[') => {
                    self.enter();
                    depth += 1;
                }
                Some(b'}' | b']') => {
                    self.take(1);
                    depth = depth.saturating_sub(1);
                }
                Some(b'"') => drop(self.quoted()),
                Some(_) => drop(self.scalar()),
                None => return,
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Skips white space and separators, and returns the first byte after them.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
        let between = self.rest.bytes().take_while(is_between).count();
        self.take(between);
        self.rest.bytes().next()
    }

    /// Goes into an object or an array.
    pub(crate) fn enter(&mut self) {
        self.take(1);
    }

    /// The name of the next member of the object, or `None` after the last, and past its end.
    pub(crate) fn name(&mut self) -> Result<Option<Cow<'t, str>>, serde_json::Error> {
        if self.peek() == Some(b'"') {
            return self.string().map(Some);
        }
        self.take(1);
        Ok(None)
    }

    /// The same, or an outer `None` for a name with escapes.
    pub(crate) fn plain_name(&mut self) -> Option<Option<&'t str>> {
        if self.peek() == Some(b'"') {
            return self.plain_scalar().map(|quoted| Some(quoted.trim_matches('"')));
        }
        self.take(1);
        Some(None)
    }

    /// A string without escapes, with its quotes, or another value that is no array or object.
    pub(crate) fn plain_scalar(&mut self) -> Option<&'t str> {
        match self.peek()? {
            b'{' | b'[' => None,
            b'"' => {
                let (quoted, is_escaped) = self.quoted();
                (!is_escaped).then_some(quoted)
            }
            _ => Some(self.scalar()),
        }
    }

    /// Whether the array has another element. If not, goes past its end.
    pub(crate) fn element(&mut self) -> bool {
        let is_there = self.peek().is_some_and(|byte| byte != b']');
        if !is_there {
            self.take(1);
        }
        is_there
    }

    pub(super) fn string(&mut self) -> Result<Cow<'t, str>, serde_json::Error> {
        let (quoted, is_escaped) = self.quoted();
        if is_escaped {
            serde_json::from_str(quoted).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(quoted.trim_matches('"')))
        }
    }

    /// A string with its quotes, and whether it has escapes.
    fn quoted(&mut self) -> (&'t str, bool) {
        let (mut end, mut is_escaped) = (1, false);
        while let Some(rest) = self.rest.as_bytes().get(end..) {
            let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            let Some(at) = special else { break };
            if rest.get(at) == Some(&b'"') {
                end += at + 1;
                return (self.take(end), is_escaped);
            }
            is_escaped = true;
            end += at + 2;
        }
        let end = self.rest.len();
        (self.take(end), is_escaped)
    }

    /// A number, `true`, `false` or `null`.
    pub(super) fn scalar(&mut self) -> &'t str {
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
        self.take(end.unwrap_or(self.rest.len()))
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}
