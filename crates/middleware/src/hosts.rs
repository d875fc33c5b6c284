//! The hosts that `traceparent` is written for.

/// Host names, exact or `*.suffix`.
#[derive(Debug)]
pub(crate) struct Hosts(Vec<Box<str>>);

impl Hosts {
    pub(crate) fn new<H: Into<String>>(hosts: impl IntoIterator<Item = H>) -> Self {
        Self(hosts.into_iter().map(|host| host.into().trim_matches(['[', ']']).to_ascii_lowercase().into()).collect())
    }

    /// Whether `host`, as a URL writes it (lower case, no brackets), is one of them.
    pub(crate) fn contain(&self, host: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_prefix('*') {
            // `*.example.com` is every name below `example.com`, not that name itself.
            Some(suffix) => suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix),
            None => **pattern == *host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_matched_whole_or_by_a_suffix_at_a_dot() {
        let hosts = Hosts::new(["LLM.internal", "*.example.com", "[::1]", "*bad.org", "*"]);
        for (host, expected) in [
            ("llm.internal", true),
            ("a.llm.internal", false),
            ("example.com", false),
            ("a.example.com", true),
            ("a.b.example.com", true),
            ("notexample.com", false),
            ("::1", true),
            ("bad.org", false),
            ("abad.org", false),
        ] {
            assert_eq!(hosts.contain(host), expected, "{host}");
        }
    }
}
