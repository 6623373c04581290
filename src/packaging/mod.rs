//! The words of Python packaging, each as a type that cannot hold nonsense: versions and their constraints, markers (PEP 508), requirements,
//! names and tags of wheels (PEP 427, 425, 600), core metadata, wheel archives, digests, and the targets that are installed on.
//!
//! Nothing here knows of a lock, of a catalogue or of torch. Imports: `text`.

pub mod archive;
pub mod constraint;
pub mod digest;
pub mod marker;
pub mod metadata;
pub mod requirement;
pub mod system;
pub mod target;
pub mod wheel;
