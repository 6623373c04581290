//! The commands: each wires reading, planning and writing together, and decides nothing itself.

pub mod audit;
pub mod catalog;
pub mod check;
pub mod export;
pub mod init;
mod job;
mod outputs;
mod read;
pub mod render;
pub mod rewrite;
pub mod verify;
