//! What touches the world: disk, standard input, environment, network and terminal; and what is learned from an index by it.
//!
//! All other rooms are pure. Imports: everything but `cli` and `command`.

pub mod index;
pub mod io;
pub mod learn;
pub mod progress;
