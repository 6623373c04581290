//! One set of CUDA's libraries for torch and what else needs them.
//!
//! Torch pins each library to one release, and so do others, to another one. NVIDIA promises that a newer release of the same
//! major version will do, though the wheels' metadata does not: where the user takes that, torch's release stays.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Resolver;
use super::wants::{Asked, Demand};
use crate::catalog::{is_gpu_runtime, is_torch};

impl Asked {
    /// True if another release than those that are asked for will do all the same: an installer can only be kept from asking
    /// for what an extra brings, by not naming that.
    pub(super) fn can_share(&self, pin: &Version) -> bool {
        self.for_extra && self.versions.is_outgrown_by(pin)
    }
}

impl Resolver<'_> {
    /// The one release that torch takes of a library, by itself or through a package that brings several libraries.
    pub(super) fn torchs_pin<'d>(&self, want: &'d Demand) -> Option<&'d Version> {
        let torch = self.members.iter().position(|member| is_torch(&member.name))?;
        let is_torchs = |one: &&Asked| {
            one.by == self.spoken[torch] || one.name().parse().is_ok_and(|by: PackageName| is_gpu_runtime(&by))
        };
        want.asked.iter().filter(is_torchs).find_map(|one| one.versions.release())
    }

    /// The rest of a demand without the requirements that share torch's release, and these; `None` where nothing is
    /// shared.
    pub(super) fn shared(&self, name: &PackageName, want: &Demand) -> Option<(Demand, Vec<Asked>)> {
        if !self.request.shares_libraries || !is_gpu_runtime(name) {
            return None;
        }
        let pin = self.torchs_pin(want)?;
        let (overruled, asked): (Vec<Asked>, Vec<Asked>) =
            want.asked.iter().cloned().partition(|one| one.can_share(pin));
        (!overruled.is_empty()).then(|| (Demand { asked, ..want.clone() }, overruled))
    }
}
