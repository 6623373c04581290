//! Every integration test, in one binary.

#![allow(unreachable_pub, reason = "one binary, nobody outside")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod architecture;
mod catalog;
mod judges;
mod selection;
mod support;
