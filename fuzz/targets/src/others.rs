//! What the other APIs and the command line take.

use axum::http::Method;
use contacts_adapters_postgres::PostgresUrl;

use crate::app::with_app;

/// A filter is a filter, or its request is refused.
pub(crate) fn device_filter(data: &[u8]) {
    let filter: String = form_urlencoded::byte_serialize(data).collect();
    with_app(|app, _| {
        let uri = format!("/api/v1/contacts/items?filter={filter}");
        if let Some(answer) = app.send(Method::GET, &uri, &[], ()) {
            answer.json();
        }
    });
}

/// A preference is known, or ignored: the batch is answered.
pub(crate) fn prefer(data: &[u8]) {
    with_app(|app, _| {
        let item = br#"[{"contactType": "PERSON", "externalId": "1", "lastName": "Rochat"}]"#;
        for uri in ["/api-v1/contact/batch", "/v1/contacts/batch"] {
            if let Some(answer) = app.post(uri, &[("prefer", data)], item) {
                answer.json();
            }
        }
    });
}

/// A database URL is understood or refused, and what is shown of it has no password.
pub(crate) fn postgres_url(data: &[u8]) {
    const PASSWORD: &str = "Zwetschgenmus";
    let Ok(text) = str::from_utf8(data) else { return };
    let place = text.split_once('@').map_or(text, |(_, place)| place);
    for text in [text, &format!("postgres://user:{PASSWORD}@{place}")] {
        let shown = match text.parse::<PostgresUrl>() {
            Ok(url) => format!("{url:?} {} {} {:?}", url.place(), url.database(), url.user()),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
}
