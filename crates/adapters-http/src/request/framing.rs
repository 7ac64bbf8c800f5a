//! What HTTP/1.1 asks of a request that hyper does not check.

use axum::extract::Request;
use axum::http::header::{HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Version};
use axum::middleware::Next;
use axum::response::Response;

use crate::problem::{Kind, Problem};

/// Refuses a request that does not name its host once (RFC 9112 §3.2), or whose body has a transfer
/// coding other than chunked (§6.1).
pub(crate) async fn require(request: Request, next: Next) -> Result<Response, Problem> {
    check(request.version(), request.headers())?;
    Ok(next.run(request).await)
}

fn check(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        return Err(Problem::new(Kind::BadHeader, "the request needs one header Host"));
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        let detail = "the only transfer coding is chunked";
        return Err(Problem::new(Kind::UnknownTransferCoding, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_one_coding_are_accepted() {
        for (sent, is_accepted) in [
            (&[("host", "hub")][..], true),
            (&[("host", "hub"), ("transfer-encoding", "chunked")], true),
            (&[("host", "hub"), ("transfer-encoding", "Chunked")], true),
            (&[], false),
            (&[("host", "hub"), ("host", "hub")], false),
            (&[("host", "hub"), ("transfer-encoding", "gzip, chunked")], false),
            (
                &[("host", "hub"), ("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")],
                false,
            ),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, value.parse().unwrap());
            }
            assert_eq!(check(Version::HTTP_11, &headers).is_ok(), is_accepted, "{sent:?}");
        }
        assert!(check(Version::HTTP_10, &HeaderMap::new()).is_ok());
    }
}
