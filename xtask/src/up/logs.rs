//! The output of all processes as one stream, each line with its service's name before it.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

/// One colour for each name: cyan, yellow, magenta, green, blue, red. All read on a dark and on a light ground.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// How the lines of each process look.
pub(crate) struct Logs {
    names: Vec<String>,
    width: usize,
    coloured: bool,
}

impl Logs {
    /// Colours are used on a terminal only, and not when `NO_COLOR` is set (<https://no-color.org>).
    pub(crate) fn new(names: &[&str]) -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            width: names.iter().map(|name| name.len()).max().unwrap_or(0),
            coloured: io::stdout().is_terminal() && !refused,
        }
    }

    /// What a process's lines go into.
    pub(crate) fn sink(&self, name: &str) -> impl Fn(&str) + Clone + Send + 'static {
        let prefix = self.prefix(name);
        move |line| {
            // One write a line, so that lines of two processes never mix. A reader that went away (`| head`) ends
            // no process: the system is ended by Ctrl-C alone.
            let _ = io::stdout().lock().write_all(format!("{prefix}{line}\n").as_bytes());
        }
    }

    fn prefix(&self, name: &str) -> String {
        let width = self.width;
        if !self.coloured {
            return format!("{name:width$} | ");
        }
        let index = self.names.iter().position(|known| known == name).unwrap_or(0);
        format!("\u{1b}[{}m{name:width$} |\u{1b}[0m ", COLOURS[index % COLOURS.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let mut logs = Logs { names: vec!["user".into(), "gateway".into()], width: 7, coloured: false };
        assert_eq!(logs.prefix("user"), "user    | ");
        logs.coloured = true;
        assert_eq!(logs.prefix("gateway"), "\u{1b}[33mgateway |\u{1b}[0m ");
    }
}
