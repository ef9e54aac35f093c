//! Faults as people read them: through miette, with the line, a caret and what to do.
use std::{
    env,
    fmt::{self, Write},
    io::IsTerminal,
};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::{
    Fault, Faults,
    lines::{Lines, Place},
};

/// How [`Faults::render`] draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without escape sequences: for files, pipes and logs.
    Plain,
    /// With colours.
    Color,
}

impl Style {
    /// Colours when standard error is a terminal and `NO_COLOR` is unset or empty (no-color.org).
    pub fn for_stderr() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if std::io::stderr().is_terminal() && !refused { Self::Color } else { Self::Plain }
    }
}

/// Wider than this, help is wrapped; lines of the file never are.
const WIDTH_COLUMNS: usize = 100;

pub(super) fn render(faults: &Faults, style: Style) -> String {
    let theme = match style {
        Style::Plain => GraphicalTheme::unicode_nocolor(),
        Style::Color => GraphicalTheme::unicode(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(WIDTH_COLUMNS);
    // The end of the file is a place to point at too; miette needs a line that ends there.
    let last_line = faults.snippet.split('\n').count();
    let ends_open = faults.list.iter().any(|fault| fault.line == last_line);
    let text = format!("{}{}", faults.snippet, if ends_open { "\n" } else { "" });
    let snippet = Snippet { file: &faults.file, lines: Lines::new(&text), text: &text };
    // Writing to a string cannot fail, so what `write!` returns says nothing.
    let mut out = String::new();
    for fault in &faults.list {
        let shown = Shown { fault, snippet: &snippet };
        if handler.render_report(&mut out, &shown).is_err() {
            // Only a bug in the drawing gets here; the fault is still worth its line.
            let _ = write!(out, "{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.message);
        }
        out.push('\n');
    }
    let count = faults.list.len();
    let plural = if count == 1 { "fault" } else { "faults" };
    let _ = writeln!(out, "{}: {count} {plural}", faults.file);
    out
}

/// The masked text behind the carets.
#[derive(Debug)]
struct Snippet<'f> {
    file: &'f str,
    text: &'f str,
    lines: Lines<'f>,
}

/// miette counts columns in bytes; an editor counts characters, and so does the heading of each fault here.
impl SourceCode for Snippet<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, context_lines_before, context_lines_after)?;
        let column = if context_lines_before == 0 {
            self.lines.place(&(span.offset()..span.offset())).column - 1
        } else {
            found.column()
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.to_owned(),
            found.data(),
            *found.span(),
            found.line(),
            column,
            found.line_count(),
        )))
    }
}

/// One fault before its text, as miette wants it.
struct Shown<'f> {
    fault: &'f Fault,
    snippet: &'f Snippet<'f>,
}

impl Shown<'_> {
    fn labeled(&self, label: &str, place: Place, primary: bool) -> LabeledSpan {
        let span = self.snippet.lines.span(place);
        let build = if primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
        build(Some(label.to_owned()), (span.start, span.len()))
    }
}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.fault.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.fault.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (self.fault.len > 0).then_some(self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let fault = self.fault;
        if fault.len == 0 {
            return None;
        }
        let at = Place { line: fault.line, column: fault.column, len: fault.len };
        let first = self.labeled(&fault.label, at, true);
        let rest = fault.related.iter().map(|other| {
            let at = Place { line: other.line, column: other.column, len: other.len };
            self.labeled(&other.label, at, false)
        });
        Some(Box::new(std::iter::once(first).chain(rest)))
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.fault.message)
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(out)
    }
}

impl std::error::Error for Shown<'_> {}
