//! Places in a document.

use std::fmt::{self, Write};

use serde::Serializer;

/// How much of a name or a value that a caller chose is quoted, in characters.
pub const MAX_VALUE_CHARS: usize = 200;

/// As much of a text as is quoted.
pub(crate) fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// A place in a document, printed as JSON Pointer (RFC 6901) or as `addresses[0].city`.
///
/// ```
/// use contacts_domain::path::Path;
/// let path = Path::of("email");
/// assert_eq!(path.to_string(), "email");
/// assert_eq!(path.pointer(), "/email");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Path(Vec<Segment>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Into the member of an object. In violations, at most [`MAX_VALUE_CHARS`] characters of its
    /// name.
    Member(Box<str>),
    /// Into the element of an array, counted from 0.
    Element(usize),
}

impl Path {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A member of the document itself.
    pub fn of(member: &str) -> Self {
        Self(vec![Segment::Member(cut(member).into())])
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether it goes into that member of the document.
    pub fn is_within(&self, member: &str) -> bool {
        matches!(self.0.first(), Some(Segment::Member(name)) if **name == *member)
    }

    /// A member of what is at this place.
    #[must_use]
    pub fn join(mut self, member: &str) -> Self {
        self.0.push(Segment::Member(cut(member).into()));
        self
    }

    /// The same place with another last member name.
    #[must_use]
    pub(crate) fn with_last_member(&self, name: &str) -> Self {
        let mut segments = self.0.clone();
        segments.pop();
        segments.push(Segment::Member(name.into()));
        Self(segments)
    }

    /// The path as JSON Pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.0 {
            pointer.push('/');
            match segment {
                Segment::Member(name) => {
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Segment::Element(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    /// Serializes the path as JSON Pointer.
    pub(crate) fn serialize_pointer<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.pointer())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Member(name) => {
                    if position > 0 {
                        f.write_char('.')?;
                    }
                    f.write_str(name)?;
                }
                Segment::Element(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A place in a document during a traversal: borrowed, so that only [`path`](At::path) allocates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    step: Option<(&'a At<'a>, Step<'a>)>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

impl<'a> At<'a> {
    /// The document itself.
    pub(crate) fn root() -> At<'static> {
        At { step: None }
    }

    /// The place of a member.
    pub(crate) fn member(&'a self, name: &'a str) -> At<'a> {
        At { step: Some((self, Step::Member(name))) }
    }

    /// The place of an element, counted from 0.
    pub(crate) fn element(&'a self, index: usize) -> At<'a> {
        At { step: Some((self, Step::Element(index))) }
    }

    /// The number of steps from the root.
    pub(crate) fn depth(&self) -> usize {
        self.step.map_or(0, |(parent, _)| 1 + parent.depth())
    }

    /// The place as an owned [`Path`].
    pub(crate) fn path(&self) -> Path {
        self.path_of_names(cut)
    }

    /// The same with names of any length.
    pub(crate) fn whole_path(&self) -> Path {
        self.path_of_names(|name| name)
    }

    fn path_of_names(&self, quoted: fn(&str) -> &str) -> Path {
        let mut segments = Vec::new();
        let mut here = *self;
        while let Some((parent, step)) = here.step {
            segments.push(match step {
                Step::Member(name) => Segment::Member(quoted(name).into()),
                Step::Element(index) => Segment::Element(index),
            });
            here = *parent;
        }
        segments.reverse();
        Path(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_prints_elements_in_both_forms() {
        let root = At::root();
        let addresses = root.member("addresses");
        let first = addresses.element(0);
        let path = first.member("city").path();
        assert_eq!(path.to_string(), "addresses[0].city");
        assert_eq!(path.pointer(), "/addresses/0/city");
    }

    #[test]
    fn pointer_escapes_tilde_and_slash() {
        assert_eq!(At::root().member("a/b~c").path().pointer(), "/a~1b~0c");
    }

    #[test]
    fn long_name_is_cut() {
        let name = "é".repeat(500);
        assert_eq!(At::root().member(&name).path().to_string(), "é".repeat(MAX_VALUE_CHARS));
    }

    #[test]
    fn root_prints_as_empty_text() {
        assert_eq!(
            (Path::root().to_string(), Path::root().pointer()),
            (String::new(), String::new())
        );
    }
}
