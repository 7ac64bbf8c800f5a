//! A claim: one promise of a store, with the function that checks it.

use std::pin::Pin;

use super::fixture::StoreFixture;
use super::store_under_test::StoreUnderTest;

/// One promise of a store.
#[derive(Clone, Copy)]
pub struct Claim {
    pub(super) name: &'static str,
    pub(super) check: for<'f> fn(&'f StoreFixture) -> Pin<Box<dyn Future<Output = ()> + 'f>>,
}

impl Claim {
    /// The promise, as the name of a test.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the claim on a fresh store. Panics if the store breaks it.
    pub async fn check(&self, store: impl StoreUnderTest) {
        (self.check)(&StoreFixture::new(store)).await;
    }
}

/// A list of claims out of the functions that check them.
macro_rules! claims {
    ($($claim:ident),+ $(,)?) => {
        &[$(Claim { name: stringify!($claim), check: |fixture| Box::pin($claim(fixture)) }),+]
    };
}
pub(super) use claims;
