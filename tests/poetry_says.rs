//! Poetry's files read as Poetry reads them. What Poetry says is written by `.ci/poetry-reading`, which runs these tests.

use std::path::PathBuf;

use torchswap::constraint::Constraint;

fn said(file: &str) -> String {
    let folder = std::env::var_os("TORCHSWAP_POETRY_SAYS").expect("run by .ci/poetry-reading");
    std::fs::read_to_string(PathBuf::from(folder).join(file)).unwrap()
}

#[test]
#[ignore = "needs Poetry's word: run by .ci/poetry-reading"]
fn constraints_admit_what_poetry_admits() {
    let (mut asked, mut wrong) = (0, Vec::new());
    for line in said("constraints.tsv").lines() {
        let [text, versions, admitted] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let read = Constraint::poetry(text);
        if versions == "error" {
            if read.is_ok() && !text.trim().is_empty() {
                wrong.push(format!("`{text}` is taken, and Poetry does not"));
            }
            continue;
        }
        let Ok(read) = read else {
            wrong.push(format!("`{text}` is not taken, and Poetry does"));
            continue;
        };
        let admitted: Vec<&str> = admitted.split(' ').collect();
        for version in versions.split(' ') {
            asked += 1;
            let (ours, poetrys) = (read.admits(&version.parse().unwrap()), admitted.contains(&version));
            if ours != poetrys {
                wrong.push(format!("`{text}` and {version}: {ours}, and Poetry says {poetrys}"));
            }
        }
    }
    println!("{asked} versions asked about");
    assert!(asked > 100_000);
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
