//! Who called `sudo`: the user that a command is run as.

use std::path::Path;

/// A user, as far as a command needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// All groups, the first one too.
    pub(super) groups: Vec<u32>,
    pub(super) name: Option<String>,
    pub(super) home: Option<String>,
}

impl Caller {
    /// Who called `sudo`; `None` where this isn't root by `sudo`.
    pub(super) fn of_sudo() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let read = |path| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
        Self::of(&|name| std::env::var(name).ok(), &read("/etc/passwd"), &read("/etc/group"))
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>, passwd: &str, group: &str) -> Option<Self> {
        let number = |name| variable(name)?.parse::<u32>().ok();
        let uid = number("SUDO_UID").filter(|uid| *uid != 0)?;
        // name:password:uid:gid:comment:home:shell
        let user = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let user = user.into_iter().find(|user| user.get(2).is_some_and(|own| own.parse() == Ok(uid)));
        let field = |index: usize| user.as_ref()?.get(index).filter(|text| !text.is_empty()).copied();
        let name = field(0).map(str::to_owned).or_else(|| variable("SUDO_USER"));
        let gid = field(3).and_then(|gid| gid.parse().ok()).or_else(|| number("SUDO_GID"))?;
        let mut groups = vec![gid];
        for line in group.lines() {
            // name:password:gid:members
            let mut fields = line.split(':').skip(2);
            let (Some(gid), Some(members)) = (fields.next(), fields.next()) else { continue };
            let is_member = members.split(',').any(|member| Some(member) == name.as_deref());
            if let (true, Ok(gid)) = (is_member, gid.parse()) {
                groups.push(gid);
            }
        }
        groups.dedup();
        Some(Self { uid, gid, groups, home: field(5).map(str::to_owned), name })
    }

    /// The variables by which a program knows whose it is; `sudo` sets them to root's.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("HOME", &self.home), ("USER", &self.name), ("LOGNAME", &self.name)];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1001:Ada,,,:/srv/ada:/bin/zsh\n";
    const GROUP: &str = "root:x:0:\nada:x:1001:\nsudo:x:27:bob,ada\nlpadmin:x:120:bob\nbroken\n";

    fn caller(variables: &[(&str, &str)]) -> Option<Caller> {
        let lookup = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Caller::of(&lookup, PASSWD, GROUP)
    }

    #[test]
    fn who_called_sudo_is_known_with_groups_and_home() {
        let ada = caller(&[("SUDO_UID", "1000"), ("SUDO_GID", "1001"), ("SUDO_USER", "ada")]).expect("a caller");
        assert_eq!((ada.uid, ada.gid, &*ada.groups), (1000, 1001, &[1001, 27][..]));
        let variables: Vec<_> = ada.variables().collect();
        assert_eq!(variables, [("HOME", "/srv/ada"), ("USER", "ada"), ("LOGNAME", "ada")]);
    }

    #[test]
    fn a_user_of_no_local_file_has_what_sudo_says() {
        let eve = caller(&[("SUDO_UID", "5000"), ("SUDO_GID", "5001"), ("SUDO_USER", "eve")]).expect("a caller");
        assert_eq!((eve.gid, &*eve.groups, eve.name.as_deref(), eve.home), (5001, &[5001][..], Some("eve"), None));
        assert_eq!(caller(&[("SUDO_UID", "5000")]), None, "without a group nobody can be");
    }

    #[test]
    fn root_that_nobody_called_stays_root() {
        assert_eq!(caller(&[]), None);
        assert_eq!(caller(&[("SUDO_UID", "0"), ("SUDO_GID", "0")]), None);
    }
}
