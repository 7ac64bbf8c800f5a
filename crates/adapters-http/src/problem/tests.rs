//! Problems of ladders.

use std::sync::Arc;

use axum::http::header::RETRY_AFTER;
use contacts_application::access::{Filling, LadderError};
use contacts_application::use_cases::UseCaseError;
use contacts_domain::{MatchBy, OrganizationId, SharedKey};

use super::*;

fn response(error: LadderError) -> (StatusCode, Option<HeaderValue>, String) {
    let response = Problem::from(UseCaseError::from(error)).into_response();
    let problem = response.extensions().get::<Arc<Problem>>().unwrap();
    let retry_after = response.headers().get(RETRY_AFTER).cloned();
    (response.status(), retry_after, problem.detail.clone())
}

#[test]
fn unmatchable_key_is_400_or_409() {
    let organization = OrganizationId::new(7).unwrap();
    let key = SharedKey::Phone;
    let off = LadderError::SwitchedOff { organization, key, needed: MatchBy::ALL };
    assert_eq!(response(off), (StatusCode::BAD_REQUEST, None, off.to_string()));

    let filling = Filling { to: 31, done: 30, of: 90 };
    let filled = LadderError::BeingFilled { organization, key, filling };
    let later = Some(HeaderValue::from_static("30"));
    assert_eq!(response(filled), (StatusCode::CONFLICT, later, filled.to_string()));
}
