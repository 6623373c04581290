//! The commands: each wires reading, planning and writing together, and decides nothing itself.

pub mod export;
mod job;
mod read;
pub mod rewrite;
