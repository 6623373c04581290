//! Every integration test, in one binary.

#![allow(unreachable_pub, reason = "one binary, nobody outside")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod architecture;
mod audit;
mod catalog;
mod catalog_command;
mod catalog_update;
mod check;
mod closure;
mod companies;
mod companions;
mod completions;
mod config;
mod corpus;
mod dependencies;
mod determinism;
mod downloads;
mod equivalents;
mod examples;
mod export;
mod faults;
mod find_links;
mod found_by_name;
mod headers;
mod help;
mod hostile;
mod index;
mod init;
mod judges;
mod kills;
mod labelled;
mod learned;
mod left_out;
mod locks;
mod memory;
mod one_configuration;
mod picture;
mod poetry_says;
mod preview;
mod project_catalogue;
mod projects;
mod provided;
mod pylock;
mod pythons;
mod readme;
mod reports;
mod requirements_files;
mod rewrite;
mod security;
mod selection;
mod several;
mod sizes;
mod stale;
mod summary;
mod support;
mod terminal;
mod usable_hashes;
mod uv_lock;
mod verify;
mod whole_files;
mod witnesses;
mod writes;
