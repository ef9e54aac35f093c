//! From a file to a [`Config`], or to everything that is wrong with it.
mod syntax;

use std::{env, fs, io, path::Path};

use toml::de::DeTable;

use super::{
    Config, Source,
    check::check,
    diagnose::{Code, Faults, FaultsKind, Finding},
    raw::RawConfig,
    read::Reader,
};

impl Config {
    /// Reads the file at `path`, with references filled from this process's environment.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        let file = path.display().to_string();
        let bytes = fs::read(path);
        let mut sources = vec![Source::read(path, bytes.as_deref().ok())];
        let read = || {
            let bytes = bytes.map_err(|error| unread(&file, &error))?;
            let text = String::from_utf8(bytes).map_err(|error| not_utf8(&file, error.as_bytes()))?;
            Self::parse_from(&file, &text, &|name| env::var(name).ok(), &mut sources)
        };
        read().map_err(|faults| faults.reading(sources))
    }

    /// Reads `text`; `file` is its name in diagnostics, and `env` gives the value of an environment variable.
    pub fn parse(file: &str, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        Self::parse_from(file, text, env, &mut Vec::new())
    }

    /// The same; what else is read for it comes behind the `sources`.
    fn parse_from(
        file: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
        sources: &mut Vec<Source>,
    ) -> Result<Self, Faults> {
        // Some editors put a byte order mark first. It is no character of the first line.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(env);
        let raw = reader.document::<RawConfig>(document.into_inner(), 0..0);
        let mut findings = reader.findings;
        let checked = match &raw {
            Some(raw) => check(raw, file, sources),
            None => Err(Vec::new()),
        };
        match checked {
            Ok(config) if findings.is_empty() && errors.is_empty() => return Ok(config),
            Ok(_) => {}
            Err(more) => findings.extend(more),
        }
        if !errors.is_empty() {
            findings = syntax::with_errors(text, &errors, findings);
        }
        Err(Faults::found(file, text, findings))
    }
}

fn unread(file: &str, error: &io::Error) -> Faults {
    if error.kind() == io::ErrorKind::NotFound {
        let message = format!("there is no file {file}");
        let help = "name it with --config FILE or GATEWAY_CONFIG; the default is gateway.toml here";
        return Faults::unread(FaultsKind::Missing, Code::FileMissing, file, message, help);
    }
    let message = format!("{file} cannot be read: {error}");
    let help = "check that it is a file, and that this user may read it";
    Faults::unread(FaultsKind::Unreadable, Code::FileUnreadable, file, message, help)
}

/// Points at the first byte that is no text; what cannot be decoded is shown as U+FFFD.
fn not_utf8(file: &str, bytes: &[u8]) -> Faults {
    let text = String::from_utf8_lossy(bytes);
    let valid = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    let span = valid..valid + char::REPLACEMENT_CHARACTER.len_utf8();
    let finding = Finding::new(Code::NotUtf8, &span, format!("{file} is not UTF-8"))
        .label("not a character")
        .help("save the file as UTF-8");
    Faults::found(file, &text, vec![finding]).of_kind(FaultsKind::Unreadable)
}
