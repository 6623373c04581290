//! `catalog list` and `catalog show`.

use pep508_rs::PackageName;

use crate::catalog::listing;
use crate::catalog::{Catalogues, WheelRow, WheelSource};
use crate::cli::DataFormat;
use crate::cli::catalog::{ListArgs, ShowArgs, SourceArgs};
use crate::cli::config::Config;
use crate::command::catalogues::ChosenCatalogues;
use crate::command::render::catalog as render;
use crate::command::{Exit, Outcome, Voice};
use crate::packaging::address;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem, Result};
use crate::text::{nearest, quoted};

/// The catalogues, and the names of those that were found by name.
fn catalogues(args: &SourceArgs, config: &Config) -> Result<(Catalogues, Vec<String>)> {
    let chosen = ChosenCatalogues::of(config, &args.catalogues, config.lock.as_deref());
    Ok((chosen.read()?, chosen.found))
}

/// Lists packages, or the builds of one.
pub(super) fn list(args: &ListArgs, config: &Config, voice: Voice) -> Result<Outcome> {
    let (catalogues, unnamed) = catalogues(&args.source, config)?;
    let filter = args.places.filter(args.build.backend());
    let format = args.source.data.format();
    let (text, found) = match &args.package {
        None => {
            let packages = listing::packages(&catalogues, &filter);
            let text = match format {
                DataFormat::Text => render::packages(&packages),
                DataFormat::Json => render::packages_json(&packages, &unnamed),
            };
            (text, !packages.is_empty())
        }
        Some(release) => {
            if catalogues.versions(&release.name).is_empty() {
                return Err(unknown(&release.name, &catalogues).into());
            }
            let builds = listing::builds(&catalogues, &release.name, release.version.as_ref(), &filter);
            let text = match format {
                DataFormat::Text => render::builds(&builds),
                DataFormat::Json => render::builds_json(&release.name, &builds, &unnamed),
            };
            (text, !builds.is_empty())
        }
    };
    let mut outcome = Outcome {
        stdout: voice.printed(|_| text),
        report: voice.found(&unnamed),
        exit: Exit::of(found),
        ..Outcome::default()
    };
    if !found && voice.is_for_people() {
        outcome.report.push_str("the catalogue knows no such wheel\n");
    }
    Ok(outcome)
}

fn unknown(package: &PackageName, catalogues: &Catalogues) -> Problem {
    let names = catalogues.packages();
    let problem = Problem::new(Code::Unknown, format!("the catalogue knows no wheel of {package}"));
    problem.help(match nearest(package.as_ref(), names.iter().map(AsRef::as_ref)) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "torchswap catalog list shows the packages it knows".to_owned(),
    })
}

/// Shows a wheel, wherever it is served.
pub(super) fn show(args: &ShowArgs, config: &Config, voice: Voice) -> Result<Outcome> {
    let (catalogues, unnamed) = catalogues(&args.source, config)?;
    let file = address::file_name(&args.wheel);
    let wheel: WheelName = file.parse().map_err(|error| {
        let problem = Problem::new(Code::Usage, format!("{error}"));
        problem
            .help("name the file of a wheel; torchswap catalog list PACKAGE --output-format json lists the known ones")
    })?;
    if catalogues.versions(&wheel.name).is_empty() {
        return Err(unknown(&wheel.name, &catalogues).into());
    }
    let all = catalogues.wheels(&wheel.name);
    let rows: Vec<&WheelRow> = all.iter().filter(|row| row.wheel.as_str() == wheel.as_str()).collect();
    if rows.is_empty() {
        let problem = Problem::new(Code::Unknown, format!("the catalogue knows no {}", quoted(wheel.as_str())));
        let near = nearest(wheel.as_str(), all.iter().map(|row| row.wheel.as_str()));
        return Err(problem.help(near.map_or_else(String::new, |near| format!("did you mean {near}?"))).into());
    }
    let shown: Vec<_> = rows.into_iter().map(|row| (row, listing::lists(&catalogues, row))).collect();
    let stdout = match args.source.data.format() {
        DataFormat::Text => render::wheels(&shown),
        DataFormat::Json => render::wheels_json(&shown, &unnamed),
    };
    Ok(Outcome { stdout: voice.printed(|_| stdout), report: voice.found(&unnamed), ..Outcome::default() })
}
