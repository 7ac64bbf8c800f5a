//! The HTTP APIs of contact-hub: the native API, the contract of the ERP and that of intercom devices.
//!
//! [`router`] turns the [`Services`] of the application into an [`axum::Router`]. Each endpoint is
//! one file under `v1`, `erp` or `device`, with its wire types, its handler and its description;
//! [`openapi()`] describes all of them. The native and the ERP API answer a request that they
//! refuse as a whole with an RFC 9457 problem, and a refused item with a verdict in a 200. The device API refuses the
//! whole request, with the error envelope of its contract.

mod applying;
mod device;
mod erp;
mod limits;
mod openapi;
mod operation;
mod problem;

mod reply;
mod request;
mod settings;
mod state;
mod telemetry;
mod v1;

use axum::{Extension, Router, middleware};
use contacts_domain::ledger::Api;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use device::paths::{DEVICE_PATHS, DEVICE_PREFIXES, DeviceOperation, DevicePath};
pub use settings::Settings;
pub use state::{Ports, Services};
pub use telemetry::ClientAddress;
pub use telemetry::metrics::CertificateExpiry;
pub use v1::StillSending;

use device::aliases::describe_aliases;
use limits::hold;
use problem::format::ProblemFormat;
use reply::compression::compress;
use request::idempotency::{self, Keeps};
use request::{framing, upload};
use state::AppState;
use telemetry::Observer;

/// The router of all APIs, ready to be served.
///
/// Every answer carries `x-request-id`. A client that is still sending can read a refusal, within
/// the bounds of the [`Settings`].
///
/// ```
/// use std::sync::Arc;
///
/// use contacts_adapters_http::{Ports, Services, Settings, router};
/// use contacts_testing::{MemoryStore, StoppedClock, now};
///
/// let store = Arc::new(MemoryStore::default());
/// let clock = Arc::new(StoppedClock(now()));
/// let services = Services::new(Ports::of(store), clock);
/// let app: axum::Router = router(services, Settings::default());
/// ```
pub fn router(services: Services, settings: Settings) -> Router {
    let Routers { apis, metrics } = routers(services, settings);
    apis.merge(metrics)
}

/// The routers of a server that serves its metrics at an address of their own.
pub struct Routers {
    /// Everything but the metrics.
    pub apis: Router,
    /// `GET /metrics` alone.
    pub metrics: Router,
}

/// Like [`router`], in two parts.
pub fn routers(services: Services, settings: Settings) -> Routers {
    let state = AppState::new(services, settings, &openapi());
    let erp = of(Api::Erp, erp::routes().into());
    let native = of(Api::Native, v1::routes().into());
    let json = erp.merge(native).merge(operation::routes());
    let device = of(Api::Device, device::routes());
    let device = serve(device, ProblemFormat::DeviceEnvelope, &state);
    let apis = DEVICE_PREFIXES
        .iter()
        .fold(serve(json, ProblemFormat::ProblemDetails, &state), |app, prefix| {
            app.nest_service(prefix, device.clone())
        });
    let apis = match state.settings.cors_origins.as_slice() {
        [] => apis,
        origins => apis.layer(operation::cors::allow(origins)),
    };
    let metrics = Router::from(operation::metrics::routes());
    Routers { apis, metrics: observed(metrics, ProblemFormat::ProblemDetails, &state) }
}

/// Tells the handlers of routes which API they are.
fn of(api: Api, routes: Router<AppState>) -> Router<AppState> {
    routes.layer(Extension(api))
}

/// Adds what every request passes, whether its path is known or not: the catching of panics, then
/// telemetry, which also writes problems in the format of the API, then the draining of the body.
/// Panics are caught again below telemetry, so that those of a handler are logged.
/// Around them, the compression of the answer, and what the request [holds](hold) until it is sent.
fn serve(routes: Router<AppState>, format: ProblemFormat, state: &AppState) -> Router {
    observed(routes.fallback(problem::unknown_path), format, state)
}

fn observed(routes: Router<AppState>, format: ProblemFormat, state: &AppState) -> Router {
    let (metrics, readiness) = (state.metrics.clone(), state.readiness.clone());
    let observer = Observer { format, metrics, readiness };
    let keeps = Keeps { format, settings: state.settings.clone() };
    routes
        .method_not_allowed_fallback(problem::method_not_allowed)
        // As one layer: each clones what is in it for each request, and a layer of the router is a box.
        .layer((
            middleware::from_fn(hold::hold),
            compress(),
            CatchPanicLayer::custom(move |payload| telemetry::panicked(format, payload)),
            middleware::from_fn_with_state(observer, telemetry::observe),
            middleware::from_fn_with_state(state.settings.clone(), upload::drain),
            middleware::from_fn(framing::require),
            middleware::from_fn_with_state(keeps, idempotency::keep),
            CatchPanicLayer::custom(problem::panicked),
        ))
        .with_state(state.clone())
}

/// The API description, OpenAPI 3.1, as it is served at `/openapi.json`.
pub fn openapi() -> OpenApi {
    let mut description = OpenApiRouter::with_openapi(openapi::frame())
        .merge(erp::routes())
        .merge(v1::routes())
        .merge(device::described())
        .merge(operation::routes())
        .merge(operation::metrics::routes())
        .into_openapi();
    openapi::describe_native(&mut description);
    openapi::describe_request_ids(&mut description);
    openapi::describe_idempotency(&mut description);
    describe_aliases(&mut description);
    description
}
