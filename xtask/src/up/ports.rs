//! The check before anything is started: a system that comes up by half is worse than none.

use std::fmt;

use xtask::ports::is_free;

use super::services::Part;

/// The ports that something else listens on.
#[derive(Debug)]
pub(crate) struct Taken(Vec<(u16, &'static str)>);

impl std::error::Error for Taken {}

impl fmt::Display for Taken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (port, name) in &self.0 {
            writeln!(formatter, "port {port}, which {name} needs, is taken")?;
        }
        let list = self.0.iter().map(|(port, _)| format!("sport = :{port}")).collect::<Vec<_>>().join(" or ");
        write!(
            formatter,
            "Nothing was started. Is the system up already? `ss -ltnp '{list}'` shows who listens; end that first."
        )
    }
}

pub(crate) fn check(parts: &[&'static Part]) -> Result<(), Taken> {
    let wanted = parts.iter().flat_map(|part| part.ports.iter().map(|&port| (port, part.name)));
    let taken: Vec<_> = wanted.filter(|&(port, _)| !is_free(port)).collect();
    if taken.is_empty() { Ok(()) } else { Err(Taken(taken)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_every_port_and_the_way_out() {
        let message = Taken(vec![(8000, "gateway"), (8001, "user")]).to_string();
        assert!(message.contains("port 8000, which gateway needs") && message.contains("port 8001, which user needs"));
        assert!(message.contains("ss -ltnp 'sport = :8000 or sport = :8001'"), "{message}");
    }
}
