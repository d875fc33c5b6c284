//! The servers that were called last, so that calling one again allocates nothing for its name.

use std::sync::{Arc, RwLock};

use reqwest::Url;
use sidetone_core::event::Server;

/// How many servers are remembered; an application talks to few.
const REMEMBERED: usize = 8;

#[derive(Default)]
pub(crate) struct Servers(RwLock<Vec<Arc<Server>>>);

impl std::fmt::Debug for Servers {
    /// Without their names, which no policy has looked at.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Servers").finish_non_exhaustive()
    }
}

impl Servers {
    /// The server that a URL names; `None` if it names none. Never waits for another caller.
    pub(crate) fn of(&self, url: &Url) -> Option<Arc<Server>> {
        let host = url.host_str()?;
        // The URL writes an IPv6 address in brackets.
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = url.port_or_known_default();
        if let Ok(known) = self.0.try_read()
            && let Some(server) = known.iter().find(|server| server.port == port && *server.address == *address)
        {
            return Some(Arc::clone(server));
        }
        let server = Arc::new(Server { address: address.into(), port });
        if let Ok(mut known) = self.0.try_write() {
            known.truncate(REMEMBERED - 1);
            known.insert(0, Arc::clone(&server));
        }
        Some(server)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn of(servers: &Servers, url: &str) -> Arc<Server> {
        servers.of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn a_server_is_named_as_the_client_addressed_it() {
        let servers = Servers::default();
        for (url, address, port) in [
            ("https://api.openai.com/v1/x", "api.openai.com", 443),
            ("http://localhost/v1", "localhost", 80),
            ("http://[::1]:8080/v1", "::1", 8080),
            ("http://user:secret@10.0.0.1:1/v1", "10.0.0.1", 1),
        ] {
            let server = of(&servers, url);
            assert_eq!((&*server.address, server.port), (address, Some(port)));
        }
    }

    #[test]
    fn the_same_server_is_the_same_allocation_and_few_are_remembered() {
        let servers = Servers::default();
        let first = of(&servers, "https://a.example/1");
        assert!(Arc::ptr_eq(&first, &of(&servers, "https://a.example/2")));
        assert!(!Arc::ptr_eq(&first, &of(&servers, "http://a.example/2")));
        for host in 0..2 * REMEMBERED {
            of(&servers, &format!("https://{host}.example/"));
        }
        assert_eq!(servers.0.read().unwrap().len(), REMEMBERED);
    }
}
