//! The sink that gives calls to the table.

use std::sync::mpsc::Sender;

use sidetone::pipeline::{Finished, Sink};

use super::News;
use crate::seen::Seen;

/// Gives each call to the table.
pub(super) struct Tell(pub(super) Sender<News>);

impl Sink for Tell {
    fn name(&self) -> &'static str {
        "table"
    }

    fn call(&mut self, finished: &mut Finished) {
        // Nobody looks any more when this fails.
        let _ = self.0.send(News::Seen(Box::new(Seen::of(&finished.call))));
    }
}
