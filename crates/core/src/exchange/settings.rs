//! What holds for every exchange of one capture.

use std::sync::Arc;

use crate::event::{Identity, Process};
use crate::policy::{Allowance, Content, Keep, Limits, Review, Scope};
use crate::pricing::Prices;

/// What holds for every exchange of one capture.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether content is kept.
    pub content: Content,
    /// Whether no scope may ask for more content than `content`.
    pub is_content_fixed: bool,
    /// How much is looked at and kept.
    pub limits: Limits,
    /// What every call goes through at its end.
    pub review: Review,
    /// What tokens cost; without it no call has a cost.
    pub prices: Option<Arc<Prices>>,
    /// On whose behalf the calls are made.
    pub identity: Arc<Identity>,
    /// The process that makes them, where it is one and the same for all.
    pub process: Option<Arc<Process>>,
}

impl Settings {
    /// Takes texts and names into one call, of which that much is still allowed.
    #[inline]
    pub(super) fn keep<'a>(&'a self, allowance: &'a mut Allowance) -> Keep<'a> {
        Keep::new(self.content, &self.limits, allowance).scanned(self.review.scans())
    }

    /// The settings of a call that is made in a scope.
    pub(super) fn in_scope(settings: Arc<Self>, scope: Option<&Scope>) -> Arc<Self> {
        match scope.and_then(|scope| scope.content) {
            Some(content) if content != settings.content => settings.with(content),
            _ => settings,
        }
    }

    #[cold]
    fn with(self: Arc<Self>, content: Content) -> Arc<Self> {
        if self.is_content_fixed && content > self.content {
            return self;
        }
        Arc::new(Self { content, ..Self::clone(&self) })
    }
}
