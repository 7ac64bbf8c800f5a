//! The turn of a list.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::authorized::layered;
use crate::limits::{Part, Room};
use crate::problem::Problem;
use crate::state::AppState;

/// The turn of a request that reads many contacts: a few of them run at once.
pub(crate) struct ListTurn {
    _turn: Part,
}

impl FromRequestParts<AppState> for ListTurn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        Ok(Self { _turn: layered::<Room>(parts)?.list().await? })
    }
}
