//! Every name that is written to OpenTelemetry, and every name of the GenAI conventions that is known, each with its source.
//!
//! Those of the conventions are constants made from `semconv/gen_ai.toml` by `cargo xtask semconv`; what no convention names is in
//! [`EXTENSIONS`].

mod convention;
#[rustfmt::skip]
mod conventions;
mod extensions;
mod general;
pub mod openinference;
pub mod posthog;
pub mod traceloop;

pub use convention::{Convention, Kind, State};
pub use conventions::*;
pub use extensions::*;
pub use general::*;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_one_table_and_only_ours_are_called_sidetone() {
        let conventions = CONVENTIONS.iter().filter(|it| it.kind != Kind::Operation).map(|it| it.name);
        let mut all: Vec<_> = conventions.chain(GENERAL.iter().copied()).collect();
        assert!(all.iter().all(|name| !name.starts_with("sidetone.")));
        all.extend(EXTENSIONS.iter().map(|own| own.name));
        all.sort_unstable();
        // A name may be of an attribute and of a metric; it is then in the same table twice.
        let twice: Vec<_> = all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        for name in twice {
            assert!(CONVENTIONS.iter().filter(|it| it.name == name).count() == 2, "{name}");
        }
    }

    #[test]
    fn a_deprecated_name_is_replaced_by_one_that_is_not() {
        let replaced = CONVENTIONS.iter().filter_map(|it| it.replaced_by);
        assert!(replaced.clone().count() >= 5);
        for name in replaced {
            let other = CONVENTIONS.iter().find(|it| it.name == name).map(|it| it.state);
            assert_eq!(other, Some(State::Defined), "{name}");
        }
    }
}
