//! Finds what is too long in an item before anything is built of it.

use serde_json::value::RawValue;

use crate::contact::document::ContactDocument;
use crate::contact::rules::{
    MAX_ELEMENTS, MAX_ITEM_BYTES, MAX_MEMBERS, TOO_MANY_ELEMENTS, TOO_MANY_MEMBERS,
};
use crate::json::{MAX_NESTING, Reader};
use crate::path::{At, Path};
use crate::rule::Rule;
use crate::tree::{Kind, Shape, Value};
use crate::violation::Violation;

/// In bytes. A thousand elements with their commas need about as many, so nothing in a shorter item
/// can be too long.
const SHORT: usize = 2 * MAX_ELEMENTS;

/// The first limit that the item exceeds, in document order. Unknown members are counted and not
/// looked into. What is not JSON, or nested too deep, is for others to report.
pub(super) fn exceeded(json: &str) -> Option<Violation> {
    if json.len() <= SHORT {
        return None;
    }
    if json.len() > MAX_ITEM_BYTES {
        let message = format!("an item has at most {MAX_ITEM_BYTES} bytes");
        return Some(Violation::new(Rule::Limits, Path::root(), "", message));
    }
    let text = serde_json::from_str::<&RawValue>(json).ok()?;
    let mut scan = Scan { reader: Reader::new(text), unknown: 0 };
    match scan.value(Within::Known(&ContactDocument::KIND), &At::root()) {
        Err(Stop::Exceeded(violation)) => Some(*violation),
        Err(Stop::Unreadable) | Ok(()) => None,
    }
}

struct Scan<'t> {
    reader: Reader<'t>,
    /// How many unknown members were found so far.
    unknown: usize,
}

/// What a value is part of.
#[derive(Clone, Copy)]
enum Within {
    /// In a known member.
    Known(&'static Kind),
    /// In an object that is stored as received.
    Opaque,
}

enum Stop {
    Exceeded(Box<Violation>),
    Unreadable,
}

impl From<serde_json::Error> for Stop {
    fn from(_: serde_json::Error) -> Self {
        Self::Unreadable
    }
}

impl Scan<'_> {
    fn value(&mut self, within: Within, at: &At<'_>) -> Result<(), Stop> {
        if at.depth() > MAX_NESTING {
            return Err(Stop::Unreadable);
        }
        match (self.reader.peek(), within) {
            (Some(b'{'), Within::Known(Kind::Block(shape))) => self.block(shape, at),
            (Some(b'{'), Within::Known(Kind::OpaqueObject(shape))) => self.object(Some(shape), at),
            (Some(b'{'), Within::Known(Kind::CustomFields) | Within::Opaque) => {
                self.object(None, at)
            }
            (Some(b'['), Within::Known(Kind::List(element))) => {
                self.list(Within::Known(element), at)
            }
            (Some(b'['), Within::Opaque) => self.list(Within::Opaque, at),
            _ => {
                self.reader.skip();
                Ok(())
            }
        }
    }

    fn block(&mut self, shape: &'static Shape, at: &At<'_>) -> Result<(), Stop> {
        self.reader.enter();
        while let Some(name) = self.reader.name()? {
            match shape.member(&name) {
                Some(member) => self.value(Within::Known(&member.kind), &at.member(&name))?,
                None => {
                    self.unknown += 1;
                    let message = "an item has at most 1000 unknown members";
                    check(self.unknown, MAX_MEMBERS, message, at)?;
                    self.reader.skip();
                }
            }
        }
        Ok(())
    }

    fn object(&mut self, shape: Option<&'static Shape>, at: &At<'_>) -> Result<(), Stop> {
        self.reader.enter();
        let mut count = 0;
        while let Some(name) = self.reader.name()? {
            count += 1;
            check(count, MAX_MEMBERS, TOO_MANY_MEMBERS, at)?;
            let known = shape.and_then(|shape| shape.member(&name));
            let within = known.map_or(Within::Opaque, |member| Within::Known(&member.kind));
            self.value(within, &at.member(&name))?;
        }
        Ok(())
    }

    fn list(&mut self, element: Within, at: &At<'_>) -> Result<(), Stop> {
        self.reader.enter();
        let mut count = 0;
        while self.reader.element() {
            count += 1;
            check(count, MAX_ELEMENTS, TOO_MANY_ELEMENTS, at)?;
            self.value(element, &at.element(count - 1))?;
        }
        Ok(())
    }
}

fn check(count: usize, most: usize, message: &str, at: &At<'_>) -> Result<(), Stop> {
    if count <= most {
        return Ok(());
    }
    let violation = Violation::new(Rule::Limits, at.path(), "", message);
    Err(Stop::Exceeded(Box::new(violation)))
}
