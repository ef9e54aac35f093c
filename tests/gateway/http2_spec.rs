//! The conformance cases of h2spec, where `TEST_H2SPEC` names its program (`go install`).
use std::process::Command;

use e2e::{Authority, Gateway, Upstream, service, with_body};

/// Answers with more than a window that a case closes.
fn upstream() -> Upstream {
    Upstream::answering(|_| with_body("200 OK", &[b'x'; 1000]))
}

/// What failed: `TITLE: what came`, by the program's own report.
fn failures(h2spec: &std::ffi::OsStr, arguments: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let mut command = Command::new(h2spec);
    let output = command.args(["-h", "127.0.0.1", "-o", "10", "-j"]).arg(&report).args(arguments).output().unwrap();
    let report = std::fs::read_to_string(&report).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let cases = report.matches("<testcase ").count();
    assert!(cases > 140, "{cases} cases: {report}");
    let failed = |case: &&str| case.contains("<failure") || case.contains("<error");
    let title = |case: &str| {
        let from = case.split("classname=\"").nth(1).unwrap_or(case);
        from.split('"').next().unwrap_or(from).to_owned()
    };
    report.split("<testcase ").skip(1).filter(failed).map(title).collect()
}

#[test]
fn h2spec_finds_nothing_on_either_listener() {
    let Some(h2spec) = std::env::var_os("TEST_H2SPEC") else {
        println!("skipped: TEST_H2SPEC names no program");
        return;
    };
    let (authority, upstream) = (Authority::new(), upstream());
    let own = authority.issue(&["127.0.0.1"]).toml();
    let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{own}]\n");
    let gateway = Gateway::start(&(tls + &service("app", &[&upstream], "")));
    let https = gateway.https.unwrap().port().to_string();
    assert_eq!(failures(&h2spec, &["-p", &https, "-t", "-k"]), [""; 0]);
    let http = gateway.address.port().to_string();
    assert_eq!(failures(&h2spec, &["-p", &http]), [""; 0]);
}
