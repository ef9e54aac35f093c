//! `broker`: a Kafka-protocol broker for development, and what is done with dead letters.
//!
//! Without a command it is the broker: see [`embedded`]. `broker dlq list|replay` works on a broker or on
//! a service's database: see [`dlq`].

mod dlq;
mod embedded;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A Kafka-protocol broker in memory, for development; and dead letters, listed and replayed
///
/// Without a command it listens on a free port of 127.0.0.1, says so in one line on stdout, and ends with exit 0 on
/// SIGTERM or SIGINT. It holds messages in memory alone, at most 5 MiB a partition, and forgets the oldest beyond that
/// and all of them when it ends.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Dead letters: messages that a service could not apply
    #[command(subcommand)]
    Dlq(dlq::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        None => embedded::run().await,
        Some(Command::Dlq(command)) => dlq::run(command).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("broker: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
