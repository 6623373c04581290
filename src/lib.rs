//! Swaps CPU torch in a lock for pinned, hashed wheels of another build, with everything those wheels need.
//!
//! ```text
//! poetry.lock ──────┐                        catalogue: wheels, digests, requirements
//! pylock.toml ──────┤                                     │
//! requirements.txt ─┴─► Lock ──► Selection ──────────────┐ │
//!                       (lock)   (one environment)       ▼ ▼
//!                                                       Plan ──► requirements file   (output)
//!                                                      (plan)└─► summary             (report, render)
//! ```
//!
//! The house, from the top. A room imports from the floors below its own, and from no neighbour; `tests/architecture.rs`
//! holds that, and each room says at its door what it holds.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`command`] | one file a command: read, ask the core, say what to write and to print |
//! | [`cli`] | what a user can ask for: command line and configuration |
//! | [`edge`] | disk, network, environment, terminal; what is learned from an index |
//! | [`audit`], [`verify`] | which entries do not install or fit; whether the digests are right |
//! | [`write`](mod@write) | a plan as text: requirements, `poetry.lock`, `pylock.toml` |
//! | [`plan`] | what is swapped, added, re-pinned, removed and kept |
//! | [`catalog`], [`lock`] | which wheels are known and what they require; what is locked |
//! | [`report`] | what is said of a run, as data |
//! | [`packaging`] | the words of Python packaging |
//! | [`text`] | text with spans |
//!
//! All below [`edge`] is pure: neither disk nor network, terminal, clock or environment.
//!
//! The library serves the binary; its interface may change with every release.

pub mod audit;
pub mod catalog;
pub mod cli;
pub mod command;
pub mod edge;
pub mod lock;
pub mod packaging;
pub mod plan;
pub mod report;
pub mod text;
pub mod verify;
pub mod write;
