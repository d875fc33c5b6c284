//! Which hosts' connections are captured.

use crate::options::HostRule;

/// Which hosts' connections are captured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) allow: Vec<HostRule>,
    pub(crate) deny: Vec<HostRule>,
}

impl Rules {
    /// Whether connections to this host are captured: `deny` wins, one `allow` excludes all others.
    pub(crate) fn admit(&self, host: &str) -> bool {
        let any = |rules: &[HostRule]| rules.iter().any(|rule| rule.matches(host));
        !any(&self.deny) && (self.allow.is_empty() || any(&self.allow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn rules(allow: &[&str], deny: &[&str]) -> Rules {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Rules { allow: parse(allow), deny: parse(deny) }
    }

    #[test]
    fn without_rules_every_host_is_captured() {
        assert!(rules(&[], &[]).admit("api.openai.com"));
    }

    #[test]
    fn one_allowed_host_excludes_all_others() {
        let rules = rules(&["api.openai.com", "*.example.com"], &[]);
        assert!(rules.admit("api.openai.com") && rules.admit("a.b.example.com"));
        assert!(!rules.admit("example.com") && !rules.admit("api.anthropic.com"));
    }

    #[test]
    fn deny_wins_over_allow() {
        let rules = rules(&["*.openai.com"], &["files.openai.com"]);
        assert!(rules.admit("api.openai.com"));
        assert!(!rules.admit("files.openai.com"));
        assert!(!rules.admit("FILES.openai.com."));
    }

    #[test]
    fn a_denied_suffix_leaves_its_own_name() {
        let rules = rules(&[], &["*.internal"]);
        assert!(!rules.admit("db.internal"));
        assert!(rules.admit("internal") && rules.admit("dbinternal"));
    }
}
