//! On whose behalf a call was made.

/// On whose behalf a call was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The application.
    pub app_name: Option<Box<str>>,
    /// The agent.
    pub agent_id: Option<Box<str>>,
}
