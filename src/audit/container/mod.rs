//! The facts about images: stages of Dockerfiles, and the systems and Pythons of known base images.

pub mod dockerfile;
pub mod image;
