//! A Redis of a test's own.
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    ops::Deref,
    path::Path,
    process::Command,
};

use crate::{process::Process, wait::eventually};

/// One that keeps nothing; killed when this value goes.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    /// Where it listens; with TLS, the cleartext port beside it.
    pub port: u16,
}

impl Redis {
    /// Starts one; none, with the reason printed, where `redis-server` is not installed.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// The same with these arguments.
    pub fn with(arguments: &[&str]) -> Option<Self> {
        let is_there = |folder: &str| Path::new(folder).join("redis-server").exists();
        if !std::env::var("PATH").unwrap_or_default().split(':').any(is_there) {
            println!("skipped: there is no redis-server in PATH");
            return None;
        }
        // Another process may take the port in between: then it is another port.
        eventually("a Redis", || Self::on(free_port(), arguments)).into()
    }

    /// Starts one on this port; none where that is taken.
    pub fn on(port: u16, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
        let mut redis = Self { process: Process::spawn(command.args(arguments)), port };
        eventually("Redis listens or ends", || {
            (!redis.process.is_running() || TcpStream::connect(("127.0.0.1", port)).is_ok()).then_some(())
        });
        redis.process.is_running().then_some(redis)
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it answers to these commands, one after the other: every string and number of it.
    pub fn ask(&self, commands: &[&str]) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut answers = Vec::new();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for command in commands {
            stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            answers.clear();
            read(&mut reader, &mut answers);
        }
        answers
    }
}

fn read(reader: &mut impl BufRead, found: &mut Vec<String>) {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let (kind, rest) = line.trim_end().split_at(1);
    match (kind, rest.parse::<usize>()) {
        ("*", Ok(count)) => (0..count).for_each(|_| read(reader, found)),
        ("$", Ok(length)) => {
            let mut text = vec![0; length + 2];
            reader.read_exact(&mut text).unwrap();
            found.push(String::from_utf8_lossy(&text[..length]).into_owned());
        }
        _ => found.push(rest.to_owned()),
    }
}

/// A port that nobody has at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Deref for Redis {
    type Target = Process;
    fn deref(&self) -> &Process {
        &self.process
    }
}
