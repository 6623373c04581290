//! The words of Python packaging, each as a type that cannot hold nonsense: versions and their constraints (PEP 440), markers
//! and requirements (PEP 508), names and tags of wheels (PEP 425, 427, 600), core metadata, wheel archives, digests, and the
//! targets that are installed on.
//!
//! Not here: locks, the catalogue, and what is swapped for what.
//!
//! Imports: `text`.

pub mod address;
pub mod archive;
pub mod constraint;
pub mod digest;
pub mod marker;
pub mod metadata;
pub mod requirement;
pub mod stub;
pub mod system;
pub mod target;
pub mod version;
pub mod wheel;
