//! The summary of each output, as JSON.

use serde_json::{Value, json};

use super::{document, downloads, learned_json, left_out_json, problem_json, pythons_json};
use crate::report::{Change, FileStatus, OutputReport, Summary};

/// All outputs of a run.
pub(crate) fn outputs_json(outputs: &[OutputReport], command: Option<&str>) -> String {
    let each: Vec<Value> = outputs.iter().map(output_json).collect();
    document(command, json!({ "outputs": each }))
}

fn output_json(output: &OutputReport) -> Value {
    let (status, file) = match &output.status {
        FileStatus::Printed => ("printed", None),
        FileStatus::Written(file) => ("written", Some(file)),
        FileStatus::Unchanged(file) => ("unchanged", Some(file)),
        FileStatus::Shown(file) => ("shown", Some(file)),
    };
    let targets: Vec<Value> = output.summaries.iter().map(target_json).collect();
    json!({ "file": file, "status": status, "lock": output.lock, "targets": targets })
}

fn target_json(summary: &Summary) -> Value {
    json!({
        "name": summary.name,
        "platform": summary.platform.as_str(),
        "backend": summary.backend.map(|backend| backend.to_string()),
        "pythons": pythons_json(&summary.pythons),
        "packages": summary.packages,
        "changes": summary.changes.iter().map(change_json).collect::<Vec<_>>(),
        "left_out": left_out_json(&summary.left_out),
        "downloads": downloads::json(&summary.downloads),
        "found_catalogues": summary.found,
        "learned": learned_json(&summary.learned),
        "notes": summary.notes,
        "warnings": summary.warnings.iter().map(problem_json).collect::<Vec<_>>(),
    })
}

fn change_json(change: &Change) -> Value {
    let source = change.source.as_ref().map(|source| {
        json!({
            "catalogue": source.catalogue,
            "index": source.index,
            "seen": source.seen,
            "computed": source.computed,
            "overrides": source.overrides,
        })
    });
    json!({
        "action": change.action.as_str(),
        "package": change.package,
        "from": change.from,
        "to": change.to,
        "pythons": pythons_json(&change.pythons),
        "why": change.why,
        "source": source,
    })
}
