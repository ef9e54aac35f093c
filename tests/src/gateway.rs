//! A gateway that runs.
use std::{
    fs,
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::PathBuf,
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    binary::example,
    client::Client,
    message::Message,
    process::{Process, gateway, write_file},
    upstream::Upstream,
    wait::eventually,
    wire::End,
};

/// `[services.NAME]` before these upstreams, with the route `/` unless `keys` has others.
pub fn service(name: &str, upstreams: &[&Upstream], keys: &str) -> String {
    let urls: Vec<String> = upstreams.iter().map(|upstream| upstream.url()).collect();
    let routes = if keys.contains("routes") { "" } else { "routes = ['/']" };
    format!("[services.{name}]\nupstreams = {urls:?}\n{routes}\n{keys}\n")
}

/// A running gateway; what its process can do is the [`Process`]'s.
#[derive(Debug)]
pub struct Gateway {
    process: Process,
    /// Its public listener.
    pub address: SocketAddr,
    /// Its HTTPS listener, if it has one.
    pub https: Option<SocketAddr>,
    /// Its admin listener.
    pub admin: SocketAddr,
    folder: TempDir,
}

impl Gateway {
    /// Starts one with this file, whose listeners the harness sets; keys of the server come first and dotted:
    /// `server.timeouts.header = '1s'`.
    pub fn start(toml: &str) -> Self {
        Self::spawn(toml, Process::spawn)
    }

    /// Starts one with this variable in its environment.
    pub fn with_env(toml: &str, name: &str, value: &str) -> Self {
        Self::spawn(toml, |command| Process::spawn(command.env(name, value)))
    }

    fn spawn(toml: &str, spawn: impl FnOnce(&mut Command) -> Process) -> Self {
        let (folder, _) = write_file(&whole(toml));
        let mut process = spawn(gateway(folder.path()).arg("run"));
        let (address, https, admin) = eventually("the line with the addresses", || {
            let is_running = process.is_running();
            let found = process.stderr.all().iter().find_map(|line| addresses(line));
            assert!(is_running || found.is_some(), "it ended: {}", process.stderr.to_end().join("\n"));
            found
        });
        Self { process, address, https, admin, folder }
    }

    /// Starts the gateway crate's example `mounted`, which has the service `app` inside, with these variables in its
    /// environment.
    pub fn mounted(toml: &str, variables: &[(&str, &str)]) -> Self {
        Self::spawn(toml, |command| {
            let mut mounted = Command::new(example("mounted"));
            let folder = command.get_current_dir().expect("it has its folder");
            Process::spawn(mounted.current_dir(folder).env_clear().envs(variables.iter().copied()))
        })
    }

    /// Starts one that sends everything to `upstream`.
    pub fn before(upstream: &Upstream) -> Self {
        Self::with("", upstream, "")
    }

    /// Starts one that sends everything to `upstream`, with these keys of the server and of the service.
    pub fn with(server: &str, upstream: &Upstream, keys: &str) -> Self {
        Self::start(&format!("{server}\n{}", service("app", &[upstream], keys)))
    }

    /// Starts one that sends everything to `upstream`, and whose stdout nobody reads.
    pub fn unread(upstream: &Upstream) -> Self {
        Self::spawn(&service("app", &[upstream], ""), Process::unread)
    }

    /// Starts one in a shell that ran `limit` before.
    pub fn under(limit: &str, upstream: &Upstream) -> Self {
        Self::spawn(&service("app", &[upstream], ""), |command| {
            let mut shell = Command::new("/bin/sh");
            let script = format!("{limit}; exec \"$0\" \"$@\"");
            shell.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
            shell.env_clear().current_dir(command.get_current_dir().expect("it has its folder"));
            Process::spawn(&mut shell)
        })
    }

    /// Waits until the keys of its issuers are known: a test is not about how long that takes.
    #[must_use]
    pub fn with_keys(self) -> Self {
        self.stderr.find("the issuer's keys", |line| line.contains("the issuer's keys are known").then_some(()));
        self
    }

