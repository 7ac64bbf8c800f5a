//! The causes of an error, for the log.

use std::error::Error;
use std::fmt;

/// An error and its sources, on one line.
pub(super) struct Chain<'e>(pub(super) &'e dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
