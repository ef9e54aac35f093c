//! The proxies that are measured: how each is configured, started and known to be up.

mod envoy;
mod error;
pub(crate) mod gateway;
mod haproxy;
mod nginx;
mod running;

use std::{
    env, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use xtask::{interrupt::Interrupt, ports};

use crate::{rules::Rules, tls::Certificate};

pub use error::{PeerError, headline};
pub use running::Running;

/// A kind of proxy, and its program.
#[derive(Clone, Debug)]
pub enum Peer {
    /// Ours.
    Gateway(PathBuf),
    /// nginx, from Debian's package.
    Nginx(PathBuf),
    /// HAProxy, from Debian's package.
    HAProxy(PathBuf),
    /// Envoy, from wherever it was installed.
    Envoy(PathBuf),
    /// Any other, by its command line, whose words may hold `{listen}` and `{upstream}`.
    Command {
        /// What it is called in the tables.
        name: String,
        /// The program and its arguments.
        words: Vec<String>,
    },
}

/// Where a proxy is to run, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// A directory for what it writes.
    pub directory: &'a Path,
    /// The origin behind it.
    pub upstream: SocketAddr,
    /// Its core.
    pub core: usize,
    /// How many files it may have open.
    pub files: u64,
    /// What it is to ask of every request; nothing in a plain forward.
    pub rules: Option<Rules<'a>>,
    /// What it is to show where it also listens for TLS, with HTTP/2 and HTTP/1.1.
    pub certificate: Option<&'a Certificate>,
}

/// The addresses of a proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listen<'a> {
    /// For cleartext.
    plain: SocketAddr,
    /// For TLS, with what is shown there.
    tls: Option<(SocketAddr, &'a Certificate)>,
}

impl Peer {
    /// What it is called on the command line and in the tables.
    pub fn name(&self) -> &str {
        match self {
            Self::Gateway(_) => "gateway",
            Self::Nginx(_) => "nginx",
            Self::HAProxy(_) => "haproxy",
            Self::Envoy(_) => "envoy",
            Self::Command { name, .. } => name,
        }
    }

    /// Of a `NAME=COMMAND`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, command) = text.split_once('=').ok_or("expected NAME=COMMAND")?;
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if name.is_empty() || words.is_empty() {
            return Err("expected NAME=COMMAND".into());
        }
        Ok(Self::Command { name: name.to_owned(), words })
    }

    /// Whether it is told to keep rules: nginx has no tokens, Envoy has no limit without another service that counts, and what
    /// a command line does is not known.
    pub fn keeps_rules(&self) -> bool {
        matches!(self, Self::Gateway(_) | Self::HAProxy(_))
    }

    /// Whether it can be told to speak TLS: what a command line does is not known.
    pub fn speaks_tls(&self) -> bool {
        !matches!(self, Self::Command { .. })
    }

    /// Starts it with one worker, and returns when it has forwarded a request.
    pub fn start(&self, place: &Place<'_>, interrupt: &Interrupt) -> Result<Running, PeerError> {
        let io = |source| PeerError::Io { name: self.name().to_owned(), source };
        let plain = ports::free_address().map_err(io)?;
        let secure = |certificate| ports::free_address().map(|address| (address, certificate));
        let listen = Listen { plain, tls: place.certificate.map(secure).transpose().map_err(io)? };
        let mut command = self.command(place, listen).map_err(io)?;
        // The access log, where there is one, goes where writing is free; complaints are kept for the error message.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let token = place.rules.map(|rules| rules.token(0)).transpose().map_err(|error| io(io::Error::other(error)))?;
        let fields = token.map(|token| Rules::field(&token)).unwrap_or_default();
        let running = Running::start(self.name(), &mut command, place.core, plain, &fields, interrupt)?;
        Ok(running.with_tls(listen.tls.map(|(address, _)| address)))
    }

    fn command(&self, place: &Place<'_>, listen: Listen<'_>) -> io::Result<Command> {
        match self {
            Self::Gateway(program) => gateway::command(program, place, listen),
            Self::Nginx(program) => nginx::command(program, place, listen),
            Self::HAProxy(program) => haproxy::command(program, place, listen),
            Self::Envoy(program) => envoy::command(program, place, listen),
            Self::Command { words, .. } => {
                let fill = |word: &String| {
                    word.replace("{listen}", &listen.plain.to_string())
                        .replace("{upstream}", &place.upstream.to_string())
                };
                let mut words = words.iter().map(fill);
                let mut command = Command::new(words.next().unwrap_or_default());
                command.args(words);
                Ok(command)
            }
        }
    }
}

/// Where a program is, of PATH and the directories of programs for administrators, which are often not in it.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    directories.map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// A directory of a proxy's own, fresh for this start.
fn own_directory(place: &Place<'_>, name: &str, listen: SocketAddr) -> io::Result<PathBuf> {
    let directory = place.directory.join(format!("{name}-{}", listen.port()));
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin;

    #[test]
    fn a_command_is_filled_in() {
        let peer = Peer::parse("mine=/bin/proxy --to={upstream} {listen} 1").unwrap();
        assert_eq!(peer.name(), "mine");
        let upstream = "127.0.0.1:2".parse().unwrap();
        let place = Place { directory: Path::new("/"), upstream, core: 0, files: 0, rules: None, certificate: None };
        let listen = Listen { plain: "127.0.0.1:1".parse().unwrap(), tls: None };
        let command = peer.command(&place, listen).unwrap();
        assert_eq!(command.get_program(), "/bin/proxy");
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["--to=127.0.0.1:2", "127.0.0.1:1", "1"]);
        for refused in ["mine", "=x", "mine= "] {
            assert!(Peer::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn one_that_ends_early_says_why() {
        let directory = tempfile::tempdir().unwrap();
        let upstream = "127.0.0.1:2".parse().unwrap();
        let core = (0..64).find(|&core| std::thread::spawn(move || pin::here(core).is_ok()).join().unwrap()).unwrap();
        let place = Place { directory: directory.path(), upstream, core, files: 1024, rules: None, certificate: None };
        let peer = Peer::parse("broken=cat {listen}").unwrap();
        let error = peer.start(&place, &Interrupt::default()).unwrap_err().to_string();
        assert!(error.contains("broken ended before its first answer") && error.contains("127.0.0.1"), "{error}");
    }
}
