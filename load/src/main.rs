//! `load`: what `cargo xtask load` starts.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use clap::Parser;
use load::{
    mix::Mix,
    progress::Progress,
    report::{self, Page},
    run::{self, Plan},
    table, verdict,
};
use reqwest::Url;
use xtask::{interrupt::Interrupt, options::Load};

/// Load the running system with a story of virtual users, as an open loop.
#[derive(Parser)]
#[command(name = "cargo xtask load", version)]
struct Arguments {
    #[command(flatten)]
    load: Load,
}

fn main() -> ExitCode {
    let options = Arguments::parse().load;
    match load(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Whether the run was good; an error is why there was none.
fn load(options: &Load) -> Result<bool, String> {
    options.check().map_err(|message| format!("error: {message}"))?;
    let url = url(&options.url).map_err(|message| format!("error: --url {}: {message}", options.url))?;
    let (mix_name, mix) = mix(options)?;
    // Before the run: minutes of load should not end in a path that cannot be written.
    let mut page = File::create(&options.report)
        .map_err(|error| format!("error: cannot write {}: {error}", options.report.display()))?;
    let interrupt = Interrupt::install().map_err(|error| format!("error: cannot watch for Ctrl-C: {error}"))?;

    let plan = Plan::new(options, url, mix);
    let mut progress = Progress::new(&plan, &mix_name);
    let ran = run::run(&plan, &interrupt, &mut |record| progress.show(record));
    progress.end();
    let record = ran.map_err(|error| {
        // It would be empty.
        let _ = fs::remove_file(&options.report);
        let hint = "start the system with `cargo xtask up`, or say where it is with --url";
        format!("error: {error}\n{}", if matches!(error, run::RunError::NothingThere { .. }) { hint } else { "" })
    })?;

    let failures = verdict::failures(&record, &options.fail_on);
    let hints = verdict::hints(&plan, &record);
    let shown = Page { plan: &plan, mix: &mix_name, record: &record, failures: &failures, hints: &hints };
    page.write_all(report::render(&shown).as_bytes())
        .map_err(|error| format!("error: cannot write {}: {error}", options.report.display()))?;
    print(&shown, options).map_err(|error| format!("error: cannot print the result: {error}"))?;
    Ok(failures.is_empty())
}

fn print(page: &Page<'_>, options: &Load) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    writeln!(out, "\n{}\n", table::table(page.record))?;
    for ((endpoint, why), number) in &page.record.complaints {
        writeln!(out, "{number:>7} × {endpoint}: {why}")?;
    }
    if !page.record.complaints.is_empty() {
        writeln!(out)?;
    }
    for hint in page.hints {
        writeln!(out, "note: {hint}\n")?;
    }
    if page.record.interrupted {
        writeln!(out, "Ended early by a signal.")?;
    }
    let paint = |code: &str, text: &str| if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    if page.failures.is_empty() {
        writeln!(out, "{}", paint("1;32", "Passed."))?;
    } else {
        writeln!(out, "{} {}.", paint("1;31", "Failed:"), page.failures.join(", "))?;
    }
    writeln!(out, "Report: {}", options.report.display())
}

/// What steps are appended to: a scheme and an authority, nothing more.
fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; expected one such as http://127.0.0.1:8000"))?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain || !anonymous {
        return Err("expected http or https, a host and a port, such as http://127.0.0.1:8000".into());
    }
    Ok(url)
}

fn mix(options: &Load) -> Result<(String, Mix), String> {
    let Some(path) = &options.mix else {
        return Ok(("the newcomer's story".into(), Mix::story()));
    };
    let text = fs::read_to_string(path).map_err(|error| format!("error: cannot read {}: {error}", path.display()))?;
    let name = path.display().to_string();
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mix = Mix::parse(&name, &text).map_err(|faults| faults.render(colour))?;
    Ok((name, mix))
}
