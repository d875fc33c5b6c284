//! The same application under a name of its own: a test builds it without the feature `grpc`.

fn main() {
    sidetone_acceptance::program::run();
}
