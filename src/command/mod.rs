//! The commands: each wires reading, planning and writing together, and decides nothing itself.
//!
//! Not here: decisions. What a command has to decide lies in the rooms below as a function of values.
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`, `write`, `audit`, `verify`, `edge`, `cli`.

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
