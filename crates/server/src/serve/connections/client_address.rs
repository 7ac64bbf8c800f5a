//! Who sends a request: the peer of the connection, or what a trusted proxy says.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::FORWARDED;
use ipnet::IpNet;

/// What proxies send that do not know `Forwarded` (RFC 7239).
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request comes from: the last one on its way that is no trusted proxy.
///
/// A proxy sets one of the two headers and passes the other one on as the client sent it, unless it
/// removes it. So where both are there and differ, neither is believed.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let standard = values(headers, FORWARDED.as_str()).map(|values| {
        let nodes = values.flat_map(|value| rfc7239::parse(value).rev());
        let hops = nodes.map(|node| node.ok()?.forwarded_for?.ip().copied());
        last_untrusted(peer, hops, is_trusted)
    });
    let usual = values(headers, X_FORWARDED_FOR).map(|values| {
        let hops = values.flat_map(|value| value.rsplit(',')).map(|hop| address(hop.trim()));
        last_untrusted(peer, hops, is_trusted)
    });
    match (standard, usual) {
        (Some(client), None) | (None, Some(client)) => client,
        (Some(client), Some(same)) if client == same => client,
        _ => peer,
    }
}

/// The values of a header, the last first; one that is not ASCII says nothing. `None` without any.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Option<impl Iterator<Item = &'a str>> {
    let values = headers.get_all(name).iter().rev();
    let values = values.map(|value| value.to_str().unwrap_or_default());
    headers.contains_key(name).then_some(values)
}

/// The first of these addresses that is not trusted, going back from the peer. A hop that names none
/// (`unknown`, a made-up name) ends the way at the proxy that says so.
fn last_untrusted(
    peer: IpAddr,
    hops: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut last = peer;
    for hop in hops {
        let Some(hop) = hop else { break };
        last = hop.to_canonical();
        if !is_trusted(last) {
            break;
        }
    }
    last
}

/// An address of `X-Forwarded-For`, to which some proxies add the port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    text.parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.2";
    const FORWARDED: &str = "forwarded";

    fn client(peer: &str, sent: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/24".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn headers_of_anybody_are_ignored() {
        let sent = [(X_FORWARDED_FOR, "192.0.2.7"), (FORWARDED, "for=192.0.2.7")];
        for sent in [&sent[..1], &sent[1..], &sent] {
            assert_eq!(client("198.51.100.1", sent), "198.51.100.1");
            assert_eq!(client(PROXY, sent), "192.0.2.7");
            assert_eq!(client("::ffff:10.0.0.2", sent), "192.0.2.7");
        }
    }

    #[test]
    fn last_address_before_the_proxies_counts() {
        for (value, wanted) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 192.0.2.2", "192.0.2.2"),
            ("192.0.2.1, 192.0.2.2, 10.0.0.9", "192.0.2.2"),
            ("192.0.2.1,unknown,10.0.0.9", "10.0.0.9"),
            ("10.0.0.7, 10.0.0.9", "10.0.0.7"),
            ("192.0.2.2:4711", "192.0.2.2"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:192.0.2.2", "192.0.2.2"),
            ("192.0.2.1, ", PROXY),
            ("", PROXY),
            ("drop table", PROXY),
        ] {
            assert_eq!(client(PROXY, &[(X_FORWARDED_FOR, value)]), wanted, "{value}");
        }
        let repeated = [(X_FORWARDED_FOR, "192.0.2.1"), (X_FORWARDED_FOR, "192.0.2.2, 10.0.0.9")];
        assert_eq!(client(PROXY, &repeated), "192.0.2.2");
    }

    #[test]
    fn forwarded_of_the_standard_is_read() {
        for (value, wanted) in [
            ("for=192.0.2.2", "192.0.2.2"),
            ("For=\"192.0.2.2:47\";proto=https;by=10.0.0.2", "192.0.2.2"),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=192.0.2.1, for=192.0.2.2;proto=http, for=\"[2001:db8:1::2]\"", "192.0.2.2"),
            ("for=192.0.2.1, for=_hidden", PROXY),
            ("for=\"192.0.2.1, for=192.0.2.2", "192.0.2.2"),
            ("proto=https", PROXY),
            ("192.0.2.1", PROXY),
        ] {
            assert_eq!(client(PROXY, &[(FORWARDED, value)]), wanted, "{value}");
        }
    }

    #[test]
    fn headers_that_differ_are_not_believed() {
        let sent = [(FORWARDED, "for=192.0.2.1"), (X_FORWARDED_FOR, "192.0.2.2")];
        assert_eq!(client(PROXY, &sent), PROXY);
    }
}
