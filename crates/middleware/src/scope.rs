//! What holds for a part of the application: who asks, and how much is kept of its calls.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use sidetone_core::policy::{self, Content};

thread_local! {
    static CURRENT: RefCell<Option<Arc<policy::Scope>>> = const { RefCell::new(None) };
}

/// What holds for the calls that a part of the application makes: whose they are, and how much of them is kept.
///
/// It goes with the task, not with the thread: what a future [`scope`](Self::scope)d by it awaits is inside, what it spawns is not.
/// A scope inside of another says only what is different; the rest is as outside. Ids leave the process hashed.
///
/// ```
/// # async fn answer(question: &str) -> String { question.to_owned() }
/// # async fn serve(user: &str, session: &str, question: &str) -> String {
/// sidetone_middleware::identity().user(user).session(session).scope(answer(question)).await
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "it holds for what is put inside"]
pub struct Scope(policy::Scope);

/// A scope that says whose calls are made in it. Nothing yet: [`user`](Scope::user) and [`session`](Scope::session) say it.
pub fn identity() -> Scope {
    Scope::default()
}

/// A scope whose calls are kept as far as `content` says, whatever the settings say. Where the environment forbids content
/// (`SIDETONE_CONTENT=off`), it stays forbidden.
pub fn content(content: Content) -> Scope {
    Scope::default().content(content)
}

impl Scope {
    /// The user on whose behalf calls are made.
    pub fn user(mut self, id: impl Into<String>) -> Self {
        self.0.user = Some(id.into().into_boxed_str());
        self
    }

    /// The session that calls belong to.
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.0.session = Some(id.into().into_boxed_str());
        self
    }

    /// How much of the calls is kept.
    pub fn content(mut self, content: Content) -> Self {
        self.0.content = Some(content);
        self
    }

    /// A future all of whose calls are inside.
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped { future, scope: Arc::new(self.0) }
    }

    /// Runs `function`, all of whose calls are inside.
    pub fn in_scope<T>(self, function: impl FnOnce() -> T) -> T {
        let _left = enter(&Arc::new(self.0));
        function()
    }
}

pin_project! {
    /// A future all of whose calls are inside of a [`Scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        scope: Arc<policy::Scope>,
    }
}

impl<F> std::fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scoped").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _left = enter(this.scope);
        this.future.poll(context)
    }
}

/// Brings back what held before, also when what is inside panics.
struct Left(Option<Arc<policy::Scope>>);

impl Drop for Left {
    fn drop(&mut self) {
        swap(self.0.take());
    }
}

fn enter(inner: &Arc<policy::Scope>) -> Left {
    let outer = current();
    let scope = match &outer {
        Some(outer) => Arc::new(within(inner, outer)),
        None => Arc::clone(inner),
    };
    swap(Some(scope));
    Left(outer)
}

/// What holds inside of two scopes.
fn within(inner: &policy::Scope, outer: &policy::Scope) -> policy::Scope {
    policy::Scope {
        user: inner.user.clone().or_else(|| outer.user.clone()),
        session: inner.session.clone().or_else(|| outer.session.clone()),
        content: inner.content.or(outer.content),
    }
}

fn swap(scope: Option<Arc<policy::Scope>>) {
    // While a thread ends there is no scope any more.
    let _ = CURRENT.try_with(|current| current.replace(scope));
}

fn current() -> Option<Arc<policy::Scope>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// What holds here: what a scope says wins over what came as baggage.
pub(crate) fn here(baggage: Option<policy::Scope>) -> Option<Arc<policy::Scope>> {
    let scope = current();
    match (scope, baggage) {
        (scope, None) => scope,
        (None, Some(baggage)) => Some(Arc::new(baggage)),
        (Some(scope), Some(baggage)) => Some(Arc::new(within(&scope, &baggage))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn told() -> Option<(Option<String>, Option<String>)> {
        let text = |id: &Option<Box<str>>| id.as_deref().map(str::to_owned);
        current().map(|scope| (text(&scope.user), text(&scope.session)))
    }

    fn ids(user: &str, session: Option<&str>) -> Option<(Option<String>, Option<String>)> {
        Some((Some(user.to_owned()), session.map(str::to_owned)))
    }

    #[tokio::test]
    async fn a_scope_goes_with_its_task_and_ends_with_it() {
        let inner = async {
            assert_eq!(told(), ids("a", Some("s")));
            tokio::task::yield_now().await;
            identity().user("b").in_scope(|| assert_eq!(told(), ids("b", Some("s")), "what isn't said is as outside"));
            assert_eq!(told(), ids("a", Some("s")));
        };
        let other = async {
            assert_eq!(told(), ids("c", None));
            tokio::task::yield_now().await;
            assert_eq!(told(), ids("c", None));
        };
        let first = identity().user("a").session("s").scope(inner);
        futures_util::future::join(first, identity().user("c").scope(other)).await;
        assert_eq!(told(), None);
    }

    #[test]
    fn a_panic_inside_leaves_nothing_behind() {
        let panicked =
            std::panic::catch_unwind(|| identity().user("a").in_scope(|| std::panic::resume_unwind(Box::new(()))));
        assert!(panicked.is_err());
        assert_eq!(told(), None);
    }

    #[test]
    fn baggage_counts_where_no_scope_says_otherwise() {
        let baggage = || Some(policy::Scope { user: Some("x".into()), session: Some("y".into()), content: None });
        identity().user("a").in_scope(|| {
            let scope = here(baggage()).unwrap();
            assert_eq!((scope.user.as_deref(), scope.session.as_deref()), (Some("a"), Some("y")));
        });
        assert_eq!(here(baggage()).unwrap().user.as_deref(), Some("x"));
        assert!(here(None).is_none());
    }

    #[test]
    fn ids_are_not_shown() {
        let shown = format!("{:?}", identity().user("alice").session("s-1"));
        assert!(!shown.contains("alice") && !shown.contains("s-1"), "{shown}");
    }
}
