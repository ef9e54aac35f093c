//! `[server]`, `[admin]` and `[dns]`.
use super::before_service;

#[test]
fn the_server() {
    for (text, expected) in [
        ("[server]\nlisten = \"localhost:8000\"", "2:10 bad_address"),
        ("[server]\nlisten = [\"0.0.0.0:80\", \":81\"]", "2:25 bad_address"),
        ("[server]\nlisten = []", "2:10 bad_address"),
        ("[dns]\nservers = \"ns.example.com\"", "2:11 bad_address"),
        ("[dns]\nservers = [\"10.0.0.2\", \"10.0.0.3:0\"]", "2:24 bad_address"),
        ("[server]\nlisten = 8000", "2:10 wrong_type"),
        ("[server]\nlisten = [\"0.0.0.0:80\", 80]", "2:25 wrong_type"),
        ("[server]\nlisten = [\"1.2.3.4:80\", \"1.2.3.4:80\"]", "2:25 duplicate_address"),
        ("[server]\nlisten = [\"1.2.3.4:80\", \"0.0.0.0:80\"]", "2:25 duplicate_address"),
        ("[server]\nlisten = \"0.0.0.0:8900\"", "2:10 duplicate_address"),
        ("[admin]\nlisten = \"127.0.0.1:8000\"", "2:10 duplicate_address"),
        ("[admin]\nlisten = [\"127.0.0.1:81\"]", "2:10 wrong_type"),
        ("[server]\nworkers = -1", "2:11 out_of_range"),
        ("[server]\nworkers = 99999999999999999999", "2:11 out_of_range"),
        ("[server]\nworkers = 2000", "2:11 out_of_range"),
        ("[server]\nworkers = 1.5", "2:11 wrong_type"),
        ("[server]\nmax_connections = 0", "2:19 out_of_range"),
        ("[server]\ntrusted_proxies = [\"10.0.0.0/33\"]", "2:20 bad_cidr"),
        ("[server]\ntrusted_proxies = \"10.1.0.0/8\"", "2:19 bad_cidr"),
        ("[server]\nproxy_protocol = true", "2:18 wrong_type"),
        ("[server]\nproxy_protocol = [\"10.1.0.0/16\", \"lb\"]", "2:34 bad_cidr"),
        ("[server]\ndrain_timeout = \"5 s\"", "2:17 bad_duration"),
        ("[server]\ndrain_timeout = 5", "2:17 wrong_type"),
        ("[server]\ndrain_timeout = \"25h\"", "2:17 out_of_range"),
        ("[server]\ntimeouts.header = \"0s\"", "2:19 out_of_range"),
        ("[server]\ntimeouts = \"5s\"", "2:12 wrong_type"),
        ("[server]\nlimits.header = \"2MiB\"", "2:17 out_of_range"),
        ("[server]\nlimits.header = \"16kb\"", "2:17 bad_size"),
        ("[server]\nlimits.body = -5", "2:15 out_of_range"),
        ("[server]\nlimits = { header = \"4KiB\", uri = \"8KiB\" }", "2:35 conflict"),
        ("[server]\nlimits.headers = 0", "2:18 out_of_range"),
        ("server = 1", "1:10 wrong_type"),
    ] {
        before_service(text, &[expected]);
    }
}
