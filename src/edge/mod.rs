//! What touches the world: disk and standard input, environment, network and terminal, and what is learned by asking an index.
//!
//! All other rooms are pure. Not here: decisions about a lock or a plan.
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`.

pub mod index;
pub mod io;
pub mod learn;
pub mod progress;
pub mod terminal;
