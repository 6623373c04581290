//! Everything that touches the world: disk, standard input, environment, network, terminal, and the indexes that are
//! asked.
//!
//! All other rooms are pure. Not here: decisions about a lock or a plan.
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`.

pub mod index;
pub mod io;
pub mod learn;
pub mod progress;
pub mod terminal;
