//! `GET,POST` before a path.
use http::Method;

use super::PatternFault;

/// The methods of a `match` string, and the byte at which its path begins.
pub(super) fn parse(text: &str) -> Result<(Vec<Method>, usize), PatternFault> {
    if text.is_empty() {
        return Err(PatternFault::new(0..0, "a route needs a path").help("write `/` for every path"));
    }
    if text.starts_with(['/', '~']) {
        return Ok((Vec::new(), 0));
    }
    let Some(end) = text.find(' ') else {
        return Err(without_space(text));
    };
    if end == 0 {
        let spaces = text.len() - text.trim_start_matches(' ').len();
        let fault = PatternFault::new(0..spaces, "a route begins with a method or a path, not with a space");
        return Err(fault.help(format!("write `{}`", text.trim())));
    }
    let mut methods = Vec::new();
    let mut start = 0;
    for name in text[..end].split(',') {
        let method = method(name).map_err(|fault| fault.moved(start))?;
        if methods.contains(&method) {
            let at = start..start + name.len();
            return Err(PatternFault::new(at, format!("`{name}` is listed twice")));
        }
        methods.push(method);
        start += name.len() + 1;
    }
    let path = text.len() - text[end..].trim_start_matches(' ').len();
    Ok((methods, path))
}

fn method(name: &str) -> Result<Method, PatternFault> {
    let at = 0..name.len();
    if name.is_empty() {
        let fault = PatternFault::new(at, "a method is missing here");
        return Err(fault.help("separate methods by one comma and no space: `GET,POST /users`"));
    }
    let upper = name.to_ascii_uppercase();
    let method = match Method::from_bytes(upper.as_bytes()) {
        Ok(method) if upper.starts_with(|first: char| first.is_ascii_uppercase()) => method,
        _ => return Err(PatternFault::new(at, format!("`{name}` is not a method"))),
    };
    if method == Method::CONNECT || method == Method::TRACE {
        return Err(PatternFault::new(at, format!("the gateway forwards no {method}")));
    }
    if name != upper {
        let fault = PatternFault::new(at, "methods are upper case");
        return Err(fault.help(format!("write `{upper}`")));
    }
    Ok(method)
}

/// A text that begins neither with a path nor with a method and a space.
fn without_space(text: &str) -> PatternFault {
    let is_method = |name: &str| method(name).is_ok();
    if text.split(',').all(is_method) {
        let end = text.len();
        return PatternFault::new(end..end, "a path is missing after the method")
            .help(format!("write `{text} /` for every path"));
    }
    if let Some(slash) = text.find(['/', '~']).filter(|&slash| text[..slash].split(',').all(is_method)) {
        return PatternFault::new(slash..slash, "a space is missing between the method and the path").help(format!(
            "write `{} {}`",
            &text[..slash],
            &text[slash..]
        ));
    }
    PatternFault::new(0..text.len(), "a path begins with `/`, a regular expression with `~`")
        .help(format!("write `/{text}`"))
}
