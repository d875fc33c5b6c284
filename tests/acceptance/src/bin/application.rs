//! The application that the tests observe.

fn main() {
    sidetone_acceptance::program::run();
}
