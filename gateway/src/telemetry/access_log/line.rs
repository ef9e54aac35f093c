//! One request as the access log tells it.
use std::{net::IpAddr, time::Duration};

use http::Version;

use super::escape_json;
use crate::telemetry::clock::Clock;

/// What a line says, in the order of its fields.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The end of the answer, in microseconds since 1970.
    pub unix_micros: u64,
    /// Visible ASCII without quotes.
    pub request_id: &'a [u8],
    /// The client that sent it first, as far as trusted proxies tell.
    pub client: IpAddr,
    /// A token (RFC 9110 §9.1).
    pub method: &'a str,
    /// A Host that was let in, which holds no quote; empty where there was none.
    pub host: &'a [u8],
    /// Without its query.
    pub path: &'a str,
    /// The client's.
    pub version: Version,
    /// `,"route":"/users","service":"user"`, written when the configuration was built.
    pub route: Option<&'a [u8]>,
    /// The URL of who answered or failed last; a checked URL holds no quote.
    pub upstream: Option<&'a str>,
    /// Which of its servers that was, where the URL has a name; written only then.
    pub upstream_address: Option<IpAddr>,
    /// What the client got; 499 where it had gone.
    pub status: u16,
    /// Why it failed.
    pub code: Option<&'static str>,
    /// Of the request's body.
    pub bytes_in: u64,
    /// Of the answer's body.
    pub bytes_out: u64,
    /// From the head to the last byte of the answer.
    pub duration: Duration,
    /// From the pick of an upstream to the head of its answer.
    pub upstream_time: Option<Duration>,
    /// Tries beside the first.
    pub retries: u32,
    /// Upstreams that it was sent to because another was slow; written only where there were any.
    pub hedged: u32,
}

impl Line<'_> {
    /// Appends it as one JSON object and a line feed.
    pub fn write(&self, clock: &Clock, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time\":\"");
        clock.write_rfc3339(out, self.unix_micros);
        out.extend_from_slice(b"\",\"request_id\":\"");
        out.extend_from_slice(self.request_id);
        out.extend_from_slice(b"\",\"client\":\"");
        write_ip(out, self.client);
        out.extend_from_slice(b"\",\"method\":\"");
        out.extend_from_slice(self.method.as_bytes());
        out.extend_from_slice(b"\",\"host\":\"");
        out.extend_from_slice(self.host);
        out.push(b'"');
        write_text(out, ",\"path\":\"", self.path);
        let protocol: &[u8] = match self.version {
            Version::HTTP_10 => b",\"protocol\":\"HTTP/1.0\"",
            Version::HTTP_2 => b",\"protocol\":\"HTTP/2\"",
            _ => b",\"protocol\":\"HTTP/1.1\"",
        };
        out.extend_from_slice(protocol);
        out.extend_from_slice(self.route.unwrap_or(b",\"route\":null,\"service\":null"));
        match self.upstream {
            Some(url) => {
                out.extend_from_slice(b",\"upstream\":\"");
                out.extend_from_slice(url.as_bytes());
                out.push(b'"');
            }
            None => out.extend_from_slice(b",\"upstream\":null"),
        }
        if let Some(address) = self.upstream_address {
            out.extend_from_slice(b",\"upstream_address\":\"");
            write_ip(out, address);
            out.push(b'"');
        }
        write_number(out, ",\"status\":", u64::from(self.status));
        match self.code {
            Some(code) => write_text(out, ",\"code\":\"", code),
            None => out.extend_from_slice(b",\"code\":null"),
        }
        write_number(out, ",\"bytes_in\":", self.bytes_in);
        write_number(out, ",\"bytes_out\":", self.bytes_out);
        out.extend_from_slice(b",\"duration_ms\":");
        write_millis(out, self.duration);
        match self.upstream_time {
            Some(time) => {
                out.extend_from_slice(b",\"upstream_ms\":");
                write_millis(out, time);
            }
            None => out.extend_from_slice(b",\"upstream_ms\":null"),
        }
        write_number(out, ",\"retries\":", u64::from(self.retries));
        if self.hedged > 0 {
            write_number(out, ",\"hedged\":", u64::from(self.hedged));
        }
        out.extend_from_slice(b"}\n");
    }
}

#[inline]
fn write_text(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(key.as_bytes());
    escape_json(out, value);
    out.push(b'"');
}

#[inline]
fn write_number(out: &mut Vec<u8>, key: &str, value: u64) {
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// `12.345`: milliseconds with their microseconds.
fn write_millis(out: &mut Vec<u8>, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    out.extend_from_slice(itoa::Buffer::new().format(micros / 1000).as_bytes());
    let rest = micros % 1000;
    if rest != 0 {
        let digit = |n: u64| b'0' + u8::try_from(n % 10).expect("a digit is below 10");
        out.extend_from_slice(&[b'.', digit(rest / 100), digit(rest / 10), digit(rest)]);
    }
}

fn write_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => {
            // In place, and copied once: every line has one.
            let (mut text, mut length) = (*b"255.255.255.255", 0);
            let mut put = |byte: u8| {
                text[length] = byte;
                length += 1;
            };
            for (index, octet) in ip.octets().into_iter().enumerate() {
                if index > 0 {
                    put(b'.');
                }
                if octet >= 100 {
                    put(b'0' + octet / 100);
                }
                if octet >= 10 {
                    put(b'0' + octet / 10 % 10);
                }
                put(b'0' + octet % 10);
            }
            out.extend_from_slice(&text[..length]);
        }
        IpAddr::V6(ip) => out.extend_from_slice(ip.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_standard_library_writes_it() {
        let octets = 0..=255u8;
        let each = octets.map(|n| [n, 0, n / 10, 255 - n]).map(IpAddr::from);
        for ip in each.chain(["2001:db8::1".parse().unwrap()]) {
            let mut out = Vec::new();
            write_ip(&mut out, ip);
            assert_eq!(String::from_utf8(out).unwrap(), ip.to_string());
        }
    }

    #[test]
    fn a_line_is_one_json_object() {
        let line = Line {
            unix_micros: 1_768_473_000_123_456,
            request_id: b"01a1fe34-d5c1-7b31-80ea-e7169cab4f43",
            client: "2001:db8::1".parse().unwrap(),
            method: "GET",
            host: b"example.com",
            path: "/a\"b",
            version: Version::HTTP_11,
            route: None,
            upstream: Some("http://user-1:8001"),
            upstream_address: Some("10.0.0.5".parse().unwrap()),
            status: 502,
            code: Some("upstream_reset"),
            bytes_in: 0,
            bytes_out: 168,
            duration: Duration::from_micros(1_050),
            upstream_time: None,
            retries: 1,
            hedged: 2,
        };
        let mut out = Vec::new();
        line.write(&Clock::new(), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"time":"2026-01-15T10:30:00.123Z","request_id":"01a1fe34-d5c1-7b31-80ea-e7169cab4f43","#,
                r#""client":"2001:db8::1","method":"GET","host":"example.com","path":"/a\"b","protocol":"HTTP/1.1","#,
                r#""route":null,"service":null,"upstream":"http://user-1:8001","#,
                r#""upstream_address":"10.0.0.5","status":502,"#,
                r#""code":"upstream_reset","bytes_in":0,"bytes_out":168,"duration_ms":1.050,"upstream_ms":null,"#,
                r#""retries":1,"hedged":2}"#,
                "\n"
            )
        );
    }
}
