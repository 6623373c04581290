//! A constraint in Poetry's grammar: what is written of one is read as the same one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::packaging::constraint::Constraint;
use torchswap_fuzz::{here, said, text};

fuzz_target!(|input: &[u8]| {
    let Some(constraint) = said(Constraint::poetry(&text(input))) else { return };
    let _ = (constraint.admits_python(here().python), constraint.exact(), constraint.is_any());
    let written = constraint.to_string();
    let again = Constraint::poetry(&written).map(|again| again.to_string());
    assert_eq!(again.as_ref(), Ok(&written));
});
