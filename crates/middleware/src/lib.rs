//! Observes LLM calls in reqwest-middleware, tower, reqwest and rig.
