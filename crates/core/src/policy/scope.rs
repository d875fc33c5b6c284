//! What holds for the calls made inside of one scope of the application.

use super::Content;

/// What holds for the calls made inside of one scope of the application: who asks, and how much of it is kept.
///
/// Ids are as the application gave them: they are hashed when the call is reviewed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The user.
    pub user: Option<Box<str>>,
    /// The session.
    pub session: Option<Box<str>>,
    /// Whether content is kept, in place of what the settings say.
    pub content: Option<Content>,
}

/// Keys of baggage that say on whose behalf something is done: names of the general conventions.
const USER: &str = "user.id";
const SESSION: &str = "session.id";

/// Longest id that is taken from baggage, in bytes.
const ID_BYTES: usize = 1024;

impl Scope {
    /// What baggage says of who asks, given by its `value` of a key: `user.id` and `session.id`. `None` if it says nothing of it.
    #[must_use]
    pub fn of_baggage<V: Into<Box<str>> + AsRef<str>>(value: impl Fn(&str) -> Option<V>) -> Option<Self> {
        let id = |key| value(key).filter(|id| (1..=ID_BYTES).contains(&id.as_ref().len())).map(Into::into);
        let scope = Self { user: id(USER), session: id(SESSION), content: None };
        (scope.user.is_some() || scope.session.is_some()).then_some(scope)
    }
}

impl std::fmt::Debug for Scope {
    /// Without the ids, which are raw.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("content", &self.content).finish_non_exhaustive()
    }
}