    /// Its file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("gateway.toml")
    }

    /// Writes its file anew, as [`Gateway::start`] did, in place.
    pub fn write(&self, toml: &str) {
        fs::write(self.file(), whole(toml)).unwrap();
    }

    /// Puts another file in the place of its own, as most editors do: nobody sees half of it.
    pub fn replace(&self, toml: &str) {
        let next = self.file().with_extension("next");
        fs::write(&next, whole(toml)).unwrap();
        fs::rename(next, self.file()).unwrap();
    }

    /// Writes its file anew, and waits until that has come to `result`: `applied`, `rejected` or `unchanged`.
    pub fn reload(&self, toml: &str, result: &str) {
        let sample = format!("gateway_reloads_total{{result=\"{result}\"}}");
        let before = self.metric(&sample).expect("it is always there");
        self.write(toml);
        self.wait_metric(&sample, before + 1.0);
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends these bytes on a connection of their own, and takes all that comes until it ends.
    pub fn raw(&self, bytes: impl AsRef<[u8]>) -> (Vec<u8>, End) {
        let mut client = self.connect();
        client.send(bytes);
        client.to_end()
    }

    /// Asks on a connection of its own: `"GET / HTTP/1.1\r\nx-a: 1"`.
    pub fn ask(&self, lines: &str) -> Message {
        self.connect().ask(lines)
    }

    /// `GET target` on a connection of its own.
    pub fn get(&self, target: &str) -> Message {
        self.connect().get(target)
    }

    /// `GET target` of the admin listener.
    pub fn admin(&self, target: &str) -> Message {
        Client::connect(self.admin).get(target)
    }

    /// The sample of `/metrics` whose name and labels are exactly these.
    pub fn metric(&self, sample: &str) -> Option<f64> {
        let text = self.admin("/metrics").text();
        text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
    }

    /// Waits until that sample has this value.
    #[allow(clippy::float_cmp, reason = "counts are exact")]
    pub fn wait_metric(&self, sample: &str, value: f64) {
        eventually(&format!("{sample} {value}"), || (self.metric(sample) == Some(value)).then_some(()));
    }

    /// The access log's lines so far.
    pub fn log(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.stdout.all().iter().map(parse).collect()
    }

    /// Waits for the access log's first line with this path.
    pub fn logged(&self, path: &str) -> Value {
        self.stdout.find(&format!("a log line of {path}"), |line| {
            let line: Value = serde_json::from_str(line).expect("a log line is JSON");
            (line["path"] == path).then_some(line)
        })
    }

    /// The processor time that it has used, in ticks of a hundredth of a second.
    pub fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("it runs");
        let fields = stat.rsplit(')').next().unwrap().split_whitespace();
        fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    /// Its resident memory, in bytes.
    pub fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells");
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

/// The file that `toml` is the rest of. With one worker the order of things is known.
fn whole(toml: &str) -> String {
    let listen = if toml.contains("server.listen") { "" } else { "server.listen = '127.0.0.1:0'\n" };
    let admin = if toml.contains("admin.listen") { "" } else { "admin.listen = '127.0.0.1:0'\n" };
    let workers = if toml.contains("server.workers") { "" } else { "server.workers = 1\n" };
    format!("{listen}{admin}{workers}{toml}")
}

/// `gateway listening on http://A, https://B with 1 worker, admin on http://C`: the first of each kind.
fn addresses(line: &str) -> Option<(SocketAddr, Option<SocketAddr>, SocketAddr)> {
    let (public, rest) = line.strip_prefix("gateway listening on ")?.split_once(" with ")?;
    let of = |scheme| public.split(", ").find_map(|url| url.strip_prefix(scheme)?.parse().ok());
    let (_, admin) = rest.split_once(", admin on http://")?;
    Some((of("http://")?, of("https://"), admin.parse().ok()?))
}

impl Deref for Gateway {
    type Target = Process;
    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Gateway {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
