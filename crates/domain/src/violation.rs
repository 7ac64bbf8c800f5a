//! What is wrong with an item, where, and how badly.

use std::fmt;

use crate::contact::rules::Rule;
use crate::path::Path;

/// One broken rule on one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The rule that is broken; it brings the code.
    pub rule: &'static Rule,
    /// Where.
    pub path: Path,
    /// Whether it refuses the item.
    pub severity: Severity,
    /// The offending value as text, at most [`MAX_VALUE_CHARS`] characters, never a whole document.
    pub value: String,
    /// A sentence for a person.
    pub message: String,
    /// What would mend it, where that is certain.
    pub fix: Option<Fix>,
}

/// How much of an offending value is quoted, in characters.
pub const MAX_VALUE_CHARS: usize = 200;

impl Violation {
    /// A violation of `rule` at its own severity.
    pub fn new(
        rule: &'static Rule,
        path: Path,
        value: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let mut value = value.into();
        if let Some((end, _)) = value.char_indices().nth(MAX_VALUE_CHARS) {
            value.truncate(end);
        }
        Self { rule, path, severity: rule.severity, value, message: message.into(), fix: None }
    }

    /// The same with a fix.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The code that front doors report.
    pub fn code(&self) -> Code {
        self.rule.code
    }

    /// Whether it refuses the item.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.path, self.rule.code, self.message)
    }
}

/// Whether a violation refuses its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The item is stored, the violation reported.
    Warning,
    /// The item is refused.
    Error,
}

/// One operation of a JSON Patch (RFC 6902) that mends a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// `move`: a member under a wrong name.
    Move {
        /// Where it stands.
        from: Path,
        /// Where it belongs.
        path: Path,
    },
    /// `replace`: a text in a wrong spelling.
    Replace {
        /// Where it stands.
        path: Path,
        /// What it should read.
        value: String,
    },
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The closed list of codes that front doors report: the ERP contract's eighteen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the contract's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is written on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// Nothing is wrong.
    NoError = "NO_ERROR",
    /// Asked for something that is not built.
    NotImplementedYet = "NOT_IMPLEMENTED_YET",
    /// No such contact.
    ContactNotFound = "CONTACT_NOT_FOUND",
    /// A required member is missing.
    FieldRequired = "FIELD_REQUIRED",
    /// A value breaks its rule.
    ValidationError = "VALIDATION_ERROR",
    /// The contact seems to exist already, or several match.
    DuplicationError = "DUPLICATION_ERROR",
    /// A race for a unique key was lost.
    UniqueConstraintViolation = "UNIQUE_CONSTRAINT_VIOLATION",
    /// Unused by contacts.
    WrongPasswordFormat = "WRONG_PASSWORD_FORMAT",
    /// Unused by contacts.
    WrongPassword = "WRONG_PASSWORD",
    /// The caller may not do this.
    ActionDenied = "ACTION_DENIED",
    /// Something referred to does not exist.
    NotFound = "NOT_FOUND",
    /// Unused by contacts.
    ExpectedOneFile = "EXPECTED_ONE_FILE",
    /// A unique key belongs to another contact.
    UniqueViolation = "UNIQUE_VIOLATION",
    /// The item is empty.
    ContentEmpty = "CONTENT_EMPTY",
    /// A value of a closed list is not on it, or a type cannot change.
    InvalidType = "INVALID_TYPE",
    /// A value cannot be read as what it should be.
    ConversionError = "CONVERSION_ERROR",
    /// Unused by contacts.
    FileParseException = "FILE_PARSE_EXCEPTION",
    /// Something to be removed is still referred to.
    InUse = "IN_USE",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
