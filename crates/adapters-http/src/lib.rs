//! The front doors of contact-hub: the ERP contract and the device contract over HTTP.
//!
//! [`router`] turns the [`Services`] of the application into an [`axum::Router`]. Each endpoint is
//! one file under `erp` or `device`, with its wire types, its handler and its documentation;
//! [`openapi()`] is the description of all of them. At the door of the ERP, what goes wrong with a
//! whole request is an RFC 9457 problem, and what goes wrong with an item is a verdict in a 200; at
//! the door of devices, whatever goes wrong refuses the whole request, in the contract's envelope.

mod answer;
mod array_items;
mod auth;
mod body;
mod contact_id;
mod damage;
mod device;
mod erp;
mod error_code;
mod health;
mod json_text;
mod limits;
mod media_type;
mod offload;
mod openapi;
mod prefer;
mod problem;
mod settings;
mod state;
mod telemetry;

use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use device::{DEVICE_PATHS, DEVICE_PREFIXES, DeviceOperation, DevicePath};
pub use settings::Settings;
pub use state::Services;

use state::AppState;

/// The router of all front doors, ready to be served.
///
/// Every answer carries `x-request-id`. Every refusal can be read by a client that is still
/// sending, within the bounds that [`Settings`] names.
///
/// ```
/// use std::sync::Arc;
///
/// use contacts_adapters_http::{Services, Settings, router};
/// use contacts_application::testing::{MemoryStore, StoppedClock, now};
///
/// let store = Arc::new(MemoryStore::default());
/// let services = Services::new(store.clone(), store.clone(), store, Arc::new(StoppedClock(now())));
/// let app: axum::Router = router(services, Settings::default());
/// ```
pub fn router(services: Services, settings: Settings) -> Router {
    let state = AppState::new(services, settings, &openapi());
    let routes: Router<AppState> = doors()
        .layer(middleware::from_fn_with_state(state.clone(), limits::admit))
        .merge(operation())
        .into();
    routes
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn_with_state(state.clone(), body::drain))
        .layer(middleware::from_fn(telemetry::observe))
        .with_state(state)
}

/// The API description, OpenAPI 3.1, as it is served at `/openapi.json`.
pub fn openapi() -> OpenApi {
    OpenApiRouter::with_openapi(openapi::frame()).merge(doors()).merge(operation()).into_openapi()
}

/// The routes that work on contacts: they are admitted only while there is room.
fn doors() -> OpenApiRouter<AppState> {
    erp::routes().merge(device::routes())
}

/// The routes that answer also when the server is full.
fn operation() -> OpenApiRouter<AppState> {
    health::routes().merge(openapi::routes())
}
