//! On whose behalf a call was made.

/// On whose behalf a call was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The application.
    pub app_name: Option<Box<str>>,
    /// The agent.
    pub agent_id: Option<Box<str>>,
    /// The user, hashed unless raw ids were chosen: see [`Ids`](crate::policy::Ids).
    pub user_id: Option<Box<str>>,
    /// The session, hashed unless raw ids were chosen.
    pub session_id: Option<Box<str>>,
}

/// What a request says to the provider of who asks. Values are hashed unless raw ids were chosen.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndUser {
    /// `user`.
    pub user: Option<Box<str>>,
    /// `safety_identifier`.
    pub safety_identifier: Option<Box<str>>,
    /// `metadata`: names as they were sent, values hashed.
    pub metadata: Vec<(Box<str>, Box<str>)>,
}

impl std::fmt::Debug for EndUser {
    /// Before a call is reviewed the values are what was sent, so that only what can be read by anybody is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |id: &Option<Box<str>>| {
            id.as_deref().map(|id| if crate::policy::is_hash(id) { id.to_owned() } else { "…".to_owned() })
        };
        f.debug_struct("EndUser")
            .field("user", &shown(&self.user))
            .field("safety_identifier", &shown(&self.safety_identifier))
            .field("metadata", &self.metadata.len())
            .finish()
    }
}
