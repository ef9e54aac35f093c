//! What is wrong with a mix, told with the line it is on.

use std::{fmt, ops::Range};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report, ThemeCharacters,
    ThemeStyles,
};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where, in bytes of the file.
    pub span: Range<usize>,
}

/// Everything that is wrong with a file, in the order of its lines.
#[derive(Clone, Debug)]
pub struct Faults {
    name: String,
    text: String,
    all: Vec<Fault>,
}

impl Fault {
    /// A fault at `span`.
    pub fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), help: None, span }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Faults {
    pub(super) fn new(name: &str, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.span.start);
        Self { name: name.to_owned(), text: text.to_owned(), all: faults }
    }

    /// Each fault's line, from 1, and what is wrong there.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.all.iter().map(|fault| {
            let before = self.text.get(..fault.span.start).unwrap_or(&self.text);
            (before.matches('\n').count() + 1, fault.message.as_str())
        })
    }

    /// The faults as text for a terminal, each with its line and a caret; `colour` by ANSI sequences.
    pub fn render(&self, colour: bool) -> String {
        let styles = if colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
        let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(120);
        let mut rendered = String::new();
        for fault in &self.all {
            let mut diagnostic = MietteDiagnostic::new(&fault.message)
                .with_label(LabeledSpan::new_with_span(None, fault.span.start..fault.span.end));
            diagnostic.help.clone_from(&fault.help);
            let report = Report::new(diagnostic).with_source_code(NamedSource::new(&self.name, self.text.clone()));
            // Writing into a string does not fail.
            let _ = handler.render_report(&mut rendered, report.as_ref());
        }
        rendered
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}
