//! The places of the parts of each package in a `uv.lock`, for edits that keep every other byte.

use super::package::UvNode;
use super::{ANEW, UvEdge, UvLock, WHAT};
use crate::lock::toml::{Item, Toml, ends, last_header};
use crate::report::error::Result;
use crate::text::Span;

/// The parts of one package.
#[derive(Debug, Clone)]
pub struct UvBlock {
    /// All of it: from `[[package]]` up to the next package, or to the comments above that.
    pub span: Span,
    /// The value of `name`.
    pub name: Option<Span>,
    /// The value of `version`.
    pub version: Option<Span>,
    /// Behind the line of `source`.
    pub behind_source: usize,
    /// The value of `dependencies`, and its lines.
    pub dependencies: Option<(Span, Span)>,
    /// The value of `source`.
    pub source: Span,
    /// The lines of `sdist`.
    pub sdist: Option<Span>,
    /// The value of `wheels`.
    pub wheels: Option<Span>,
}

impl UvLock {
    /// The layout of each package, in the order of the packages.
    ///
    /// # Errors
    /// If a package has no header of its own, or something that is to be edited is written as uv does not write it.
    pub fn layout(&self) -> Result<Vec<UvBlock>> {
        let toml = Toml::parse(&self.source, WHAT)?;
        let Some(item) = toml.root().get("package") else { return Ok(Vec::new()) };
        let odd = |item: &Item<'_>| {
            toml.unsupported(item, "this is not written as uv writes it, so it cannot be edited").help(ANEW)
        };
        let end = ends(&toml);
        let lines = |span: Span| self.source.lines(span);
        let mut blocks = Vec::with_capacity(self.entries.len());
        for table in item.as_array_of_tables().ok_or_else(|| odd(item))? {
            for item in ["dependencies", "sdist", "wheels", "source"].into_iter().filter_map(|key| table.get(key)) {
                if item.as_array().is_none() && item.as_inline_table().is_none() {
                    return Err(odd(item).into());
                }
            }
            let dependencies = table.get("dependencies");
            let source = table.get("source").map_or(Span::default(), Item::span);
            blocks.push(UvBlock {
                span: Span { start: table.span().unwrap_or_default().start, end: end(last_header(table)) },
                name: table.get("name").map(Item::span),
                version: table.get("version").map(Item::span),
                source,
                behind_source: lines(source).end,
                dependencies: dependencies.map(|item| (item.span(), lines(item.span()))),
                sdist: table.get("sdist").map(|item| lines(item.span())),
                wheels: table.get("wheels").map(Item::span),
            });
        }
        Ok(blocks)
    }

    /// The packages that depend on each entry, by their own `dependencies`.
    pub(crate) fn dependents(&self) -> Vec<Vec<usize>> {
        let mut dependents = vec![Vec::new(); self.entries.len()];
        for (from, node) in self.graph.iter().enumerate() {
            node.dependencies.iter().for_each(|edge| dependents[edge.to].push(from));
        }
        dependents
    }

    /// The dependencies of an entry itself, and those of its extras and groups.
    pub(crate) fn edges(&self, index: usize) -> (&[UvEdge], impl Iterator<Item = &UvEdge>) {
        let node = &self.graph[index];
        (&node.dependencies, node.apart())
    }

    /// True if the manifest asks for an entry: for a script, or for a workspace without a project.
    pub(crate) fn is_in_manifest(&self, index: usize) -> bool {
        self.manifest.dependencies.iter().chain(self.manifest.apart()).any(|edge| edge.to == index)
    }

    /// The entries that an extra, a group or the manifest asks for.
    pub(crate) fn asked_for_apart(&self) -> Vec<usize> {
        let apart = self.graph.iter().chain([&self.manifest]).flat_map(UvNode::apart);
        apart.chain(&self.manifest.dependencies).map(|edge| edge.to).collect()
    }
}
