//! A fault while the file is still being read: placed by bytes, not yet by line and column.
use std::ops::Range;

use super::{Fault, Related, lines::Lines, mask_sentence};

/// What kind of fault it is; [`Code::as_str`] is what the world sees, and stays as it is once published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BadAddress,
    BadAlgorithm,
    BadApiKey,
    BadAudience,
    BadAuth,
    BadAuthoriser,
    BadCertificate,
    BadCidr,
    BadClaim,
    BadCoding,
    BadCondition,
    BadContentType,
    BadDuration,
    BadHeaderName,
    BadHeaderValue,
    BadHealthPath,
    BadHost,
    BadIssuer,
    BadLimitKey,
    BadLoadBalance,
    BadMaxInFlight,
    BadMethod,
    BadOrigin,
    BadPattern,
    BadPrefix,
    BadRedirect,
    BadRetry,
    BadRewrite,
    BadSchema,
    BadScope,
    BadServiceName,
    BadSize,
    BadSplit,
    BadUpstream,
    BadUrl,
    BadVariable,
    Conflict,
    DuplicateAddress,
    DuplicateApiKey,
    DuplicateHeader,
    DuplicateIssuer,
    DuplicateUpstream,
    FileMissing,
    FileUnreadable,
    MissingKey,
    NoCredentials,
    NoKeys,
    NoRoutes,
    NoService,
    NoUpstreams,
    NotUtf8,
    OutOfRange,
    ReservedHeader,
    ShortSecret,
    Syntax,
    UnknownKey,
    UnknownService,
    UnreachableRoute,
    UnsupportedScheme,
    VariableMissing,
    WrongType,
}

impl Code {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::BadAddress => "bad_address",
            Self::BadAlgorithm => "bad_algorithm",
            Self::BadApiKey => "bad_api_key",
            Self::BadAudience => "bad_audience",
            Self::BadAuth => "bad_auth",
            Self::BadAuthoriser => "bad_authoriser",
            Self::BadCertificate => "bad_certificate",
            Self::BadCidr => "bad_cidr",
            Self::BadClaim => "bad_claim",
            Self::BadCoding => "bad_coding",
            Self::BadCondition => "bad_condition",
            Self::BadContentType => "bad_content_type",
            Self::BadDuration => "bad_duration",
            Self::BadHeaderName => "bad_header_name",
            Self::BadHeaderValue => "bad_header_value",
            Self::BadHealthPath => "bad_health_path",
            Self::BadHost => "bad_host",
            Self::BadIssuer => "bad_issuer",
            Self::BadLimitKey => "bad_limit_key",
            Self::BadLoadBalance => "bad_load_balance",
            Self::BadMaxInFlight => "bad_max_in_flight",
            Self::BadScope => "bad_scope",
            Self::BadMethod => "bad_method",
            Self::BadOrigin => "bad_origin",
            Self::BadPattern => "bad_pattern",
            Self::BadPrefix => "bad_prefix",
            Self::BadRedirect => "bad_redirect",
            Self::BadRetry => "bad_retry",
            Self::BadRewrite => "bad_rewrite",
            Self::BadSchema => "bad_schema",
            Self::BadServiceName => "bad_service_name",
            Self::BadSize => "bad_size",
            Self::BadSplit => "bad_split",
            Self::BadUpstream => "bad_upstream",
            Self::BadUrl => "bad_url",
            Self::BadVariable => "bad_variable",
            Self::Conflict => "conflict",
            Self::DuplicateAddress => "duplicate_address",
            Self::DuplicateApiKey => "duplicate_api_key",
            Self::DuplicateHeader => "duplicate_header",
            Self::DuplicateIssuer => "duplicate_issuer",
            Self::DuplicateUpstream => "duplicate_upstream",
            Self::FileMissing => "file_missing",
            Self::FileUnreadable => "file_unreadable",
            Self::MissingKey => "missing_key",
            Self::NoCredentials => "no_credentials",
            Self::NoKeys => "no_keys",
            Self::NoRoutes => "no_routes",
            Self::NoService => "no_service",
            Self::NoUpstreams => "no_upstreams",
            Self::NotUtf8 => "not_utf8",
            Self::OutOfRange => "out_of_range",
            Self::ReservedHeader => "reserved_header",
            Self::ShortSecret => "short_secret",
            Self::Syntax => "syntax",
            Self::UnknownKey => "unknown_key",
            Self::UnknownService => "unknown_service",
            Self::UnreachableRoute => "unreachable_route",
            Self::UnsupportedScheme => "unsupported_scheme",
            Self::VariableMissing => "variable_missing",
            Self::WrongType => "wrong_type",
        }
    }

    /// Whether the fault says that something is not there. Beside a syntax error it proves nothing: what is missing may
    /// stand on the very line that could not be read.
    pub(crate) fn is_absence(self) -> bool {
        matches!(self, Self::MissingKey | Self::NoRoutes | Self::NoService | Self::NoUpstreams)
    }
}

/// A fault, placed by bytes.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    pub(crate) span: Range<usize>,
    message: String,
    label: String,
    help: Option<String>,
    related: Vec<(Range<usize>, String)>,
}

impl Finding {
    pub(crate) fn new(code: Code, span: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            span: span.clone(),
            message: message.into(),
            label: String::from("here"),
            help: None,
            related: Vec::new(),
        }
    }

    /// What stands beside the caret.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another place that has to do with it.
    pub(crate) fn related(mut self, span: &Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span.clone(), label.into()));
        self
    }

    /// Gives it the position that people see, and masks what it quotes.
    pub(super) fn place(self, file: &str, lines: &Lines<'_>) -> Fault {
        let at = lines.place(&self.span);
        let related = self.related.iter().map(|(span, label)| {
            let at = lines.place(span);
            Related { label: mask_sentence(label), line: at.line, column: at.column, len: at.len }
        });
        Fault {
            code: self.code.as_str(),
            message: mask_sentence(&self.message),
            file: file.to_owned(),
            line: at.line,
            column: at.column,
            len: at.len,
            label: mask_sentence(&self.label),
            help: self.help.as_deref().map(mask_sentence),
            related: related.collect(),
        }
    }
}
