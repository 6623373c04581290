//! work in progress
#![allow(missing_docs)]
pub mod constraint;
pub mod digest;
pub mod error;
pub mod lock;
pub mod marker;
pub mod target;
pub mod text;
pub mod wheel;
