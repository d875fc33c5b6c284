//! The last look at a call before anybody is told of it.

use std::fmt;
use std::sync::Arc;

use super::walk::Walk;
use super::{Content, Ids, Limits, Scope};
use crate::event::{Call, EndUser, Identity};
use crate::exchange::Skips;
use crate::scan::Scanner;

/// What may change or drop any part of a call.
type Edit = dyn Fn(&mut Call) + Send + Sync;

/// The last look at a call before anybody is told of it: [`Exchange::finish`](crate::exchange::Exchange::finish) does it, so that no
/// sink can see a call without it.
///
/// In this order:
/// 1. the security scan, if there is one, looks at every text and every name;
/// 2. names that are kept whatever the content mode are let go of if they hold a finding, are too long or have characters that no
///    name has;
/// 3. texts become sizes ([`Content::Off`]), are masked ([`Content::Redacted`]) or stay ([`Content::Full`]);
/// 4. ids of people are hashed;
/// 5. the application's own function has the last word.
#[derive(Clone, Default)]
pub struct Review {
    scans: bool,
    scanner: Option<Arc<Scanner>>,
    ids: Ids,
    edit: Option<Arc<Edit>>,
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review")
            .field("scans", &self.scans)
            .field("ids", &self.ids)
            .field("edits", &self.edit.is_some())
            .finish()
    }
}

impl Review {
    /// Whether what is said is scanned, whatever the content mode. With [`Content::Redacted`] it always is.
    #[must_use]
    pub fn scanning(mut self, scans: bool) -> Self {
        self.scans = scans;
        self
    }

    /// Scans with that scanner, in place of the one with all built-in rules.
    #[must_use]
    pub fn scanner(mut self, scanner: Arc<Scanner>) -> Self {
        self.scanner = Some(scanner);
        self
    }

    /// Makes that of ids.
    #[must_use]
    pub fn ids(mut self, ids: Ids) -> Self {
        self.ids = ids;
        self
    }

    /// Gives that function the last word: it may change or drop any part of a call. It sees what is kept, never more.
    #[must_use]
    pub fn edit(mut self, edit: impl Fn(&mut Call) + Send + Sync + 'static) -> Self {
        self.edit = Some(Arc::new(edit));
        self
    }

    /// Whether texts are scanned that the content mode doesn't keep.
    #[must_use]
    #[inline]
    pub fn scans(&self) -> bool {
        self.scans
    }

    /// Looks at a call. `scope`: what holds for where it was made.
    pub(crate) fn apply(
        &self,
        call: &mut Call,
        content: Content,
        limits: &Limits,
        scope: Option<&Scope>,
        skips: &mut Skips,
    ) {
        let scanner = (self.scans || content == Content::Redacted)
            .then(|| self.scanner.as_ref().map_or_else(Scanner::embedded, Arc::clone));
        let identity = self.identity(call, scope);
        Walk::new(content, scanner.as_deref(), limits, skips).call(call);
        if let Some(identity) = identity {
            call.identity = identity;
        }
        if let Some(edit) = &self.edit {
            edit(call);
        }
    }

    /// Hashes who asks, and gives the identity if it says more than what all calls share.
    fn identity(&self, call: &mut Call, scope: Option<&Scope>) -> Option<Arc<Identity>> {
        let EndUser { user, safety_identifier, metadata } = &mut call.request.end_user;
        self.ids.replace(user);
        self.ids.replace(safety_identifier);
        for (_, value) in metadata {
            *value = self.ids.id(value).into();
        }
        let scope = scope.filter(|scope| scope.user.is_some() || scope.session.is_some())?;
        let hashed = |id: &Option<Box<str>>| id.as_deref().map(|id| self.ids.id(id).into());
        Some(Arc::new(Identity {
            user_id: hashed(&scope.user),
            session_id: hashed(&scope.session),
            ..Identity::clone(&call.identity)
        }))
    }
}
