//! What the reader of heads rests on.
use std::mem::MaybeUninit;

use http::HeaderValue;

/// `fields::value` takes httparse's word for it.
#[test]
fn httparse_lets_no_byte_into_a_value_that_a_value_must_not_hold() {
    let mut taken = 0;
    // The ends of the blocks of 8, 16 and 32 bytes that it reads at once, and what is left behind them.
    for length in [1, 2, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 64, 65] {
        for at in 0..length {
            for byte in 0..=u8::MAX {
                let mut value = vec![b'a'; length];
                value[at] = byte;
                for start in [&b"GET / HTTP/1.1\r\nx: "[..], b"HTTP/1.1 200 OK\r\nx: ", b"x: "] {
                    let head = [start, &value, b"\r\n\r\n"].concat();
                    let mut slots = [httparse::EMPTY_HEADER; 4];
                    let mut uninit = [const { MaybeUninit::uninit() }; 4];
                    let found = match start[0] {
                        b'G' => {
                            let mut request = httparse::Request::new(&mut []);
                            let _ = request.parse_with_uninit_headers(&head, &mut uninit);
                            request.headers.to_vec()
                        }
                        b'H' => {
                            let mut response = httparse::Response::new(&mut []);
                            let config = httparse::ParserConfig::default();
                            let _ = config.parse_response_with_uninit_headers(&mut response, &head, &mut uninit);
                            response.headers.to_vec()
                        }
                        _ => match httparse::parse_headers(&head, &mut slots) {
                            Ok(httparse::Status::Complete((_, found))) => found.to_vec(),
                            _ => Vec::new(),
                        },
                    };
                    for field in found {
                        assert!(HeaderValue::from_bytes(field.value).is_ok(), "{byte} at {at} of {length}: {head:?}");
                        taken += 1;
                    }
                }
            }
        }
    }
    assert!(taken > 200_000, "{taken} values were looked at");
}
