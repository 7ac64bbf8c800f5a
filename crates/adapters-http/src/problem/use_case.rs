//! The problems of use cases.

use std::time::Duration;

use contacts_application::access::LadderError;
use contacts_application::ports::StoreErrorKind;
use contacts_application::use_cases::{AccessError, NotDone, UseCaseError};

use super::{Kind, Problem, SOON};

/// The `Retry-After` of a request by a key that is being filled: a million contacts take minutes.
const LATER: Duration = Duration::from_secs(30);

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        UseCaseError::from(error).into()
    }
}

impl From<UseCaseError> for Problem {
    fn from(error: UseCaseError) -> Self {
        let detail = error.to_string();
        match error {
            UseCaseError::Access(AccessError::UnknownToken) => {
                Self::new(Kind::Unauthenticated, detail)
            }
            UseCaseError::Access(AccessError::Forbidden) => Self::new(Kind::Forbidden, detail),
            UseCaseError::Access(AccessError::InsufficientScope(needed)) => {
                Self { needed, ..Self::new(Kind::Forbidden, detail) }
            }
            UseCaseError::Access(AccessError::UnknownOrganization(_)) => {
                Self::new(Kind::UnknownOrganization, detail)
            }
            UseCaseError::Access(AccessError::OrganizationNotNamed) => {
                Self::new(Kind::OrganizationNotNamed, detail)
            }
            UseCaseError::Ladder(LadderError::SwitchedOff { .. }) => {
                Self::new(Kind::KeySwitchedOff, detail)
            }
            UseCaseError::Ladder(LadderError::BeingFilled { .. }) => {
                Self { retry_after: Some(LATER), ..Self::new(Kind::KeyBeingFilled, detail) }
            }
            UseCaseError::DocumentsTooLarge(_) => Self::new(Kind::AnswerTooLarge, detail),
            UseCaseError::NotDone(NotDone::Running) => {
                Self { retry_after: Some(SOON), ..Self::new(Kind::RequestRunning, detail) }
            }
            UseCaseError::NotDone(NotDone::OtherRequest) => {
                Self::new(Kind::IdempotencyKeyReused, detail)
            }
            UseCaseError::Panicked(error) => Self::internal(error),
            UseCaseError::Store(error) => match error.kind() {
                StoreErrorKind::Unavailable | StoreErrorKind::Full | StoreErrorKind::Contention => {
                    Self::unavailable(Some(error.into()))
                }
                StoreErrorKind::TooLarge => Self::new(Kind::TooManyDocuments, detail),
                StoreErrorKind::OutOfTime => Self::new(Kind::OutOfTime, detail),
                StoreErrorKind::Corrupt | StoreErrorKind::Internal => Self::internal(error),
            },
        }
    }
}
