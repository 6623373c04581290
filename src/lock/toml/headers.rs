//! The headers of a file, and the ends of what belongs to them.

use super::{Item, Table, Toml};

/// The end of a header's table: at the next header, or at the comments above that, which are about what follows.
pub(in crate::lock) fn ends<'t>(toml: &'t Toml<'_>) -> impl Fn(usize) -> usize + 't {
    let mut starts: Vec<usize> = toml.root().iter().flat_map(|(_, item)| headers(item)).collect();
    starts.sort_unstable();
    let text = &toml.source.text;
    move |start| {
        let next = starts.partition_point(|other| *other <= start);
        starts.get(next).map_or(text.len(), |end| above(text, *end))
    }
}

/// The start of the comments right above a header.
fn above(text: &str, header: usize) -> usize {
    let mut start = header;
    while let Some(line) = text[..start].strip_suffix('\n') {
        let line_start = line.rfind('\n').map_or(0, |at| at + 1);
        if !line[line_start..].trim_start().starts_with('#') {
            break;
        }
        start = line_start;
    }
    start
}

/// The starts of the headers of a value and of the tables in it, ascending.
pub(in crate::lock) fn headers(item: &Item<'_>) -> Vec<usize> {
    let mut starts = Vec::new();
    note(item, &mut starts);
    starts.sort_unstable();
    starts
}

/// The start of the last header that belongs to a table, which is its own if there is no other.
pub(in crate::lock) fn last_header(table: &Table<'_>) -> usize {
    let mut starts = vec![table.span().unwrap_or_default().start];
    table.iter().for_each(|(_, item)| note(item, &mut starts));
    starts.into_iter().max().unwrap_or_default()
}

fn note(item: &Item<'_>, starts: &mut Vec<usize>) {
    for table in item.as_table().into_iter().chain(item.as_array_of_tables().into_iter().flatten()) {
        starts.extend(table.span().filter(|_| !table.is_implied()).map(|span| span.start));
        table.iter().for_each(|(_, item)| note(item, starts));
    }
}
