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

impl std::fmt::Debug for Scope {
    /// Without the ids, which are raw.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("content", &self.content).finish_non_exhaustive()
    }
}
