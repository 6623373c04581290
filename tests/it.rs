//! Every integration test, in one binary.

#![allow(unreachable_pub, reason = "one binary, nobody outside")]

mod architecture;
mod catalog;
mod selection;
mod support;
