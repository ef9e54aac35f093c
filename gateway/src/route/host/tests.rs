use super::HostPattern;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(HostPattern::parse(text).unwrap().as_str(), expected);
}

/// The faulty part stands between `«` and `»`.
#[track_caller]
fn check_fault(marked: &str, message: &str) {
    let start = marked.find('«').unwrap();
    let end = marked.find('»').unwrap() - '«'.len_utf8();
    let text = marked.replace(['«', '»'], "");
    let fault = HostPattern::parse(&text).unwrap_err();
    assert_eq!((fault.at, fault.message.as_str()), (start..end, message), "{text}");
}

#[test]
fn what_is_written() {
    check("api.example.com", "api.example.com");
    check("API.Example.com", "api.example.com");
    check("*.example.com", "*.example.com");
    check("user_service", "user_service");
    check("127.0.0.1", "127.0.0.1");
    check("[::1]", "[::1]");
    check("[2001:DB8:0:0::1]", "[2001:db8::1]");
    check("xn--caf-dma.fr", "xn--caf-dma.fr");
}

#[test]
fn faults() {
    check_fault("«»", "a host is missing");
    check_fault("«*»", "`*` stands before a domain: `*.example.com`");
    check_fault("«http://»a.test/", "a host has no scheme");
    check_fault("a.test«:8000»", "a host has no port");
    check_fault("a.test«.»", "a host is written without the last dot");
    check_fault("a.«».b", "a label is empty");
    check_fault("a.«*».b", "`*` stands only for whole labels at the front");
    check_fault("a«*».b", "`*` stands only for whole labels at the front");
    check_fault("*.«*».b", "`*` stands only for whole labels at the front");
    check_fault("a.test«/»x", "a host has no path");
    check_fault("caf«é».fr", "`é` is not ASCII");
    check_fault("a« »b", "` ` is not part of a host");
    check_fault("user«@»a.test", "`@` is not part of a host");
    check_fault("a.«-b».test", "a label begins and ends with a letter or a digit");
    check_fault(&format!("a.«{}»", "b".repeat(64)), "a label has at most 63 characters");
    check_fault(&format!("«{}b»", "a.".repeat(127)), "a host has at most 253 characters");
    check_fault("«::1»", "an IPv6 address stands in brackets");
    check_fault("«[::1»", "this bracket is not closed");
    check_fault("[«::g»]", "this is not an IPv6 address");
    check_fault("[::1]«:80»", "a host ends with the bracket: it has no port");
}
