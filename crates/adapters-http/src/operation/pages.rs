//! `GET /` and `GET /docs`: the server for a browser. No page asks for anything of another origin, and
//! the browser is told to refuse it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::readiness_check::Readiness;
use crate::openapi::PageProblems;
use crate::problem::{Kind, Problem};
use crate::settings::Settings;
use crate::state::AppState;

const INDEX: &str = include_str!("../../assets/index.html");
const DOCS: &str = include_str!("../../assets/docs.html");

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files below `/docs`: name, media type, content.
const FILES: [(&str, &str, &[u8]); 4] = [
    ("page.css", CSS, include_bytes!("../../assets/page.css")),
    ("start.js", SCRIPT, include_bytes!("../../assets/start.js")),
    ("swagger-ui.css", CSS, include_bytes!("../../assets/swagger-ui/swagger-ui.css")),
    (
        "swagger-ui-bundle.js",
        SCRIPT,
        include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js"),
    ),
];

/// Only this server. Swagger UI sets styles by script, and has its icons in the style sheet.
const POLICY: &str = "default-src 'none'; connect-src 'self'; img-src 'self' data:; \
                      script-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show_index))
        .routes(routes!(show_docs))
        .routes(routes!(show_file))
}

/// The server, for a browser
///
/// Version, state, and links.
#[utoipa::path(
    get,
    path = "/",
    tag = "operation",
    security(()),
    responses((status = OK, description = "A page.", body = str, content_type = "text/html", example = "<!doctype html>"))
)]
async fn show_index(
    State(settings): State<Arc<Settings>>,
    State(readiness): State<Arc<Readiness>>,
) -> Response {
    let state = match readiness.check().await {
        Ok(()) => "ready",
        Err(_) => "cannot write at the moment; the log says why",
    };
    page(INDEX.replace("{version}", &settings.version).replace("{state}", state))
}

/// This reference, for a browser
///
/// Every operation can be tried there, with a token of yours.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "operation",
    security(()),
    responses((status = OK, description = "A page.", body = str, content_type = "text/html", example = "<!doctype html>"))
)]
async fn show_docs() -> Response {
    page(DOCS)
}

/// A file of these pages
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "operation",
    security(()),
    params(("file" = String, Path, description = "Its name.", example = "page.css")),
    responses(
        (status = OK, description = "A style sheet or a script.", body = str, content_type = "text/css", example = "body {}"),
        PageProblems,
    )
)]
async fn show_file(file: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let named = file.ok().and_then(|Path(name)| FILES.iter().find(|(known, ..)| *known == name));
    let missing = || Problem::new(Kind::UnknownPath, "there is no such file");
    let (_, media_type, content) = named.ok_or_else(missing)?;
    Ok(answer(media_type, *content))
}

fn page(html: impl Into<Cow<'static, str>>) -> Response {
    let mut response = answer(HTML, Body::from(html.into()));
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn answer(media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
