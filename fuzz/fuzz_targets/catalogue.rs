//! A project's catalogue: what is read of it can be put beside the built-in one, and looked up.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::catalog::{Catalogues, ProjectTable, WheelRow, WheelSource};
use torchswap_fuzz::{read, text};

fuzz_target!(|input: &[u8]| {
    let Some(table) = read(ProjectTable::parse("team.tsv", text(input))) else { return };
    let rows: Vec<WheelRow> = table.wheels().take(3).cloned().collect();
    let Some(known) = read(Catalogues::new(vec![table])) else { return };
    for row in rows {
        let wheels = known.wheels_of(&row.wheel.name, &row.wheel.public_version());
        assert!(wheels.iter().any(|one| one.wheel == row.wheel && one.sha256 == row.sha256), "{row:?}");
    }
});
