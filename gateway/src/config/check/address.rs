//! Addresses to listen on, and networks to trust.
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::Checks;
use crate::config::{
    diagnose::{Code, Finding},
    read::{At, Text},
};

/// All the addresses that the gateway is to listen on.
#[derive(Default)]
pub(super) struct Addresses<'r> {
    all: Vec<(SocketAddr, Option<&'r At<Text>>)>,
}

impl<'r> Addresses<'r> {
    /// The default of a listener that the file does not have.
    pub(super) fn assumed(&mut self, address: SocketAddr) -> SocketAddr {
        self.all.push((address, None));
        address
    }

    /// One that it has.
    pub(super) fn written(&mut self, text: &'r At<Text>, checks: &mut Checks) -> Option<SocketAddr> {
        if let Ok(address) = text.value.as_str().parse() {
            self.all.push((address, Some(text)));
            return Some(address);
        }
        let message = format!("`{}` is no address to listen on", text.value.shown());
        let port = text.value.as_str().rsplit(':').next().filter(|port| port.parse::<u16>().is_ok());
        let help = match port {
            Some(port) if !text.value.is_filled() => {
                format!("write \"0.0.0.0:{port}\" for every interface, \"127.0.0.1:{port}\" for this machine")
            }
            _ => String::from("write \"0.0.0.0:8000\", \"127.0.0.1:8000\" or \"[::1]:8000\""),
        };
        let finding = Finding::new(Code::BadAddress, &text.span, message);
        checks.report(finding.label("expected an IP address and a port").help(help));
        None
    }

    /// Two listeners of one address cannot both be had; nor one of every interface beside one of a single interface.
    pub(super) fn report_duplicates(&self, checks: &mut Checks) {
        for (at, (address, text)) in self.all.iter().enumerate() {
            let earlier = self.all[..at].iter().find(|(other, _)| overlap(*address, *other));
            let Some((other, other_text)) = earlier else {
                continue;
            };
            // Of the two, at least one is written: the defaults do not overlap.
            let Some(shown) = text.or(*other_text) else {
                continue;
            };
            let message = if address == other {
                format!("two listeners share `{address}`")
            } else {
                format!("the listeners `{address}` and `{other}` overlap")
            };
            let is_filled = [text, other_text].iter().any(|t| t.is_some_and(|t| t.value.is_filled()));
            let message = if is_filled { String::from("two listeners share an address") } else { message };
            let finding = Finding::new(Code::DuplicateAddress, &shown.span, message);
            let finding = match (text, other_text) {
                (Some(_), Some(first)) => finding.related(&first.span, "the first"),
                (Some(_), None) => finding.label("the default of another listener"),
                (None, _) => finding.label("also the default of `admin.listen`"),
            };
            checks.report(finding.help("give each listener, and `[admin]`, a port of its own"));
        }
    }
}

/// A peer's network: `10.0.0.0/8`, or one address.
pub(super) fn network(text: &At<Text>, checks: &mut Checks) -> Option<IpNet> {
    let meant = text.value.as_str();
    let network = meant.parse::<IpNet>().or_else(|_| meant.parse().map(|one: IpAddr| IpNet::from(one)));
    match network {
        Ok(network) if network.trunc() == network => Some(network),
        Ok(network) => {
            let message = format!("`{}` has bits beyond its mask", text.value.shown());
            let finding = Finding::new(Code::BadCidr, &text.span, message);
            let help = if text.value.is_filled() {
                String::from("write the network's first address, or drop the mask")
            } else {
                let (whole, one) = (network.trunc(), network.addr());
                format!("write `{whole}` for the network, `{one}` for the one address")
            };
            checks.report(finding.label("not the first address of its network").help(help));
            None
        }
        Err(_) => {
            let message = format!("`{}` is no network", text.value.shown());
            let finding = Finding::new(Code::BadCidr, &text.span, message);
            let finding = finding.label("expected an address and a mask");
            checks.report(finding.help("write \"10.0.0.0/8\", \"fd00::/8\" or one address"));
            None
        }
    }
}

/// Port 0 asks for any free port, so it overlaps with nothing.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && one.port() != 0
        && one.is_ipv4() == other.is_ipv4()
        && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}
