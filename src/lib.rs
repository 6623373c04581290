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
//! A lock is text with spans. [`plan`] is pure: it is made from what a lock selects on an environment and from a
//! [`catalog::WheelSource`], and touches neither disk nor network, terminal, clock or environment. [`io`] reads and
//! writes; [`command`] wires the parts together; the binary prints.
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
