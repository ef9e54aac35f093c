//! The command line: `gateway run | check | routes | schema | health | api-key`.
use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use gateway::{
    config::{self, Config, Faults, Style},
    route::RouteTable,
    telemetry::messages::{self, say},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One entry point before your services.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT. Exits 2 on a faulty file or a taken port.
    #[command(after_help = ENVIRONMENT)]
    Run(ConfigFile),
    /// Print every fault of the file. Exits 0 for a sound file and 1 for a faulty one.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// How faults are printed: for people on stderr, or as a JSON array on stdout.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the routes in match order.
    Routes(ConfigFile),
    /// Print the JSON Schema of the file, for editors.
    Schema,
    /// Ask the gateway that serves the file for its /health. Exits 0 when it is healthy or degraded, else 1.
    Health(ConfigFile),
    /// Make a new API key: the key alone on stdout, once, and what the file needs to know of it on stderr.
    ApiKey {
        /// Who is to have it: 1 to 64 visible characters of ASCII.
        #[arg(value_parser = key_name)]
        name: String,
    },
}

#[derive(Args)]
struct ConfigFile {
    /// The file to read.
    #[arg(long, value_name = "FILE", env = "GATEWAY_CONFIG", default_value = "gateway.toml")]
    config: PathBuf,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// What `run` reads of its environment beside the file, for its `--help`.
const ENVIRONMENT: &str = "Environment:
  LOG_LEVEL    trace, debug, info, warn, error or off; or directives such as gateway=debug [default: info]
  JSON_LOGS    true: the messages on stderr as one JSON object a line [default: false]
  and what the file fills in by ${NAME}";

/// The file, or the command line, is at fault; or a port is taken.
const CANNOT_RUN: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(file) => run(&file),
        Command::Check { config, format } => check(&config, format),
        Command::Routes(file) => routes(&file),
        Command::Schema => {
            print(&format!("{:#}\n", config::schema()));
            ExitCode::SUCCESS
        }
        Command::Health(file) => health(&file),
        Command::ApiKey { name } => api_key(&name),
    }
}

fn key_name(name: &str) -> Result<String, &'static str> {
    let is_name = config::is_key_name(name);
    is_name.then(|| name.to_owned()).ok_or("a name has 1 to 64 visible characters, no quote and no backslash")
}

fn api_key(name: &str) -> ExitCode {
    let key = config::new_key();
    let hash = config::KeyHash::of(key.as_bytes()).to_hex();
    say("The key is shown this once. Put this into `keys` of an `[[api_key]]` block:");
    say(&format!("{{ name = \"{name}\", sha256 = \"{hash}\", scopes = [] }}"));
    print(&format!("{key}\n"));
    ExitCode::SUCCESS
}

fn run(file: &ConfigFile) -> ExitCode {
    let config = match Config::load(&file.config) {
        Ok(config) => config,
        Err(faults) => return report(&faults, CANNOT_RUN),
    };
    let _messages = match messages::start() {
        Ok(messages) => messages,
        Err(fault) => {
            say(&format!("gateway: {fault}"));
            return ExitCode::from(CANNOT_RUN);
        }
    };
    match gateway::run(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("gateway: {error}"));
            ExitCode::from(CANNOT_RUN)
        }
    }
}

fn check(file: &ConfigFile, format: Format) -> ExitCode {
    match (Config::load(&file.config), format) {
        (Ok(config), Format::Text) => {
            let routes: usize = config.services.iter().map(|service| service.routes.len()).sum();
            let certificates = config.server.tls.iter().flat_map(|tls| &tls.certificates);
            for (certificate, warning) in certificates.filter_map(|one| Some((one, one.warning?))) {
                say(&format!("warning: the certificate {} {warning}", certificate.cert.display()));
            }
            let (services, routes) = (count(config.services.len(), "service"), count(routes, "route"));
            print(&format!("{} is sound: {services}, {routes}\n", file.config.display()));
            ExitCode::SUCCESS
        }
        (Ok(_), Format::Json) => {
            print("[]\n");
            ExitCode::SUCCESS
        }
        (Err(faults), Format::Text) => report(&faults, 1),
        (Err(faults), Format::Json) => {
            print(&format!("{:#}\n", faults.to_json()));
            ExitCode::FAILURE
        }
    }
}

fn routes(file: &ConfigFile) -> ExitCode {
    let config = match Config::load(&file.config) {
        Ok(config) => config,
        Err(faults) => return report(&faults, 1),
    };
    let all = config.services.iter().flat_map(|service| service.routes.iter().map(move |route| (route, service)));
    let patterns = all.map(|(route, service)| (route.pattern.clone(), (route, service))).collect();
    let table = RouteTable::build(patterns).expect("a checked configuration has no conflicting routes");
    let mut out = Table::new();
    out.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    out.set_header(["ROUTE", "HOST", "CONDITIONS", "AUTH", "SERVICE", "UPSTREAMS"]);
    for (pattern, (route, service)) in table.in_match_order() {
        let conditions = route.written.headers.iter().chain(&route.written.query);
        let conditions: Vec<String> = conditions.map(|(name, value)| format!("{name}={value}")).collect();
        let upstreams: Vec<String> = service.upstreams.iter().map(config::Upstream::url).collect();
        out.add_row([
            pattern.text.as_str(),
            pattern.host.as_ref().map_or("*", |host| host.as_str()),
            &conditions.join(" "),
            &auth(route),
            &service.name,
            &upstreams.join(" "),
        ]);
    }
    print(&format!("{}\n", out.trim_fmt()));
    ExitCode::SUCCESS
}

fn health(file: &ConfigFile) -> ExitCode {
    let config = match Config::load(&file.config) {
        Ok(config) => config,
        Err(faults) => return report(&faults, 1),
    };
    match gateway::ask_health(&config) {
        Ok(answer) => {
            print(&format!("{answer}\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("gateway: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Who may pass: `none`, `optional`, or `required` with the scopes that are needed.
fn auth(route: &config::Route) -> String {
    let scopes = route.scopes.iter().map(|scope| &**scope);
    std::iter::once(route.auth.name()).chain(scopes).collect::<Vec<_>>().join(" ")
}

/// `1 route`, `2 routes`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Prints every fault for people.
fn report(faults: &Faults, code: u8) -> ExitCode {
    say(faults.render(Style::for_stderr()).trim_end_matches('\n'));
    ExitCode::from(code)
}

/// Prints to stdout; a reader that has gone (`| head`) is no error.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
