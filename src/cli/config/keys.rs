//! The keys of a configuration.

pub(super) const TOP_KEYS: [&str; 6] = ["lock", "catalog", "learn", "require-witnesses", "targets", "audit"];

pub(super) const AUDIT_KEYS: [&str; 1] = ["severity"];

pub(super) const TARGET_KEYS: [&str; 29] = [
    "platform",
    "cuda",
    "rocm",
    "xpu",
    "cpu",
    "backend",
    "python",
    "also",
    "share-libraries",
    "nearest",
    "output",
    "no-stubs",
    "with",
    "without",
    "only",
    "all-groups",
    "extras",
    "all-extras",
    "no-emit-project",
    "no-emit-local",
    "no-emit-package",
    "provided",
    "provided-names",
    "provided-all",
    "without-hashes",
    "only-usable-hashes",
    "sizes",
    "header",
    "mirror",
];
