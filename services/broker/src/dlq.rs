//! Dead letters, listed and replayed.
//!
//! On a broker they are the messages of `<topic>.dlq` that were not replayed yet: the offsets of the
//! group `dlq-replay` say how far that went. A service whose bus is in memory keeps them in its outbox:
//! there a replay gives a row its topic back, and the service publishes it.
//!
//! Replaying publishes a letter on its topic again. Every group gets it, and those that had applied its
//! event know its id. At most once more than asked: a replay that is interrupted may repeat letters.

mod database;
mod kafka;
mod letter;

use clap::{Args, Subcommand};
use kit::bus::KafkaSettings;
use kit::database::DatabaseSettings;

use letter::Letter;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print each: where it lies, its key, the event's type and the error
    List(Options),
    /// Publish each on its topic again, the oldest first
    Replay(Options),
}

/// Where, which and how many.
#[derive(Args)]
pub(crate) struct Options {
    /// HOST:PORT of the broker that has them
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", value_parser = bootstrap)]
    bootstrap: Option<KafkaSettings>,
    /// URL of the database that has them, of a service whose bus is in memory; takes the place of --bootstrap
    #[arg(long, value_parser = database)]
    database: Vec<DatabaseSettings>,
    /// Those of this topic alone: user.events
    #[arg(long)]
    topic: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

impl Options {
    /// Whether letters of this topic are asked for; it ends with `.dlq`.
    fn wants(&self, topic: &str) -> bool {
        let of = topic.strip_suffix(kit::consumer::DEAD_LETTERS);
        of.is_some_and(|of| self.topic.as_ref().is_none_or(|asked| asked == of || asked == topic))
    }
}

/// Does it, and prints what was done.
pub(crate) async fn run(command: Command) -> Result<(), String> {
    let (Command::List(options) | Command::Replay(options)) = &command;
    let replay = matches!(command, Command::Replay(_));
    let letters = if options.database.is_empty() {
        let Some(settings) = &options.bootstrap else {
            return Err(
                "say where they are: --bootstrap HOST:PORT (or KAFKA_BOOTSTRAP_SERVERS), or --database URL".into()
            );
        };
        kafka::letters(settings, options, replay).await?
    } else {
        let mut letters = Vec::new();
        for settings in &options.database {
            let left = options.limit.saturating_sub(letters.len());
            letters.extend(database::letters(settings, options, left, replay).await?);
        }
        letters
    };
    for letter in &letters {
        println!("{letter}");
    }
    let verb = if replay { "replayed" } else { "found" };
    println!("{} {verb}", letters.len());
    Ok(())
}

fn bootstrap(value: &str) -> Result<KafkaSettings, String> {
    KafkaSettings::parse(value).ok_or_else(|| "expected HOST:PORT, or several with commas".to_owned())
}

fn database(value: &str) -> Result<DatabaseSettings, String> {
    let expected = "expected sqlite://PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE";
    DatabaseSettings::parse(value).ok_or_else(|| expected.to_owned())
}
