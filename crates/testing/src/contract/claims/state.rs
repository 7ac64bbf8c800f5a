//! What a store says of itself.

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;

pub(crate) const CLAIMS: &[Claim] = claims![store_that_works_is_writable];

async fn store_that_works_is_writable(fixture: &StoreFixture) {
    for _ in 0..2 {
        fixture.state().check_writable().await.expect("the store does not fail");
    }
    assert_eq!(fixture.everything().await, []);
}
